package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/store"
)

// What a store that is open must remember: its last transactions, if each has so many
// bytes of keys and values at most.
const (
	remembered     = 1000
	rememberedSize = 10_000
)

// In all this is more than any driver here remembers in memory, by its size, and twice
// what a store must. In etcd it takes some seconds under the race detector, so a driver
// that can hold all of it has to test itself what it does when it is full.
const (
	forgotten     = 2200
	forgottenSize = 7800
)

// remembering are the promises to those who watch from long ago.
func remembering() []clause {
	return []clause{
		{"watch/the last 1 000 transactions are remembered", func(t *testing.T, s store.Store) {
			commitMany(t, s, 10, rememberedSize)
			from := revision(t, s)
			want := commitMany(t, s, remembered, rememberedSize)
			startWatch(t, s, from).shows(t, want, remembered)
			startWatch(t, s, want[remembered/2].Revision).shows(t, want[remembered/2+1:], remembered)
		}},
		{"watch/what is forgotten is not left out", func(t *testing.T, s store.Store) {
			set(t, s, "a", "")
			from := revision(t, s)
			slow := startWatch(t, s, from)
			first := commitMany(t, s, 1, 10)
			slow.shows(t, first, remembered)
			rest := commitMany(t, s, forgotten, forgottenSize)
			t.Run("from long ago", func(t *testing.T) {
				startWatch(t, s, from).showsAllOrNone(t, slices.Concat(first, rest), remembered)
			})
			t.Run("for one who stood still", func(t *testing.T) {
				slow.shows(t, rest, remembered)
			})
		}},
	}
}

// commitMany commits n transactions from many goroutines at once, with size bytes of key
// and value each, and returns their changes in order.
func commitMany(t *testing.T, s store.Store, n, size int) []store.Change {
	t.Helper()
	const goroutines = 16
	changes := make([]store.Change, n)
	var group sync.WaitGroup
	for g := range goroutines {
		group.Go(func() {
			for i := g; i < n; i += goroutines {
				w := store.Write{Key: fmt.Sprint("many/", g), Value: fmt.Appendf(nil, "%d ", i)}
				w.Value = append(w.Value, strings.Repeat("v", max(0, size-len(w.Key)-len(w.Value)))...)
				at, err := s.Commit(t.Context(), store.Txn{Then: []store.Write{w}})
				if err != nil {
					t.Errorf("Commit: %v", err)
					return
				}
				changes[i] = store.Change{Revision: at, Writes: []store.Write{w}}
			}
		})
	}
	group.Wait()
	if t.Failed() {
		t.FailNow()
	}
	slices.SortFunc(changes, func(a, b store.Change) int { return int(a.Revision - b.Revision) })
	return changes
}

// watcher takes the changes of a watch one by one.
type watcher struct {
	next   func() (store.Change, error, bool)
	cancel context.CancelFunc
}

// startWatch watches every key until the end of the test.
func startWatch(t *testing.T, s store.Store, after store.Revision) watcher {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	next, stop := iter.Pull2(s.Watch(ctx, "", after))
	t.Cleanup(func() { cancel(); stop() })
	return watcher{next, cancel}
}

// take is next, but not for ever.
func (w watcher) take() (store.Change, error, bool) {
	defer time.AfterFunc(patience, w.cancel).Stop()
	return w.next()
}

// shows fails t unless the watch goes on with all of want, or with the first of them and
// then ErrCompacted while more than owed are still to come. It returns how many came.
func (w watcher) shows(t *testing.T, want []store.Change, owed int) int {
	t.Helper()
	for i, c := range want {
		got, err, ok := w.take()
		switch {
		case !ok:
			t.Fatalf("Watch ends without an error after %d of %d changes", i, len(want))
		case errors.Is(err, store.ErrCompacted) && len(want)-i > owed:
			same(t, "change with ErrCompacted", got, store.Change{})
			if got, err, ok := w.take(); ok {
				t.Fatalf("Watch yields %v, %v after ErrCompacted", got.Revision, err)
			}
			return i
		case errors.Is(err, store.ErrCompacted):
			t.Fatalf("Watch yields ErrCompacted with %d changes to come, the last %d must be remembered: %v", len(want)-i, owed, err)
		case errors.Is(err, context.Canceled):
			t.Fatalf("Watch waits after %d of %d changes, want revision %d: %v", i, len(want), c.Revision, err)
		case err != nil:
			t.Fatalf("Watch yields an error after %d of %d changes: %v", i, len(want), err)
		case got.Revision != c.Revision:
			t.Fatalf("Watch yields revision %d after %d of %d changes, want %d", got.Revision, i, len(want), c.Revision)
		case len(got.Writes) != 1 || got.Writes[0].Key != c.Writes[0].Key || got.Writes[0].Delete ||
			!bytes.Equal(got.Writes[0].Value, c.Writes[0].Value):
			t.Fatalf("Watch yields %.200s at revision %d, want %.200s", fmt.Sprint(got.Writes), c.Revision, fmt.Sprint(c.Writes))
		}
	}
	return len(want)
}

// showsAllOrNone is shows for a watch from a revision that is known or not from the
// start. It reports whether it is.
func (w watcher) showsAllOrNone(t *testing.T, want []store.Change, owed int) bool {
	t.Helper()
	n := w.shows(t, want, owed)
	if 0 < n && n < len(want) {
		t.Fatalf("Watch yields ErrCompacted after %d of %d changes, want it at once", n, len(want))
	}
	return n > 0
}
