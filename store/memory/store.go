// Package memory is the store driver for tests and for state that need not
// outlive the process: nothing is written anywhere.
package memory

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/internal/changelog"
)

// Store is a [store.Store] in memory. Get takes constant time, List the
// logarithm of the number of items plus what it returns, and Commit, for each
// new or deleted key, a move of up to that many string headers: meant for up to
// some hundred thousand items. A watch can go back over the last 10 000
// transactions, or the last 16 MiB of keys and values if those are fewer. Safe for concurrent use. Use [New]; the zero
// Store is not usable.
type Store struct {
	mu       sync.RWMutex
	closed   bool
	revision store.Revision
	items    map[string]store.Item
	keys     []string // those of items, ascending
	log      *changelog.Log
}

var _ store.Scanner = (*Store)(nil)

// New returns an empty store. Its first transaction has revision 1. Close frees
// its items.
func New() *Store {
	return &Store{items: make(map[string]store.Item), log: changelog.New(0)}
}

// Get implements [store.Store].
func (s *Store) Get(ctx context.Context, key string) (store.Item, error) {
	if err := store.ValidateKey(key); err != nil {
		return store.Item{}, fmt.Errorf("memory: get: %w", err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return store.Item{}, fmt.Errorf("memory: get %q: %w", key, err)
	}
	item, ok := s.items[key]
	if !ok {
		return store.Item{}, fmt.Errorf("memory: get %q: %w", key, store.ErrNotFound)
	}
	return copied(item), nil
}

// List implements [store.Store].
func (s *Store) List(ctx context.Context, prefix, after string, limit int) (page store.Page, err error) {
	page.Revision, err = s.scan(ctx, prefix, after, limit, func(item store.Item) bool {
		page.Items = append(page.Items, copied(item))
		return true
	})
	return page, err
}

// Scan implements [store.Scanner]. Commits wait for it.
func (s *Store) Scan(ctx context.Context, prefix, after string, limit int, see func(key, value []byte, at store.Revision) bool) (store.Revision, error) {
	var key []byte
	return s.scan(ctx, prefix, after, limit, func(item store.Item) bool {
		key = append(key[:0], item.Key...)
		return see(key, item.Value, item.Revision)
	})
}

func (s *Store) scan(ctx context.Context, prefix, after string, limit int, see func(store.Item) bool) (store.Revision, error) {
	if limit <= 0 {
		return 0, fmt.Errorf("memory: list %q: %w: limit %d", prefix, store.ErrInvalid, limit)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return 0, fmt.Errorf("memory: list %q: %w", prefix, err)
	}
	start, found := slices.BinarySearch(s.keys, max(prefix, after))
	if found && s.keys[start] == after {
		start++
	}
	for n, key := range s.keys[start:] {
		if n == limit || !strings.HasPrefix(key, prefix) || !see(s.items[key]) {
			break
		}
	}
	return s.revision, nil
}

// Commit implements [store.Store].
func (s *Store) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	if err := txn.Validate(); err != nil {
		return 0, fmt.Errorf("memory: commit: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	// Looked at under the lock, so that a ctx that ended while waiting for it
	// still stops the transaction.
	if err := s.usable(ctx); err != nil {
		return 0, fmt.Errorf("memory: commit: %w", err)
	}
	for _, c := range txn.If {
		if at := s.items[c.Key].Revision; at != c.Revision {
			return 0, fmt.Errorf("memory: commit: %w: %q is at revision %d, not %d", store.ErrConflict, c.Key, at, c.Revision)
		}
	}
	s.revision++
	effective := slices.DeleteFunc(slices.Clone(txn.Then), func(w store.Write) bool { return !s.write(w) })
	s.log.Append(s.revision, effective)
	return s.revision, nil
}

// Watch implements [store.Store].
func (s *Store) Watch(ctx context.Context, prefix string, after store.Revision) iter.Seq2[store.Change, error] {
	return func(yield func(store.Change, error) bool) {
		for change, err := range s.log.Watch(ctx, prefix, after) {
			if err != nil {
				err = fmt.Errorf("memory: watch %q: %w", prefix, err)
			}
			if !yield(change, err) {
				return
			}
		}
	}
}

// Close implements [store.Store]; it never fails.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed, s.items, s.keys = true, nil, nil
	s.log.End(store.ErrClosed)
	return nil
}

func (s *Store) usable(ctx context.Context) error {
	if s.closed {
		return store.ErrClosed
	}
	return ctx.Err()
}

// write reports whether the write had an effect.
func (s *Store) write(w store.Write) bool {
	at, found := slices.BinarySearch(s.keys, w.Key)
	if w.Delete {
		if found {
			s.keys = slices.Delete(s.keys, at, at+1)
			delete(s.items, w.Key)
		}
		return found
	}
	if !found {
		s.keys = slices.Insert(s.keys, at, w.Key)
	}
	s.items[w.Key] = copied(store.Item{Key: w.Key, Value: w.Value, Revision: s.revision})
	return true
}

func copied(item store.Item) store.Item {
	item.Value = slices.Clone(item.Value)
	return item
}
