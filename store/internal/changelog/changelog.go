// Package changelog remembers the latest transactions of a store that one process
// alone writes to, for those who watch it.
package changelog

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"sort"
	"strings"
	"sync"

	"github.com/sfcancel/sfcancel/store"
)

// The bounds of what is remembered, whichever is reached first: enough for a watcher
// that is held up for a while, and little next to what a server holds anyway.
const (
	maxChanges = 10_000
	maxBytes   = 16 << 20 // of keys and values
)

// Log is the latest transactions. Safe for concurrent use. Use [New].
type Log struct {
	mu      sync.Mutex
	changes []store.Change // ascending, after floor
	bytes   int
	floor   store.Revision // everything after it is known
	ended   error
	grown   chan struct{} // closed at the next change; nil if nobody waits
}

// New returns the log of a store that is at a revision: what comes is known, what was
// is not.
func New(at store.Revision) *Log { return &Log{floor: at} }

// Append adds a transaction that has become as lasting as it gets. Revisions must
// ascend. writes are those that had an effect; they are copied. None is nothing.
func (l *Log) Append(at store.Revision, writes []store.Write) {
	if len(writes) == 0 {
		return
	}
	change := store.Change{Revision: at, Writes: copies(writes)}
	slices.SortFunc(change.Writes, func(a, b store.Write) int { return cmp.Compare(a.Key, b.Key) })
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended != nil {
		return
	}
	l.changes = append(l.changes, change)
	l.bytes += size(change)
	drop := 0
	for ; len(l.changes)-drop > maxChanges || l.bytes > maxBytes; drop++ {
		l.bytes -= size(l.changes[drop])
		l.floor = l.changes[drop].Revision
	}
	clear(l.changes[:drop]) // what is left of the slice would keep them
	l.changes = l.changes[drop:]
	l.wake()
}

// End makes every watch end with why. The first reason is kept.
func (l *Log) End(why error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended == nil {
		l.ended, l.changes = why, nil
		l.wake()
	}
}

func (l *Log) wake() {
	if l.grown != nil {
		close(l.grown)
		l.grown = nil
	}
}

// Watch is that of [store.Store].
func (l *Log) Watch(ctx context.Context, prefix string, after store.Revision) iter.Seq2[store.Change, error] {
	return func(yield func(store.Change, error) bool) {
		for at := after; ; {
			change, err := l.next(ctx, at)
			if err != nil {
				yield(store.Change{}, err)
				return
			}
			at = change.Revision
			if change = under(prefix, change); len(change.Writes) > 0 && !yield(change, nil) {
				return
			}
		}
	}
}

// next waits for the first change after a revision.
func (l *Log) next(ctx context.Context, after store.Revision) (store.Change, error) {
	for {
		if err := ctx.Err(); err != nil {
			return store.Change{}, err
		}
		change, grown, err := l.look(after)
		if err != nil || grown == nil {
			return change, err
		}
		select {
		case <-grown:
		case <-ctx.Done():
		}
	}
}

// look returns the first change after a revision, or what to wait for.
func (l *Log) look(after store.Revision) (store.Change, <-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, err := l.after(after)
	if err != nil {
		return store.Change{}, nil, err
	}
	if i < len(l.changes) {
		return l.changes[i], nil, nil
	}
	if l.grown == nil {
		l.grown = make(chan struct{})
	}
	return store.Change{}, l.grown, nil
}

// after is where the changes after a revision begin.
func (l *Log) after(at store.Revision) (int, error) {
	switch {
	case at < 0:
		return 0, fmt.Errorf("%w: revision %d", store.ErrInvalid, at)
	case l.ended != nil:
		return 0, l.ended
	case at < l.floor:
		return 0, fmt.Errorf("%w: %d, everything after %d is known", store.ErrCompacted, at, l.floor)
	}
	return sort.Search(len(l.changes), func(i int) bool { return l.changes[i].Revision > at }), nil
}

// Recall is that of [store.Recaller], but for the revision: it is that of the last transaction with an effect, if one
// came after the revision.
func (l *Log) Recall(prefix string, after store.Revision, most int) ([]store.Change, store.Revision, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	first, err := l.after(after)
	if err != nil {
		return nil, 0, err
	}
	if n := len(l.changes) - first; n > most {
		return nil, 0, fmt.Errorf("%w: %d, after which there are %d changes, more than %d", store.ErrCompacted, after, n, most)
	}
	at := after
	var changes []store.Change
	for _, change := range l.changes[first:] {
		at = change.Revision
		if change = under(prefix, change); len(change.Writes) > 0 {
			changes = append(changes, change)
		}
	}
	return changes, at, nil
}

// under is what a change wrote under a prefix, as the caller's own copy.
func under(prefix string, c store.Change) store.Change {
	first := sort.Search(len(c.Writes), func(i int) bool { return c.Writes[i].Key >= prefix })
	last := first
	for last < len(c.Writes) && strings.HasPrefix(c.Writes[last].Key, prefix) {
		last++
	}
	return store.Change{Revision: c.Revision, Writes: copies(c.Writes[first:last])}
}

func copies(writes []store.Write) []store.Write {
	out := slices.Clone(writes)
	for i := range out {
		if out[i].Delete {
			out[i].Value = nil
		} else {
			out[i].Value = slices.Clone(out[i].Value)
		}
	}
	return out
}

func size(c store.Change) int {
	n := 0
	for _, w := range c.Writes {
		n += len(w.Key) + len(w.Value)
	}
	return n
}
