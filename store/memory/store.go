// Package memory is the store driver for tests and for state that need not
// outlive the process: nothing is written anywhere.
package memory

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/tidwall/btree"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/internal/changelog"
)

// Store is a [store.Store] in memory. Get, and Commit for a key that is there, take
// constant time; List, and Commit for a new or deleted key, the logarithm of the number of
// items, and List what it returns besides. A watch can go back over the last 10 000
// transactions, or the last 16 MiB of keys and values if those are fewer. Safe for concurrent use. Use [New]; the zero
// Store is not usable.
type Store struct {
	mu       sync.RWMutex
	closed   bool
	revision store.Revision
	items    map[string]*item
	order    btree.Map[string, *item] // those of items, by key
	log      *changelog.Log
}

var (
	_ store.Scanner  = (*Store)(nil)
	_ store.Recaller = (*Store)(nil)
)

// item is an item with its key and value in one piece, which a scan reads in one go.
type item struct {
	data     []byte // the key and the value
	key      int    // length
	revision store.Revision
}

func newItem(key string, value []byte, at store.Revision) item {
	data := make([]byte, 0, len(key)+len(value))
	return item{append(append(data, key...), value...), len(key), at}
}

func (i *item) value() []byte { return i.data[i.key:] }

// New returns an empty store. Its first transaction has revision 1. Close frees
// its items.
func New() *Store {
	return &Store{items: make(map[string]*item), log: changelog.New(0)}
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
	return store.Item{Key: key, Value: slices.Clone(item.value()), Revision: item.revision}, nil
}

// List implements [store.Store].
func (s *Store) List(ctx context.Context, prefix, after string, limit int) (page store.Page, err error) {
	page.Revision, err = s.scan(ctx, prefix, after, limit, func(key string, i *item) bool {
		page.Items = append(page.Items, store.Item{Key: key, Value: slices.Clone(i.value()), Revision: i.revision})
		return true
	})
	return page, err
}

// Scan implements [store.Scanner]. Commits wait for it.
func (s *Store) Scan(ctx context.Context, prefix, after string, limit int, see func(key, value []byte, at store.Revision) bool) (store.Revision, error) {
	return s.scan(ctx, prefix, after, limit, func(_ string, i *item) bool {
		return see(i.data[:i.key:i.key], i.value(), i.revision)
	})
}

func (s *Store) scan(ctx context.Context, prefix, after string, limit int, see func(key string, i *item) bool) (store.Revision, error) {
	if limit <= 0 {
		return 0, fmt.Errorf("memory: list %q: %w: limit %d", prefix, store.ErrInvalid, limit)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return 0, fmt.Errorf("memory: list %q: %w", prefix, err)
	}
	var some group
	show := func() bool {
		found := some.fetched()
		some.n = 0
		for _, f := range found {
			if i := f.item; i.key < len(prefix) || string(i.data[:len(prefix)]) != prefix || !see(f.key, i) {
				return false
			}
		}
		return true
	}
	n := 0
	s.order.Ascend(max(prefix, after), func(key string, i *item) bool {
		if n == 0 && key == after {
			return true
		}
		n++
		some.all[some.n] = found{key, i}
		if some.n++; some.n < len(some.all) && n < limit {
			return true
		}
		return show() && n < limit
	})
	show()
	return s.revision, nil
}

// group is some of the items that a scan finds.
type group struct {
	all [32]found
	n   int
	sum byte // of nothing, so that no load is left out
}

type found struct {
	key  string
	item *item
}

// fetched is the group, with the beginnings and the ends of the items in the cache of the processor. Loads that do not
// depend on each other are under way together; a scan that asks for one item after the other waits for the memory
// each time, and that is most of what it costs.
func (g *group) fetched() []found {
	const line, lines = 64, 4
	for _, f := range g.all[:g.n] {
		g.sum += byte(f.item.key)
	}
	for _, f := range g.all[:g.n] {
		data := f.item.data
		for at := 0; at < min(len(data), line*lines); at += line {
			g.sum += data[at]
		}
		g.sum += data[len(data)-1]
	}
	return g.all[:g.n]
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
		if at := s.revisionOf(c.Key); at != c.Revision {
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

// Recall implements [store.Recaller].
func (s *Store) Recall(ctx context.Context, prefix string, after store.Revision, most int) ([]store.Change, store.Revision, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	err := s.usable(ctx)
	var changes []store.Change
	if err == nil {
		changes, _, err = s.log.Recall(prefix, after, most)
	}
	if err != nil {
		return nil, 0, fmt.Errorf("memory: recall %q: %w", prefix, err)
	}
	return changes, s.revision, nil
}

// Close implements [store.Store]; it never fails.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed, s.items = true, nil
	s.order.Clear()
	s.log.End(store.ErrClosed)
	return nil
}

func (s *Store) usable(ctx context.Context) error {
	if s.closed {
		return store.ErrClosed
	}
	return ctx.Err()
}

// revisionOf is that of the item at key, 0 if there is none.
func (s *Store) revisionOf(key string) store.Revision {
	if item, ok := s.items[key]; ok {
		return item.revision
	}
	return 0
}

// write reports whether the write had an effect.
func (s *Store) write(w store.Write) bool {
	there, found := s.items[w.Key]
	switch {
	case w.Delete && found:
		s.order.Delete(w.Key)
		delete(s.items, w.Key)
	case !w.Delete && found:
		*there = newItem(w.Key, w.Value, s.revision)
	case !w.Delete:
		added := newItem(w.Key, w.Value, s.revision)
		there = &added
		s.items[w.Key] = there
		s.order.Set(w.Key, there)
	}
	return found || !w.Delete
}
