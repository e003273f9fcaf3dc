package bolt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
)

func TestBackupUnderLoad(t *testing.T) {
	const writers, backups = 8, 10
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "state.db"))
	// A large value, so that a copy takes several writes.
	if _, err := s.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: "large", Value: make([]byte, store.MaxValue)}}}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var mu sync.Mutex
	acknowledged := make(map[string]store.Revision)
	var group sync.WaitGroup
	defer group.Wait()
	defer stop()
	for w := range writers {
		group.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				name := fmt.Sprintf("%d-%d", w, i)
				revision, err := writePair(s, name)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				acknowledged[name] = revision
				mu.Unlock()
			}
		})
	}
	// Readers do not block a backup either.
	group.Go(func() {
		for ctx.Err() == nil {
			if _, err := s.List(t.Context(), "first/", "", 10); err != nil {
				t.Error(err)
				return
			}
		}
	})
	last := store.Revision(0)
	made := 0
	for ; made < backups || last == 1 && made < 100*backups; made++ { // until something was committed
		mu.Lock()
		before := maps.Clone(acknowledged)
		mu.Unlock()
		path := filepath.Join(dir, fmt.Sprintf("copy-%d.db", made))
		if err := s.Backup(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		after, err := s.List(t.Context(), "none/", "", 1)
		if err != nil {
			t.Fatal(err)
		}
		at := checkCopy(t, path, before)
		if at < last || at > after.Revision {
			t.Errorf("backup %d has revision %d, want at least %d, that of the previous one, and at most %d, that of the store after it", made, at, last, after.Revision)
		}
		last = at
	}
	if last == 1 {
		t.Errorf("no commits during %d backups, want some", made)
	}
	t.Logf("%d backups, the last at revision %d", made, last)
}

// checkCopy checks that a copy contains the acknowledged pairs and no half of a pair. It returns
// the revision of the copy.
func checkCopy(t *testing.T, path string, acknowledged map[string]store.Revision) store.Revision {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 {
		t.Errorf("mode = %v, want -rw-------", info.Mode())
	}
	s := open(t, path)
	firsts, at := pairHalves(t, s, "first/")
	seconds, _ := pairHalves(t, s, "second/")
	if !maps.Equal(firsts, seconds) {
		t.Errorf("half a transaction: first halves %v, second halves %v, want the same", firsts, seconds)
	}
	for name, revision := range acknowledged {
		if firsts[name] != revision {
			t.Errorf("pair %s is at revision %d, want %d as acknowledged before the backup began", name, firsts[name], revision)
		}
	}
	// After the first transaction only pairs were written, each at the next revision.
	if want := store.Revision(len(firsts) + 1); at != want {
		t.Errorf("%d pairs at revision %d, want %d", len(firsts), at, want)
	}
	if next, err := writePair(s, "of the copy"); err != nil || next != at+1 {
		t.Errorf("Commit to the copy = %d, %v, want %d", next, err, at+1)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	return at
}

// A copy holds exactly the store's items, and can be written and copied as any store.
func TestBackupEqualsStore(t *testing.T) {
	s, dir := backedUp(t)
	path := filepath.Join(dir, "copy.db")
	for range 5 { // with even and odd transaction numbers of bbolt, and copies of copies
		want, err := s.List(t.Context(), "", "", 1000)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Backup(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		onlyFile(t, dir, "copy.db", "state.db")
		copied := open(t, path)
		got, err := copied.List(t.Context(), "", "", 1000)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("the copy holds %.300v, %v, want %.300v", got, err, want)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path, filepath.Join(dir, "state.db")); err != nil {
			t.Fatal(err)
		}
		if _, err := copied.Commit(t.Context(), writeOf("once more")); err != nil {
			t.Fatal(err)
		}
		s = copied
	}
}

// backedUp returns a store of some pages and its directory, which contains nothing else.
func backedUp(t *testing.T) (s *bolt.Store, dir string) {
	t.Helper()
	dir = t.TempDir()
	s = open(t, filepath.Join(dir, "state.db"))
	for i := range 20 {
		value := bytes.Repeat([]byte{byte(i)}, 5000)
		if _, err := s.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: fmt.Sprint(i), Value: value}}}); err != nil {
			t.Fatal(err)
		}
	}
	return s, dir
}

// onlyFile checks that a directory contains exactly these files.
func onlyFile(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	if !slices.Equal(got, want) {
		t.Errorf("directory holds %v, want %v", got, want)
	}
}

func TestBackupErrors(t *testing.T) {
	s, dir := backedUp(t)
	write(t, filepath.Join(dir, "file"), []byte("text"))
	if err := os.Symlink("nowhere", filepath.Join(dir, "link")); err != nil {
		t.Skip(err)
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	closed := open(t, filepath.Join(t.TempDir(), "closed.db"))
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		s    *bolt.Store
		ctx  context.Context
		path string
		want error
		says string
	}{
		{"no path", s, t.Context(), "", store.ErrInvalid, "empty path"},
		{"a file is there", s, t.Context(), filepath.Join(dir, "file"), fs.ErrExist, "replaces nothing"},
		{"the store itself", s, t.Context(), filepath.Join(dir, "state.db"), fs.ErrExist, "replaces nothing"},
		{"a link to nothing is there", s, t.Context(), filepath.Join(dir, "link"), fs.ErrExist, "replaces nothing"},
		{"a directory is there", s, t.Context(), dir, fs.ErrExist, "replaces nothing"},
		{"no directory", s, t.Context(), filepath.Join(dir, "missing", "copy.db"), fs.ErrNotExist, `missing/" does not exist, create it first`},
		{"file as directory", s, t.Context(), filepath.Join(dir, "file", "copy.db"), nil, "not a directory"},
		{"context over", s, over, filepath.Join(dir, "copy.db"), context.Canceled, ""},
		{"closed", closed, t.Context(), filepath.Join(dir, "copy.db"), store.ErrClosed, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.s.Backup(c.ctx, c.path)
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Fatalf("Backup: %v, want %v", err, c.want)
			}
			for _, part := range []string{fmt.Sprintf("%q", c.path), c.says} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not say %s", err, part)
				}
			}
		})
	}
	onlyFile(t, dir, "file", "link", "state.db")
	if content, err := os.ReadFile(filepath.Join(dir, "file")); string(content) != "text" {
		t.Errorf("the existing file holds %q, %v, want text", content, err)
	}
}

// writerFunc is a function as an io.Writer.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

func TestBackupInterrupted(t *testing.T) {
	errFull := errors.New("no space left on device")
	for _, c := range []struct {
		name string
		// at is called before each write, the first being 0.
		at   func(write int, cancel func()) error
		want error
	}{
		{"context ends", func(write int, cancel func()) error {
			if write == 2 {
				cancel()
			}
			return nil
		}, context.Canceled},
		{"context ends at the first write", func(_ int, cancel func()) error {
			cancel()
			return nil
		}, context.Canceled},
		{"disk full at the first write", func(int, func()) error { return errFull }, errFull},
		{"disk full", func(write int, _ func()) error {
			if write == 3 {
				return errFull
			}
			return nil
		}, errFull},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, dir := backedUp(t)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			bolt.AroundCopy(s, func(to io.Writer) io.Writer {
				writes := -1
				return writerFunc(func(b []byte) (int, error) {
					if ctx.Err() != nil {
						t.Error("Backup writes after its context has ended, want no more writes")
					}
					if writes++; c.at(writes, cancel) != nil {
						return 0, errFull
					}
					return to.Write(b)
				})
			})
			if err := s.Backup(ctx, filepath.Join(dir, "copy.db")); !errors.Is(err, c.want) {
				t.Errorf("Backup: %v, want %v", err, c.want)
			}
			onlyFile(t, dir, "state.db")
			// The store is unaffected, and the next backup succeeds.
			if _, err := s.Commit(t.Context(), writeOf("next")); err != nil {
				t.Error(err)
			}
			bolt.AroundCopy(s, nil)
			if err := s.Backup(t.Context(), filepath.Join(dir, "copy.db")); err != nil {
				t.Error(err)
			}
		})
	}
}

// Another process creates the file while the copy is being written.
func TestBackupDoesNotReplaceALateFile(t *testing.T) {
	s, dir := backedUp(t)
	path := filepath.Join(dir, "copy.db")
	bolt.AroundCopy(s, func(to io.Writer) io.Writer {
		write(t, path, []byte("theirs"))
		return to
	})
	if err := s.Backup(t.Context(), path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("Backup: %v, want ErrExist", err)
	}
	if content, err := os.ReadFile(path); string(content) != "theirs" {
		t.Errorf("the existing file holds %q, %v, want theirs", content, err)
	}
	onlyFile(t, dir, "copy.db", "state.db")
}

// A copy must not contain a transaction that a loss of power could undo.
func TestBackupWaitsForDurability(t *testing.T) {
	for _, c := range []struct {
		name string
		end  error // of the update in progress
		want error
	}{
		{"and returns after the fsync", nil, nil},
		{"and fails if the fsync fails", errDisk, store.ErrClosed},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := openHeld(t)
				fsync := make(chan error)
				h.after = func(error) error { return <-fsync }
				h.commits(t, writeOf("a"))
				h.gate <- nil
				synctest.Wait() // bbolt shows the transaction, but it is not durable
				path := h.path + ".copy"
				done := make(chan error, 1)
				go func() { done <- h.Backup(t.Context(), path) }()
				synctest.Wait()
				if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) || len(done) > 0 {
					t.Errorf("before the fsync: Lstat of the copy: %v, Backup returned: %t, want ErrNotExist, false", err, len(done) > 0)
				}
				fsync <- c.end
				if err := <-done; !errors.Is(err, c.want) {
					t.Errorf("Backup: %v, want %v", err, c.want)
				}
				_, err := os.Lstat(path)
				if made := err == nil; made != (c.want == nil) {
					t.Errorf("copy made: %t, want %t", made, c.want == nil)
				}
			})
		})
	}
}

// holdCopy makes the next backups wait before their first write. They send on begun
// when they get there, and continue once goOn is closed.
func holdCopy(s *bolt.Store) (begun, goOn chan struct{}) {
	begun, goOn = make(chan struct{}), make(chan struct{})
	bolt.AroundCopy(s, func(to io.Writer) io.Writer {
		var once sync.Once
		return writerFunc(func(b []byte) (int, error) {
			once.Do(func() {
				begun <- struct{}{}
				<-goOn
			})
			return to.Write(b)
		})
	})
	return begun, goOn
}

// waits reports whether a call is still blocked after 100 ms, many times what it would take. Its
// result is left in the channel.
func waits(call <-chan error) bool {
	time.Sleep(100 * time.Millisecond)
	return len(call) == 0
}

func TestCallsDuringBackup(t *testing.T) {
	s, dir := backedUp(t)
	path := filepath.Join(dir, "copy.db")
	writeLarge := func() error {
		_, err := s.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: "large", Value: make([]byte, store.MaxValue)}}})
		return err
	}
	// Free pages for the commits during the copy.
	if err := writeLarge(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: "large", Delete: true}}}); err != nil {
		t.Fatal(err)
	}
	want, err := s.List(t.Context(), "", "", 1000)
	if err != nil {
		t.Fatal(err)
	}
	begun, goOn := holdCopy(s)
	backup, large := make(chan error, 1), make(chan error, 1)
	go func() { backup <- s.Backup(t.Context(), path) }()
	<-begun
	// Items are overwritten and deleted many times, so that without a copy pages would be reused.
	for i := range 20 {
		txn := store.Txn{Then: []store.Write{{Key: "0", Value: []byte("new")}, {Key: fmt.Sprint(i + 1), Delete: true}}}
		if _, err := s.Commit(t.Context(), txn); err != nil {
			t.Fatal(err)
		}
	}
	if got := fmt.Sprint(present(t, s)); got != "[0]" {
		t.Errorf("items = %s, want [0]", got)
	}
	// The doc comment of Backup says that a commit that outgrows the mapping waits.
	go func() {
		var err error
		for range 5 {
			err = errors.Join(err, writeLarge())
		}
		large <- err
	}()
	if !waits(large) {
		t.Error("a commit that outgrows the mapping does not wait for the copy, want it to wait as in the doc comment")
	}
	close(goOn)
	if err := errors.Join(<-backup, <-large); err != nil {
		t.Fatal(err)
	}
	got, err := open(t, path).List(t.Context(), "", "", 1000)
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the copy holds %.300v, %v, want %.300v", got, err, want)
	}
}

func TestCloseWaitsForBackup(t *testing.T) {
	s, dir := backedUp(t)
	path := filepath.Join(dir, "copy.db")
	begun, goOn := holdCopy(s)
	backup, closed := make(chan error, 1), make(chan error, 1)
	go func() { backup <- s.Backup(t.Context(), path) }()
	<-begun
	go func() { closed <- s.Close() }()
	if !waits(closed) {
		t.Error("Close returned while a copy was being written, want it to wait")
	}
	close(goOn)
	if err := errors.Join(<-backup, <-closed); err != nil {
		t.Fatal(err)
	}
	if got := len(present(t, open(t, path))); got != 20 {
		t.Errorf("%d items, want 20", got)
	}
}

// After a panic of bbolt, Close closes the file while a copy is being made.
func TestBackupOfFailingStore(t *testing.T) {
	s, dir := backedUp(t)
	bolt.AroundUpdate(s, func(func() error) error { panic("assertion failed") })
	begun, goOn := holdCopy(s)
	backup := make(chan error, 1)
	go func() { backup <- s.Backup(t.Context(), filepath.Join(dir, "copy.db")) }()
	<-begun
	if _, err := s.Commit(t.Context(), writeOf("a")); !errors.Is(err, store.ErrClosed) {
		t.Errorf("Commit: %v, want ErrClosed", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	close(goOn)
	if err := <-backup; !errors.Is(err, store.ErrClosed) {
		t.Errorf("Backup: %v, want ErrClosed", err)
	}
	onlyFile(t, dir, "state.db")
}

// Of several concurrent backups to one path, exactly one creates the file.
func TestConcurrentBackups(t *testing.T) {
	s, dir := backedUp(t)
	path := filepath.Join(dir, "copy.db")
	const callers = 8
	errs := make(chan error, callers)
	for range callers {
		go func() { errs <- s.Backup(t.Context(), path) }()
	}
	made := 0
	for range callers {
		switch err := <-errs; {
		case err == nil:
			made++
		case !errors.Is(err, fs.ErrExist):
			t.Error(err)
		}
	}
	if made != 1 {
		t.Errorf("%d calls made the file, want 1", made)
	}
	onlyFile(t, dir, "copy.db", "state.db")
}

// backUpForEver makes and removes one copy after the other. It fails if another process has left
// a copy.
func backUpForEver(s *bolt.Store) error {
	if _, err := s.Commit(context.Background(), store.Txn{Then: []store.Write{{Key: "large", Value: make([]byte, store.MaxValue)}}}); err != nil {
		return err
	}
	path := os.Getenv(childPath) + ".copy"
	fmt.Println("begin")
	for {
		if err := s.Backup(context.Background(), path); err != nil {
			return err
		}
		if err := os.Remove(path); err != nil {
			return err
		}
	}
}

// backUpOnce is the task of TestBackupIsSynced.
func backUpOnce(s *bolt.Store) error {
	return s.Backup(context.Background(), os.Getenv(childPath)+".copy")
}

func TestKilledDuringBackup(t *testing.T) {
	const kills, most = 20, 2000
	drafts, copies, killed := 0, 0, 0
	// How many kills it takes to interrupt a copy depends on the machine.
	for ; killed < kills || drafts == 0 && killed < most; killed++ {
		dir := t.TempDir()
		path := filepath.Join(dir, "state.db")
		c := startChild(t, "backup", path)
		if !c.lines.Scan() {
			t.Fatal("child did not begin")
		}
		time.Sleep(time.Duration(killed%kills) * 700 * time.Microsecond)
		c.kill()
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, entry := range entries {
			switch name := entry.Name(); {
			case name == "state.db":
			case name == "state.db.copy": // under this name it must be complete
				copies++
				if got := fmt.Sprint(present(t, open(t, filepath.Join(dir, name)))); got != "[large]" {
					t.Errorf("the copy holds %s, want [large]", got)
				}
			case strings.HasPrefix(name, "state.db.copy.new-"):
				drafts++
			default:
				t.Errorf("directory holds %s, want only the store and its copies", name)
			}
		}
	}
	if drafts == 0 {
		t.Errorf("0 of %d killed processes left an incomplete copy, want at least 1", killed)
	}
	t.Logf("killed %d times: %d left an incomplete copy, %d a complete one", killed, drafts, copies)
}
