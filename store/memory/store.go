// Package memory is the store driver for tests and for state that need not
// outlive the process: nothing is written anywhere.
package memory

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/sfcancel/sfcancel/store"
)

// Store is a [store.Store] in memory. Get takes constant time, List the
// logarithm of the number of items plus what it returns, and Commit, for each
// new or deleted key, a move of up to that many string headers: meant for up to
// some hundred thousand items. Safe for concurrent use. Use [New]; the zero
// Store is not usable.
type Store struct {
	mu       sync.RWMutex
	closed   bool
	revision store.Revision
	items    map[string]store.Item
	keys     []string // those of items, ascending
}

var _ store.Store = (*Store)(nil)

// New returns an empty store. Its first transaction has revision 1. Close frees
// its items.
func New() *Store {
	return &Store{items: make(map[string]store.Item)}
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
func (s *Store) List(ctx context.Context, prefix, after string, limit int) ([]store.Item, error) {
	if limit <= 0 {
		return nil, fmt.Errorf("memory: list %q: %w: limit %d", prefix, store.ErrInvalid, limit)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return nil, fmt.Errorf("memory: list %q: %w", prefix, err)
	}
	start, found := slices.BinarySearch(s.keys, max(prefix, after))
	if found && s.keys[start] == after {
		start++
	}
	var items []store.Item
	for _, key := range s.keys[start:] {
		if len(items) == limit || !strings.HasPrefix(key, prefix) {
			break
		}
		items = append(items, copied(s.items[key]))
	}
	return items, nil
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
	for _, w := range txn.Then {
		s.write(w)
	}
	return s.revision, nil
}

// Close implements [store.Store]; it never fails.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed, s.items, s.keys = true, nil, nil
	return nil
}

func (s *Store) usable(ctx context.Context) error {
	if s.closed {
		return store.ErrClosed
	}
	return ctx.Err()
}

func (s *Store) write(w store.Write) {
	at, found := slices.BinarySearch(s.keys, w.Key)
	if w.Delete {
		if found {
			s.keys = slices.Delete(s.keys, at, at+1)
			delete(s.items, w.Key)
		}
		return
	}
	if !found {
		s.keys = slices.Insert(s.keys, at, w.Key)
	}
	s.items[w.Key] = copied(store.Item{Key: w.Key, Value: w.Value, Revision: s.revision})
}

func copied(item store.Item) store.Item {
	item.Value = slices.Clone(item.Value)
	return item
}
