package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/sfcancel/sfcancel/store"
)

// racing are the promises to goroutines that use a store at the same time. They
// are meant for the race detector, too.
func racing() []clause {
	return []clause{
		{"concurrent/no increment is lost", increments},
		{"concurrent/readers see whole transactions", wholeTransactions},
		{"concurrent/a cancelled commit has happened or not", cancelledCommits},
	}
}

// increments has many goroutines count up few counters by compare-and-swap.
func increments(t *testing.T, s store.Store) {
	const goroutines, each, counters = 16, 25, 3
	base := set(t, s, "base", "")
	revisions := make([][]store.Revision, goroutines)
	var group sync.WaitGroup
	for g := range goroutines {
		group.Go(func() {
			for i := range each {
				revision, err := increment(t.Context(), s, fmt.Sprint("counter", (g+i)%counters))
				if err != nil {
					t.Errorf("increment: %v", err)
					return
				}
				revisions[g] = append(revisions[g], revision)
			}
		})
	}
	group.Wait()
	sum := 0
	for _, item := range list(t, s, "counter", "", counters+1) {
		n, err := strconv.Atoi(string(item.Value))
		if err != nil {
			t.Fatalf("counter: %v", err)
		}
		sum += n
	}
	if sum != goroutines*each {
		t.Errorf("counters add up to %d, want %d", sum, goroutines*each)
	}
	for g := range revisions {
		if !slices.IsSorted(revisions[g]) {
			t.Errorf("revisions of goroutine %d are out of order: %v", g, revisions[g])
		}
	}
	// Every increment took effect at a revision of its own.
	taken := slices.Sorted(slices.Values(slices.Concat(revisions...)))
	for last := base; len(taken) > 0; last, taken = taken[0], taken[1:] {
		if taken[0] <= last {
			t.Fatalf("an increment has revision %d after %d", taken[0], last)
		}
	}
}

// increment adds one to the number at key. A conflict means that another
// goroutine got ahead, so this ends.
func increment(ctx context.Context, s store.Store, key string) (store.Revision, error) {
	for {
		item, err := s.Get(ctx, key)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return 0, err
		}
		n, _ := strconv.Atoi(string(item.Value)) // 0 of nothing
		revision, err := s.Commit(ctx, store.Txn{
			If:   []store.Condition{{Key: key, Revision: item.Revision}},
			Then: []store.Write{{Key: key, Value: []byte(strconv.Itoa(n + 1))}},
		})
		if !errors.Is(err, store.ErrConflict) {
			return revision, err
		}
	}
}

// wholeTransactions has writers set pairs of items while readers look at them.
func wholeTransactions(t *testing.T, s store.Store) {
	const writers, each, readers = 4, 50, 4
	written, done := context.WithCancel(t.Context())
	var reading, writing sync.WaitGroup
	for r := range readers {
		reading.Go(func() {
			var last store.Revision
			for written.Err() == nil {
				var page store.Page
				var err error
				if r%2 == 0 {
					page, err = s.List(t.Context(), "pair/", "", 2)
				} else {
					page, err = scan(t.Context(), s, "pair/", "", 2)
				}
				if err != nil {
					t.Errorf("List: %v", err)
					return
				}
				items := page.Items
				if len(items) == 0 {
					continue
				}
				if len(items) != 2 || items[0].Revision != items[1].Revision ||
					string(items[0].Value) != string(items[1].Value) {
					t.Errorf("half a transaction: %+v", items)
					return
				}
				if items[0].Revision < last {
					t.Errorf("revision went back from %d to %d", last, items[0].Revision)
				}
				last = items[0].Revision
			}
		})
	}
	for g := range writers {
		writing.Go(func() {
			for i := range each {
				value := fmt.Appendf(nil, "%d/%d", g, i)
				revision, err := s.Commit(t.Context(), store.Txn{Then: []store.Write{
					{Key: "pair/1", Value: value}, {Key: "pair/2", Value: value},
				}})
				if err != nil {
					t.Errorf("Commit: %v", err)
					return
				}
				if item, err := s.Get(t.Context(), "pair/1"); err != nil || item.Revision < revision {
					t.Errorf("Get = %v, %v after a Commit of revision %d", item, err, revision)
				}
			}
		})
	}
	writing.Wait()
	done()
	reading.Wait()
}

// cancelledCommits cancels commits while they are under way: whatever they
// answer must be true.
func cancelledCommits(t *testing.T, s store.Store) {
	const goroutines, each = 8, 30
	var group sync.WaitGroup
	for g := range goroutines {
		group.Go(func() {
			for i := range each {
				key := fmt.Sprintf("%d/%d", g, i)
				ctx, cancel := context.WithCancel(t.Context())
				group.Go(cancel)
				revision, err := s.Commit(ctx, store.Txn{Then: []store.Write{{Key: key}}})
				item, found := s.Get(t.Context(), key)
				switch {
				case err == nil && (found != nil || item.Revision != revision):
					t.Errorf("Commit = %d, nil, but Get = %v, %v", revision, item, found)
				case err != nil && !errors.Is(err, context.Canceled):
					t.Errorf("Commit: %v, want nil or Canceled", err)
				case err != nil && !errors.Is(found, store.ErrNotFound):
					t.Errorf("Commit: %v, but Get = %v, %v", err, item, found)
				}
			}
		})
	}
	group.Wait()
}
