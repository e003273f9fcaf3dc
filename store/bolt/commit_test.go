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
			writeOf("a", 0), // a conflict only if the one before had happened
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
			t.Errorf("items = %s", got)
		}
		// Nothing has happened, and the store goes on.
		next := h.commits(t, writeOf("next"))[0]
		close(h.gate)
		synctest.Wait()
		if next.revision != first.revision+1 {
			t.Errorf("next Commit = %+v, want revision %d", next, first.revision+1)
		}
	})
}

// bbolt has written the group, but the fsync that should make it durable fails.
// Or bbolt panics, before or after. Nobody can tell what the file will hold.
func TestStoreInDoubtClosesItself(t *testing.T) {
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
					t.Errorf("Commit: %v, want also the error of the disk", results[0].err)
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
				// The file is free again, and here the group was kept after all.
				if got := fmt.Sprint(present(t, open(t, h.path, bolt.WithLockWait(0)))); got != "[a]" {
					t.Errorf("items = %s", got)
				}
			})
		})
	}
}

func errorOf[T any](_ T, err error) error { return err }

// Between bbolt's write and its last fsync, a reader could see what a loss of
// power takes back.
func TestReadsWaitForDurability(t *testing.T) {
	for _, c := range []struct {
		name string
		end  error // of the update that is under way
		want error // of the reads
	}{
		{"and return when it is there", nil, nil},
		{"and fail if it may never be", errDisk, store.ErrClosed},
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
					t.Errorf("%d reads and %t commits returned before the fsync", len(patient)+len(hasty), commit.returned)
				}
				cancel()
				for range reads {
					if got := <-hasty; !errors.Is(got.err, context.Canceled) {
						t.Errorf("%s whose context ended: %v", got.name, got.err)
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

// A disk that refuses to be written to, at once or when the pages are there and the one that
// makes them valid is not.
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

// What bbolt says of a file that cannot grow has the text of the system's error, and no more.
func TestDiskErrorInWords(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want bool
	}{
		{"the error", fmt.Errorf("file sync error: %w", syscall.ENOSPC), true},
		{"its text", errors.New("file resize error: truncate x: " + syscall.EDQUOT.Error()), true},
		{"another", errors.New("database not open"), false},
		{"of permission", syscall.EPERM, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := open(t, filepath.Join(t.TempDir(), "state.db"))
			bolt.AroundUpdate(s, func(func() error) error { return c.err })
			_, err := s.Commit(t.Context(), writeOf("a"))
			if got := errors.Is(err, store.ErrUnavailable); got != c.want || err == nil {
				t.Errorf("Commit: %v, ErrUnavailable %t, want %t", err, got, c.want)
			}
			if _, err := s.Get(t.Context(), "a"); !errors.Is(err, store.ErrNotFound) {
				t.Errorf("Get: %v", err)
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
			t.Errorf("items = %s", got)
		}
	})
}

func TestCommitThatHasBegunTellsItsOutcome(t *testing.T) {
	for name, begin := range map[string]func(h *held, t *testing.T){
		"as leader": func(*held, *testing.T) {},
		"taken by a leader": func(h *held, t *testing.T) {
			h.commits(t, writeOf("first"))
			// The next in the queue leads the group in which ours is.
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
					t.Errorf("Commit = %+v while it is being written", got)
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

// late is a context that has ended, but whose goroutine has not been woken yet.
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

func TestCommitThatIsOverWhenTakenIsDropped(t *testing.T) {
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
			t.Errorf("items = %s", got)
		}
	})
}

func TestCloseLetsTheGroupFinishAndRefusesTheQueue(t *testing.T) {
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
			t.Errorf("Close returned %v while a group was being written", err)
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
			t.Errorf("Commit that had begun: %v", results[0].err)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("acknowledged %v, but there are %v", got, want)
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
				// One write each, so that lines of two goroutines do not mix.
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
		// After a number of lines, none of them too: it is then killed while it starts, or
		// makes the file. And every other time at a moment that no line tells.
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
		t.Error("nothing was acknowledged in any round")
	}
	t.Logf("seed=%d kills=%d acknowledged=%d lost=%d", *seed, *kills, len(acknowledged)+lost, lost)
}

func TestKilledWhileTheFileIsMade(t *testing.T) {
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
			t.Errorf("the file appeared before it was complete, with %d bytes", len(content))
		}
		checkPairs(t, path, nil)
	}
}

func readLine(c child, acknowledged map[string]string) bool {
	if !c.lines.Scan() {
		return false
	}
	var name, revision string
	// A line that was cut off by the kill has not been acknowledged in full.
	if n, _ := fmt.Sscanf(c.lines.Text()+"\n", "%s %s\n", &name, &revision); n == 2 {
		acknowledged[name] = revision
	}
	return true
}

// checkPairs opens the store after a kill: it must be usable, with everything
// acknowledged in it and no half of a pair. It returns how many pairs are not as they
// were acknowledged.
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
			t.Errorf("half a transaction: first/%s at %d, second/%[1]s at %d", name, revision, seconds[name])
		}
		newest = max(newest, revision)
	}
	if len(firsts) != len(seconds) {
		t.Errorf("%d first and %d second halves", len(firsts), len(seconds))
	}
	for name, revision := range acknowledged {
		if got := fmt.Sprint(firsts[name]); got != revision {
			t.Errorf("pair %s is at revision %s, was acknowledged at %s", name, got, revision)
			lost++
			delete(acknowledged, name) // told once
		}
	}
	if listed != newest {
		t.Errorf("List tells revision %d, the newest pair has %d", listed, newest)
	}
	// The revision was kept with the items: it goes on, and is used once.
	next, err := writePair(s, "after-"+strconv.Itoa(len(firsts)))
	if err != nil || next != newest+1 {
		t.Errorf("Commit = %d, %v after revision %d", next, err, newest)
	}
	// A watch goes on from where the list was.
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for change, err := range s.Watch(ctx, "", listed) {
		if err != nil || change.Revision != next || len(change.Writes) != 2 {
			t.Errorf("Watch after %d = %v, %v, want revision %d", listed, change, err, next)
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
