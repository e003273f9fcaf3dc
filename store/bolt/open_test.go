package bolt_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
	"go.etcd.io/bbolt"
)

func TestOpenMakesOneFile(t *testing.T) {
	dir := t.TempDir()
	open(t, filepath.Join(dir, "state.db"))
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != "state.db" {
		t.Fatalf("directory holds %v, want the store alone", entries)
	}
	info, err := entries[0].Info()
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 {
		t.Errorf("mode = %v, want -rw-------", info.Mode())
	}
}

// Open creates a store in an empty file, and follows symbolic links.
func TestOpenCreatesStoreFrom(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, path string){
		"an empty file": func(t *testing.T, path string) { write(t, path, nil) },
		"a bbolt file without anything in it": func(t *testing.T, path string) {
			editBolt(t, path, func(*bbolt.Tx) error { return nil })
		},
		"a symbolic link to nothing": func(t *testing.T, path string) {
			if err := os.Symlink(path+".target", path); err != nil {
				t.Skip(err)
			}
		},
		"a symbolic link to a store": func(t *testing.T, path string) {
			if err := os.Symlink(path+".target", path); err != nil {
				t.Skip(err)
			}
			if err := open(t, path+".target").Close(); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state.db")
			prepare(t, path)
			s := open(t, path)
			if _, err := s.Commit(t.Context(), writeOf("a", 0)); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(present(t, open(t, path))); got != "[a]" {
				t.Errorf("items = %s, want [a]", got)
			}
		})
	}
}

func TestOpenInTheCurrentDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	open(t, "state.db")
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "file"), []byte("text"))
	for _, c := range []struct {
		name, path string
		want       error
		says       string
	}{
		{"no path", "", store.ErrInvalid, "empty path"},
		{"no directory", filepath.Join(dir, "missing", "state.db"), fs.ErrNotExist, `missing/" does not exist, create it first`},
		{"directory", dir, store.ErrForeign, "not a regular file"},
		{"file as directory", filepath.Join(dir, "file", "state.db"), nil, "not a directory"},
		{"device", os.DevNull, store.ErrForeign, "not a regular file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := bolt.Open(c.path)
			if err == nil || s != nil {
				t.Fatalf("Open = %v, %v, want nil and an error", s, err)
			}
			if c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("Open: %v, want %v", err, c.want)
			}
			for _, part := range []string{fmt.Sprintf("%q", c.path), c.says} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not say %s", err, part)
				}
			}
		})
	}
}

func TestOpenWithoutPermission(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may do everything")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "state.db")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := bolt.Open(path); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Open of a file that is read-only: %v, want ErrPermission", err)
	}
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) }) // for TempDir to remove it
	if _, err := bolt.Open(path + "2"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Open in a directory that is read-only: %v, want ErrPermission", err)
	}
}

// If several calls create the store at once, one succeeds and no other replaces it.
func TestConcurrentOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	const openers = 8
	var group sync.WaitGroup
	for i := range openers {
		group.Go(func() {
			s, err := bolt.Open(path, bolt.WithLockWait(time.Minute))
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := s.Commit(t.Context(), writeOf(fmt.Sprint(i), 0)); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := len(present(t, open(t, path))); got != openers {
		t.Errorf("%d items, want %d", got, openers)
	}
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// editBolt changes a file through bbolt, bypassing the store.
func editBolt(t *testing.T, path string, edit func(*bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(edit), db.Close()); err != nil {
		t.Fatal(err)
	}
}

// A guard against making commits faster by omitting fsyncs. TestPowerLoss shows the consequences.
func TestCommitsAreSynced(t *testing.T) {
	if !bolt.Syncs(open(t, filepath.Join(t.TempDir(), "state.db"))) {
		t.Error("bbolt does not sync: commits would not survive a loss of power")
	}
}

func TestFileOfAnotherProcessIsLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	c := startChild(t, "hold", path)
	if !c.lines.Scan() {
		t.Fatal("child did not open the store")
	}
	if _, err := bolt.Open(path, bolt.WithLockWait(0)); !errors.Is(err, store.ErrLocked) {
		t.Errorf("Open: %v, want ErrLocked", err)
	}
	c.kill()
	open(t, path, bolt.WithLockWait(0))
}

// bbolt uses the fake clock of the synctest bubble, so the waits take no time.
func TestLockWait(t *testing.T) {
	const interval = 50 * time.Millisecond // of bbolt's attempts
	for _, c := range []struct {
		name string
		opts []bolt.Option
		wait time.Duration
	}{
		{"default", nil, bolt.DefaultLockWait},
		{"longer", []bolt.Option{bolt.WithLockWait(time.Minute)}, time.Minute},
		{"the last option counts", []bolt.Option{bolt.WithLockWait(time.Minute), bolt.WithLockWait(time.Second)}, time.Second},
		{"not at all", []bolt.Option{bolt.WithLockWait(0)}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "state.db")
				open(t, path)
				begin := time.Now()
				if _, err := bolt.Open(path, c.opts...); !errors.Is(err, store.ErrLocked) {
					t.Errorf("Open: %v, want ErrLocked", err)
				}
				if waited := time.Since(begin); waited < c.wait-interval || waited > c.wait+interval {
					t.Errorf("waited %v, want about %v", waited, c.wait)
				}
			})
		})
	}
}

func TestLockIsTakenWhenItBecomesFree(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "state.db")
		first := open(t, path)
		go func() {
			time.Sleep(bolt.DefaultLockWait / 2)
			if err := first.Close(); err != nil {
				t.Error(err)
			}
		}()
		open(t, path)
	})
}

func TestNegativeLockWaitIsInvalid(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	if _, err := bolt.Open(path, bolt.WithLockWait(-1)); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("Open: %v, want ErrInvalid", err)
	}
}

// openReadOnly opens a store with ReadOnly.
func openReadOnly(t *testing.T, path string) *bolt.Store {
	t.Helper()
	s, err := bolt.Open(path, bolt.ReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// With ReadOnly several readers open the file at once, writers are locked out, and the file does not change.
func TestReadOnly(t *testing.T) {
	s, dir := backedUp(t)
	path := filepath.Join(dir, "state.db")
	want := fmt.Sprint(present(t, s))
	if _, err := bolt.Open(path, bolt.ReadOnly(), bolt.WithLockWait(0)); !errors.Is(err, store.ErrLocked) {
		t.Errorf("Open with ReadOnly while the store is open for writing: %v, want ErrLocked", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*bolt.Store{openReadOnly(t, path), openReadOnly(t, path)} {
		if got := fmt.Sprint(present(t, s)); got != want {
			t.Errorf("items = %s, want %s", got, want)
		}
		if item, err := s.Get(t.Context(), "0"); err != nil || len(item.Value) != 5000 {
			t.Errorf("Get: %d bytes, %v, want 5000", len(item.Value), err)
		}
		if _, err := s.Commit(t.Context(), writeOf("a")); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("Commit: %v, want ErrPermission", err)
		}
		if err := s.Backup(t.Context(), filepath.Join(t.TempDir(), "copy.db")); err != nil {
			t.Errorf("Backup: %v", err)
		}
	}
	if _, err := bolt.Open(path, bolt.WithLockWait(0)); !errors.Is(err, store.ErrLocked) {
		t.Errorf("Open while the store is open for reading: %v, want ErrLocked", err)
	}
	after, err := os.Stat(path)
	if err != nil || !after.ModTime().Equal(before.ModTime()) || after.Size() != before.Size() {
		t.Errorf("Stat after reading = %v, %v, want the size and time before: %v", after, err, before)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != string(content) {
		t.Errorf("the content of the file differs from the one before reading (error %v)", err)
	}
}

// ReadOnly creates no store where there is none.
func TestReadOnlyCreatesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(t *testing.T, path string)
		want    error
	}{
		"nothing":             {func(*testing.T, string) {}, fs.ErrNotExist},
		"an empty file":       {func(t *testing.T, path string) { write(t, path, nil) }, fs.ErrNotExist},
		"an empty bbolt file": {func(t *testing.T, path string) { editBolt(t, path, func(*bbolt.Tx) error { return nil }) }, fs.ErrNotExist},
		"a text":              {func(t *testing.T, path string) { write(t, path, []byte("text")) }, store.ErrForeign},
		"a directory": {func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, store.ErrForeign},
	} {
		path := filepath.Join(t.TempDir(), "state.db")
		c.prepare(t, path)
		before, _ := os.Stat(path)
		if _, err := bolt.Open(path, bolt.ReadOnly(), bolt.WithLockWait(time.Second)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if after, _ := os.Stat(path); (before == nil) != (after == nil) || after != nil && (after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime())) {
			t.Errorf("%s: after Open the file is %v, want it unchanged: %v", name, after, before)
		}
	}
}

func TestForeignFilesAreLeftAlone(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, path string)
		says    string
	}{
		{"one byte", raw([]byte{0}), ""},
		{"text", raw([]byte("remember the milk\n")), ""},
		{"much text", raw(bytes.Repeat([]byte("remember the milk\n"), 10_000)), ""},
		{"zeros", raw(make([]byte, 1<<16)), ""},
		{"noise", raw(noise(1 << 16)), ""},
		{"SQLite", raw(append([]byte("SQLite format 3\x00"), noise(1<<14)...)), ""},
		{"bbolt of another application", edited(func(tx *bbolt.Tx) error {
			b, err := tx.CreateBucket([]byte("users"))
			if err != nil {
				return err
			}
			return b.Put([]byte("root"), []byte("x"))
		}), "another application"},
		{"bbolt with a meta bucket of its own", edited(func(tx *bbolt.Tx) error {
			b, err := tx.CreateBucket([]byte("meta"))
			if err != nil {
				return err
			}
			return b.Put([]byte("format"), []byte("other"))
		}), "another application"},
		{"store of a later version", editedBuckets(func(meta, items *bbolt.Bucket) error {
			return meta.Put([]byte("version"), []byte("2"))
		}), `version "2", this program knows version 1`},
		{"store without version", editedBuckets(func(meta, items *bbolt.Bucket) error {
			return meta.Delete([]byte("version"))
		}), "version"},
		{"store without items", editedStore(func(tx *bbolt.Tx) error {
			return tx.DeleteBucket([]byte("items"))
		}), "damaged"},
		{"store without revision", editedBuckets(func(meta, items *bbolt.Bucket) error {
			return meta.Delete([]byte("revision"))
		}), "damaged"},
		{"store with half a revision", editedBuckets(func(meta, items *bbolt.Bucket) error {
			return meta.Put([]byte("revision"), []byte("half"))
		}), "damaged"},
		{"store behind its items", editedBuckets(func(meta, items *bbolt.Bucket) error {
			return meta.Put([]byte("revision"), make([]byte, 8))
		}), "damaged"},
		{"item without revision", editedBuckets(func(meta, items *bbolt.Bucket) error {
			return items.Put([]byte("b"), []byte("short"))
		}), "damaged"},
		{"item at revision 0", editedBuckets(func(meta, items *bbolt.Bucket) error {
			return items.Put([]byte("b"), make([]byte, 9))
		}), "damaged"},
		{"bucket among the items", editedBuckets(func(meta, items *bbolt.Bucket) error {
			_, err := items.CreateBucket([]byte("b"))
			return err
		}), "damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state.db")
			c.prepare(t, path)
			if err := refused(t, path); !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %q does not say %q", err, c.says)
			}
		})
	}
}

// refused checks that Open refuses the file, leaves it unchanged, and creates no other
// file beside it. It returns Open's error.
func refused(t *testing.T, path string) error {
	t.Helper()
	content, before := look(t, path)
	s, err := bolt.Open(path, bolt.WithLockWait(0))
	if err == nil {
		_ = s.Close()
		t.Fatal("Open accepted the file")
	}
	if !errors.Is(err, store.ErrForeign) {
		t.Errorf("Open: %v, want ErrForeign", err)
	}
	for _, panicked := range []string{"runtime error", "assertion failed"} {
		if strings.Contains(err.Error(), panicked) {
			t.Errorf("Open: %v: the damage was only found by a panic, want a check that finds it", err)
		}
	}
	contentNow, now := look(t, path)
	if !bytes.Equal(content, contentNow) || !before.ModTime().Equal(now.ModTime()) ||
		before.Mode() != now.Mode() || !os.SameFile(before, now) {
		t.Errorf("the file was changed from %v to %v", before, now)
	}
	entries, dirErr := os.ReadDir(filepath.Dir(path))
	if dirErr != nil || len(entries) != 1 {
		t.Errorf("directory holds %v, %v, want the file alone", entries, dirErr)
	}
	return err
}

func look(t *testing.T, path string) ([]byte, os.FileInfo) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return content, info
}

func raw(content []byte) func(*testing.T, string) {
	return func(t *testing.T, path string) { write(t, path, content) }
}

func edited(edit func(*bbolt.Tx) error) func(*testing.T, string) {
	return func(t *testing.T, path string) { editBolt(t, path, edit) }
}

// editedStore creates a store with one item and then changes it through bbolt.
func editedStore(edit func(*bbolt.Tx) error) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		s := open(t, path)
		if _, err := s.Commit(t.Context(), writeOf("a")); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		editBolt(t, path, edit)
	}
}

func editedBuckets(edit func(meta, items *bbolt.Bucket) error) func(*testing.T, string) {
	return editedStore(func(tx *bbolt.Tx) error {
		return edit(tx.Bucket([]byte("meta")), tx.Bucket([]byte("items")))
	})
}

func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(b)
	return b
}
