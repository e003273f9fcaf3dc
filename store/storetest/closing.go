package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/sfcancel/sfcancel/store"
)

func closing() []clause {
	return []clause{
		{"close/later calls are refused", func(t *testing.T, s store.Store) {
			set(t, s, "a", "")
			if err := s.Close(); err != nil {
				t.Fatalf("Close: %v", err)
			}
			refuses(t, s)
		}},
		{"close/again does nothing", func(t *testing.T, s store.Store) {
			for i := range 3 {
				if err := s.Close(); err != nil {
					t.Fatalf("Close number %d: %v", i+1, err)
				}
			}
			refuses(t, s)
		}},
		{"close/from several goroutines", func(t *testing.T, s store.Store) {
			var group sync.WaitGroup
			for range 8 {
				group.Go(func() {
					if err := s.Close(); err != nil {
						t.Errorf("Close: %v", err)
					}
					refuses(t, s)
				})
			}
			group.Wait()
		}},
		{"close/while calls are under way", func(t *testing.T, s store.Store) {
			committed := closeUnderWay(t, s)
			if len(committed) == 0 {
				t.Error("nothing was committed before Close")
			}
			refuses(t, s)
		}},
	}
}

func refuses(t *testing.T, s store.Store) {
	t.Helper()
	if item, err := s.Get(t.Context(), "a"); !errors.Is(err, store.ErrClosed) || item.Key != "" {
		t.Errorf("Get = %v, %v, want none, ErrClosed", item, err)
	}
	page, err := s.List(t.Context(), "", "", 1)
	if !errors.Is(err, store.ErrClosed) {
		t.Errorf("List: %v, want ErrClosed", err)
	}
	same(t, "page with ErrClosed", page, store.Page{})
	watchFails(t, s.Watch(t.Context(), "", 0), store.ErrClosed)
	revision, err := s.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: "b"}}})
	if !errors.Is(err, store.ErrClosed) || revision != 0 {
		t.Errorf("Commit = %d, %v, want 0, ErrClosed", revision, err)
	}
}

// closeUnderWay closes the store while goroutines use it, and returns the keys
// and revisions of what was committed. Other answers than success and ErrClosed
// fail t.
func closeUnderWay(t *testing.T, s store.Store) map[string]store.Revision {
	t.Helper()
	const goroutines, first = 8, 3
	var mu sync.Mutex
	committed := make(map[string]store.Revision)
	var running, group sync.WaitGroup
	running.Add(goroutines)
	for g := range goroutines {
		group.Go(func() {
			started := sync.OnceFunc(running.Done)
			defer started()
			for i := 0; ; i++ {
				if i == first {
					started()
				}
				key := fmt.Sprintf("%d/%d", g, i)
				revision, err := s.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: key}}})
				if err != nil {
					if !errors.Is(err, store.ErrClosed) {
						t.Errorf("Commit: %v, want nil or ErrClosed", err)
					}
					return
				}
				mu.Lock()
				committed[key] = revision
				mu.Unlock()
				if item, err := s.Get(t.Context(), key); err == nil && item.Revision != revision {
					t.Errorf("Get = %v after a Commit of revision %d", item, revision)
				} else if err != nil && !errors.Is(err, store.ErrClosed) {
					t.Errorf("Get: %v, want nil or ErrClosed", err)
				}
			}
		})
	}
	running.Wait()
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	group.Wait()
	return committed
}
