package bolt_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
	"github.com/sfcancel/sfcancel/store/storetest"
)

var errDisk = errors.New("the disk failed")

func TestFailedUpdateFailsItsWholeGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := openHeld(t)
		first := h.commits(t, writeOf("first"))[0]
		group := h.commits(t,
			writeOf("a"),
			writeOf("a", 0), // a conflict only if the previous one had happened
			writeOf("b"),
		)
		h.gate <- nil
		synctest.Wait()
		if first.err != nil {
			t.Fatalf("group ahead: %v", first.err)
		}
		h.gate <- errDisk
		synctest.Wait()
		for i, r := range group {
			if !errors.Is(r.err, errDisk) || errors.Is(r.err, store.ErrClosed) || r.revision != 0 {
				t.Errorf("Commit number %d = %+v, want the error of the disk", i, r)
			}
		}
		if got := fmt.Sprint(present(t, h)); got != "[first]" {
			t.Errorf("items = %s, want [first]", got)
		}
		// The group was rolled back, and the store stays usable.
		next := h.commits(t, writeOf("next"))[0]
		close(h.gate)
		synctest.Wait()
		if next.revision != first.revision+1 {
			t.Errorf("next Commit = %+v, want revision %d", next, first.revision+1)
		}
	})
}

// bbolt has written the group, but the fsync that should make it durable fails.
// Or bbolt panics, before or after it. What the file holds is then unknown.
func TestUnknownOutcomeClosesStore(t *testing.T) {
	for _, c := range []struct {
		name    string
		after   func(error) error
		outcome string
	}{
		{"fsync fails", func(error) error { return errDisk }, "the disk failed"},
		{"panic", func(error) error { panic("assertion failed") }, "assertion failed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := openHeld(t)
				h.after = c.after
				results := h.commits(t, writeOf("a"), writeOf("b"), writeOf("c"))
				h.gate <- nil
				synctest.Wait()
				for i, r := range results {
					if !errors.Is(r.err, store.ErrClosed) {
						t.Errorf("Commit number %d = %+v, want ErrClosed", i, r)
					}
				}
				if c.name == "fsync fails" && !errors.Is(results[0].err, errDisk) {
					t.Errorf("Commit: %v, want it to wrap %v as well", results[0].err, errDisk)
				}
				if h.updates != 1 {
					t.Errorf("%d updates, want none after the first", h.updates)
				}
				for name, err := range map[string]error{
					"Commit": errorOf(h.Commit(t.Context(), writeOf("d"))),
					"Get":    errorOf(h.Get(t.Context(), "a")),
					"List":   errorOf(h.List(t.Context(), "", "", 1)),
				} {
					if !errors.Is(err, store.ErrClosed) {
						t.Errorf("%s: %v, want ErrClosed", name, err)
					}
				}
				if err := h.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
				// The file is unlocked, and in this test the group was written.
				if got := fmt.Sprint(present(t, open(t, h.path, bolt.WithLockWait(0)))); got != "[a]" {
					t.Errorf("items = %s, want [a]", got)
				}
			})
		})
	}
}

func errorOf[T any](_ T, err error) error { return err }

// Between bbolt's write and its last fsync, a reader could see a transaction that
// a loss of power undoes.
func TestReadsWaitForDurability(t *testing.T) {
	for _, c := range []struct {
		name string
		end  error // of the update in progress
		want error // of the reads
	}{
		{"and return after the fsync", nil, nil},
		{"and fail if the fsync fails", errDisk, store.ErrClosed},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := openHeld(t)
				fsync := make(chan error)
				h.after = func(error) error { return <-fsync }
				commit := h.commits(t, writeOf("a"))[0]
				h.gate <- nil
				synctest.Wait()

				ctx, cancel := context.WithCancel(t.Context())
				reads := map[string]func(context.Context) error{
					"Get of the item":      func(ctx context.Context) error { return errorOf(h.Get(ctx, "a")) },
					"List":                 func(ctx context.Context) error { return errorOf(h.List(ctx, "", "", 1)) },
					"Get of an absent one": func(ctx context.Context) error { return errorOf(h.Get(ctx, "b")) },
				}
				type answer struct {
					name string
					err  error
				}
				patient, hasty := make(chan answer, len(reads)), make(chan answer, len(reads))
				for name, read := range reads {
					go func() { patient <- answer{name, read(t.Context())} }()
					go func() { hasty <- answer{name, read(ctx)} }()
				}
				synctest.Wait()
				if len(patient)+len(hasty) > 0 || commit.returned {
					t.Errorf("before the fsync %d reads returned, want 0; commit returned: %t, want false",
						len(patient)+len(hasty), commit.returned)
				}
				cancel()
				for range reads {
					if got := <-hasty; !errors.Is(got.err, context.Canceled) {
						t.Errorf("%s with a canceled context: %v, want Canceled", got.name, got.err)
					}
				}
				fsync <- c.end
				for range reads {
					want, got := c.want, <-patient
					if want == nil && got.name == "Get of an absent one" {
						want = store.ErrNotFound
					}
					if !errors.Is(got.err, want) {
						t.Errorf("%s: %v, want %v", got.name, got.err, want)
					}
				}
			})
		})
	}
}

// The disk refuses every write, or only that of the meta page, after the other pages have been written.
func TestFullDiskContract(t *testing.T) {
	meta := int64(2 * os.Getpagesize()) // bytes at the beginning of the file
	for _, errno := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EIO} {
		for _, where := range []string{"any page", "meta page"} {
			t.Run(fmt.Sprintf("%v, %s", errno, where), func(t *testing.T) {
				t.Parallel()
				storetest.RunFull(t, func(t *testing.T) (store.Store, func(bool)) {
					s := open(t, filepath.Join(t.TempDir(), "state.db"))
					var full atomic.Bool
					if err := bolt.AroundWrites(s, func(b []byte, at int64, write bolt.WriteAt) (int, error) {
						if full.Load() && (where == "any page" || at < meta) {
							return 0, errno
						}
						return write(b, at)
					}); err != nil {
						t.Fatal(err)
					}
					return s, full.Store
				})
			})
		}
	}
}

// If a file cannot grow, bbolt's error has only the text of the system's error.
func TestDiskErrorByText(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want bool
	}{
		{"wrapped error", fmt.Errorf("file sync error: %w", syscall.ENOSPC), true},
		{"text only", errors.New("file resize error: truncate x: " + syscall.EDQUOT.Error()), true},
		{"another text", errors.New("database not open"), false},
		{"no permission", syscall.EPERM, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, filepath.Join(t.TempDir(), "state.db"))
			bolt.AroundUpdate(s, func(func() error) error { return c.err })
			_, err := s.Commit(t.Context(), writeOf("a"))
			if got := errors.Is(err, store.ErrUnavailable); got != c.want || err == nil {
				t.Errorf("Commit: %v, ErrUnavailable %t, want %t", err, got, c.want)
			}
			if _, err := s.Get(t.Context(), "a"); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("Get: %v, want ErrNotFound", err)
			}
		})
	}
}

func TestQueuedCommitIsWithdrawn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := openHeld(t)
		h.commits(t, writeOf("first"))
		ctx, cancel := context.WithCancel(t.Context())
		var err error
		returned := false
		go func() {
			_, err = h.Commit(ctx, writeOf("second"))
			returned = true
		}()
		synctest.Wait()
		third := h.commits(t, writeOf("third"))[0]
		cancel()
		synctest.Wait()
		if !returned || !errors.Is(err, context.Canceled) {
			t.Errorf("withdrawn Commit: returned %t, %v, want Canceled before the group ahead is written", returned, err)
		}
		close(h.gate)
		synctest.Wait()
		if third.revision != 2 {
			t.Errorf("third = %+v, want revision 2", third)
		}
		if got := fmt.Sprint(present(t, h)); got != "[first third]" {
			t.Errorf("items = %s, want [first third]", got)
		}
	})
}

func TestCommitInProgressIgnoresCancellation(t *testing.T) {
	for name, begin := range map[string]func(h *held, t *testing.T){
		"as leader": func(*held, *testing.T) {},
		"taken by a leader": func(h *held, t *testing.T) {
			h.commits(t, writeOf("first"))
			// It is next in the queue and leads the group that contains ours.
			h.commits(t, writeOf("leader"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h := openHeld(t)
				begin(h, t)
				ctx, cancel := context.WithCancel(t.Context())
				var got result
				go func() {
					got.revision, got.err = h.Commit(ctx, writeOf("ours"))
					got.returned = true
				}()
				synctest.Wait()
				if h.updates == 1 && name != "as leader" {
					h.gate <- nil
					synctest.Wait()
				}
				cancel()
				synctest.Wait()
				if got.returned {
					t.Errorf("Commit = %+v while it is being written, want it not to return", got)
				}
				close(h.gate)
				synctest.Wait()
				if !got.returned || got.err != nil {
					t.Fatalf("Commit = %+v, want success", got)
				}
				item, err := h.Get(t.Context(), "ours")
				if err != nil || item.Revision != got.revision {
					t.Errorf("Get = %v, %v, want revision %d", item, err, got.revision)
				}
			})
		})
	}
}

// late is a context that has ended although its Done channel is not closed yet.
type late struct {
	context.Context
	over atomic.Bool
}

func (l *late) Err() error {
	if l.over.Load() {
		return context.Canceled
	}
	return nil
}

func TestLeaderDropsCanceledCommits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := openHeld(t)
		h.commits(t, writeOf("first"))
		ctx := &late{Context: t.Context()}
		dropped := make(chan error, 1)
		go func() {
			_, err := h.Commit(ctx, writeOf("dropped"))
			dropped <- err
		}()
		synctest.Wait()
		last := h.commits(t, writeOf("last"))[0]
		ctx.over.Store(true)
		close(h.gate)
		if err := <-dropped; !errors.Is(err, context.Canceled) {
			t.Errorf("Commit: %v, want Canceled", err)
		}
		synctest.Wait()
		if last.revision != 2 {
			t.Errorf("last = %+v, want revision 2", last)
		}
		if got := fmt.Sprint(present(t, h)); got != "[first last]" {
			t.Errorf("items = %s, want [first last]", got)
		}
	})
}

func TestCloseFinishesGroupAndRefusesQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := openHeld(t)
		results := h.commits(t, writeOf("a"), writeOf("b"), writeOf("c"))
		closed := make(chan error, 1)
		go func() { closed <- h.Close() }()
		synctest.Wait()
		if _, err := h.Commit(t.Context(), writeOf("d")); !errors.Is(err, store.ErrClosed) {
			t.Errorf("Commit while closing: %v, want ErrClosed", err)
		}
		select {
		case err := <-closed:
			t.Errorf("Close returned %v while a group was being written, want it to wait", err)
		default:
		}
		close(h.gate)
		if err := <-closed; err != nil {
			t.Errorf("Close: %v", err)
		}
		synctest.Wait()
		want := present(t, open(t, h.path, bolt.WithLockWait(0)))
		var got []string
		for i, r := range results {
			switch {
			case r.err == nil:
				got = append(got, []string{"a", "b", "c"}[i])
			case !errors.Is(r.err, store.ErrClosed):
				t.Errorf("Commit number %d: %v, want nil or ErrClosed", i, r.err)
			}
		}
		if results[0].err != nil {
			t.Errorf("Commit in progress: %v, want nil", results[0].err)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("acknowledged %v, want the items in the file, %v", got, want)
		}
	})
}

var kills = flag.Int("kills", 5, "how often TestAcknowledgedCommitsSurviveKill kills the process")

// writePairs writes pairs of items from several goroutines for ever, and prints
// the name of each pair once Commit has returned.
func writePairs(s *bolt.Store) error {
	const writers = 4
	errs := make(chan error)
	for w := range writers {
		go func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("%d-%d-%d", os.Getpid(), w, i)
				revision, err := writePair(s, name)
				if err != nil {
					errs <- err
					return
				}
				// One write for each line, so that lines of two goroutines do not mix.
				if _, err := io.WriteString(os.Stdout, fmt.Sprintf("%s %d\n", name, revision)); err != nil {
					errs <- err
					return
				}
			}
		}()
	}
	return <-errs
}

func TestAcknowledgedCommitsSurviveKill(t *testing.T) {
	const mostLines, mostMicroseconds = 150, 20_000
	random := rand.New(rand.NewPCG(*seed, 0))
	path := filepath.Join(t.TempDir(), "state.db")
	acknowledged := make(map[string]string) // revisions of pairs
	lost := 0
	for i := range *kills {
		// The process is killed after a random number of lines; with 0 it is still starting or
		// creating the file. Every other time a random pause is added.
		c := startChild(t, "write", path)
		for range random.IntN(mostLines) {
			readLine(c, acknowledged)
		}
		if pause := time.Duration(random.IntN(mostMicroseconds)) * time.Microsecond; i%2 == 1 {
			time.Sleep(pause)
		}
		c.kill()
		for readLine(c, acknowledged) { // what was printed before the kill
		}
		lost += checkPairs(t, path, acknowledged)
	}
	if len(acknowledged) == 0 {
		t.Error("no commit was acknowledged in any round, want some")
	}
	t.Logf("seed=%d kills=%d acknowledged=%d lost=%d", *seed, *kills, len(acknowledged)+lost, lost)
}

func TestKilledWhileCreatingFile(t *testing.T) {
	for range 5 {
		dir := t.TempDir()
		c := startChild(t, "write", filepath.Join(dir, "state.db"))
		for { // until the child has begun
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			if len(entries) > 0 {
				break
			}
		}
		c.kill()
		path := filepath.Join(dir, "state.db")
		content, err := os.ReadFile(path)
		if err == nil && !bytes.Contains(content, []byte("sfcancel store")) {
			t.Errorf("the file has %d bytes and no format name, want a complete store or no file", len(content))
		}
		checkPairs(t, path, nil)
	}
}

func readLine(c child, acknowledged map[string]string) bool {
	if !c.lines.Scan() {
		return false
	}
	var name, revision string
	// A line that the kill cut off is not an acknowledgement.
	if n, _ := fmt.Sscanf(c.lines.Text()+"\n", "%s %s\n", &name, &revision); n == 2 {
		acknowledged[name] = revision
	}
	return true
}

// checkPairs checks that the store opens after a kill, is usable, contains every acknowledged
// pair, and no half of a pair. It returns how many acknowledged pairs are missing or have
// another revision.
func checkPairs(t *testing.T, path string, acknowledged map[string]string) (lost int) {
	t.Helper()
	s, err := bolt.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	firsts, listed := pairHalves(t, s, "first/")
	seconds, _ := pairHalves(t, s, "second/")
	var newest store.Revision
	for name, revision := range firsts {
		if seconds[name] != revision {
			t.Errorf("half a transaction: first/%s at %d, second/%[1]s at %d, want both at the same", name, revision, seconds[name])
		}
		newest = max(newest, revision)
	}
	if len(firsts) != len(seconds) {
		t.Errorf("%d first and %d second halves, want as many of each", len(firsts), len(seconds))
	}
	for name, revision := range acknowledged {
		if got := fmt.Sprint(firsts[name]); got != revision {
			t.Errorf("pair %s is at revision %s, want %s as acknowledged", name, got, revision)
			lost++
			delete(acknowledged, name) // reported once
		}
	}
	if listed != newest {
		t.Errorf("List returned revision %d, want %d, that of the newest pair", listed, newest)
	}
	// The store's revision was kept with the items, so no revision is used twice.
	next, err := writePair(s, "after-"+strconv.Itoa(len(firsts)))
	if err != nil || next != newest+1 {
		t.Errorf("Commit = %d, %v, want %d", next, err, newest+1)
	}
	// A watch continues at the revision of the list.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for change, err := range s.Watch(ctx, "", listed) {
		if err != nil || change.Revision != next || len(change.Writes) != 2 {
			t.Errorf("Watch after %d = %v, %v, want revision %d with 2 writes", listed, change, err, next)
		}
		break
	}
	return lost
}

func pairHalves(t *testing.T, s store.Store, prefix string) (map[string]store.Revision, store.Revision) {
	t.Helper()
	const plenty = 1 << 20
	page, err := s.List(t.Context(), prefix, "", plenty)
	if err != nil {
		t.Fatal(err)
	}
	halves := make(map[string]store.Revision)
	for _, item := range page.Items {
		halves[item.Key[len(prefix):]] = item.Revision
	}
	return halves, page.Revision
}

func writePair(s store.Store, name string) (store.Revision, error) {
	value := []byte(name)
	return s.Commit(context.Background(), store.Txn{
		If:   []store.Condition{{Key: "first/" + name}},
		Then: []store.Write{{Key: "first/" + name, Value: value}, {Key: "second/" + name, Value: value}},
	})
}
