package bolt_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
)

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
