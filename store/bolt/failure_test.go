package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
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
