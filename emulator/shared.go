package emulator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/store"
)

// filters are those of a list.
type filters struct{ kinds, states int }

// sharing makes one list for all who ask for the same at the same time, however many they are, and keeps it for
// later callers. Each caller gets the same as a list begun after its call.
type sharing struct {
	make   func(ctx context.Context, kinds, states int) (List, error)
	update func(ctx context.Context, last List, kinds, states int) (List, bool, error)
	mu     sync.Mutex
	lists  map[filters]*queued
	last   map[filters]List
}

// mostKept bounds how many lists are kept: anybody may think of filters.
const mostKept = 16

// queued is the lists with the same filters: one that is made, and one that is made when that is over.
type queued struct{ now, next *shared }

// shared is a list that several wait for.
type shared struct {
	waiting int // guarded by sharing.mu; with the last of them it ends
	ctx     context.Context
	end     context.CancelFunc
	done    chan struct{} // closed when the rest is there
	list    List
	err     error
}

func newShared(ctx context.Context) *shared {
	s := &shared{done: make(chan struct{})}
	s.ctx, s.end = context.WithCancel(context.WithoutCancel(ctx))
	return s
}

// list returns a list that was begun after the call.
func (h *sharing) list(ctx context.Context, kinds, states int) (List, error) {
	f := filters{kinds, states}
	s := h.join(ctx, f)
	select {
	case <-s.done:
		return s.list, s.err
	case <-ctx.Done():
		h.mu.Lock()
		defer h.mu.Unlock()
		if s.waiting--; s.waiting > 0 {
			return List{}, ctx.Err()
		}
		s.end()
		if q := h.lists[f]; q != nil && q.next == s {
			q.next = nil
		}
		return List{}, ctx.Err()
	}
}

// join is the list that somebody who comes now may have.
func (h *sharing) join(ctx context.Context, f filters) *shared {
	h.mu.Lock()
	defer h.mu.Unlock()
	q := h.lists[f]
	if q == nil {
		q = &queued{now: newShared(ctx)}
		h.lists[f] = q
		q.now.waiting++
		go h.work(f, q)
		return q.now
	}
	if q.next == nil {
		q.next = newShared(ctx)
	}
	q.next.waiting++
	return q.next
}

// work makes lists as long as somebody waits for one.
func (h *sharing) work(f filters, q *queued) {
	for s := q.now; s != nil; s = h.following(f, q) {
		s.list, s.err = h.protected(s.ctx, f)
		s.end()
		close(s.done)
	}
}

func (h *sharing) following(f filters, q *queued) *shared {
	h.mu.Lock()
	defer h.mu.Unlock()
	q.now, q.next = q.next, nil
	if q.now == nil {
		delete(h.lists, f)
	}
	return q.now
}

// protected makes a list, and an error of a panic, which in this goroutine would end the process.
func (h *sharing) protected(ctx context.Context, f filters) (l List, err error) {
	defer func() {
		if v := recover(); v != nil {
			l, err = List{}, fmt.Errorf("panic: %v\n%s", v, debug.Stack())
		}
	}()
	return h.upToDate(ctx, f)
}

// upToDate brings the last list up to date, or makes one.
func (h *sharing) upToDate(ctx context.Context, f filters) (List, error) {
	h.mu.Lock()
	last := h.last[f] // the zero List is none that can be
	h.mu.Unlock()
	made, done, err := h.update(ctx, last, f.kinds, f.states)
	if !done && err == nil {
		made, err = h.make(ctx, f.kinds, f.states)
	}
	if err != nil {
		return List{}, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.last) >= mostKept {
		clear(h.last)
	}
	h.last[f] = made
	return made, nil
}

// mostUpdates bounds how many changes a list is brought up to date with: to read it anew is cheaper than many.
const mostUpdates = 256

// update brings a list up to date with what was committed since it was read, and returns what [Emulator.list] would,
// begun now. It says false if it cannot: the list was not read at one moment, something has fallen due since or is
// not written as usual, the changes are not remembered or too many, or the list was full and something behind its end
// would move up.
func (e *Emulator) update(ctx context.Context, last List, kinds, states int) (List, bool, error) {
	if err := e.available(); err != nil {
		return List{}, false, err
	}
	now := e.now()
	if last.revision <= 0 || !last.until.IsZero() && !now.Before(last.until) {
		return List{}, false, nil
	}
	changes, at, err := store.Recall(ctx, e.records.st, allOperations, last.revision, mostUpdates)
	switch {
	case errors.Is(err, store.ErrCompacted):
		return List{}, false, nil
	case err != nil:
		return List{}, false, answered(err)
	case len(changes) == 0:
		last.revision = at
		return last, true, nil
	}
	l := &listing{
		e: e, kinds: kinds, states: states, now: now, until: last.until,
		active: slices.Clone(last.active), over: slices.Clone(last.over), // callers have the last list
	}
	cut := last.Len() == maxListed // and only those that are over up to its last one are known
	for _, change := range changes {
		for _, w := range change.Writes {
			if !l.carryOut(w, cut) {
				return List{}, false, nil
			}
		}
	}
	if len(l.active) > maxListed || cut && l.room() > 0 {
		return List{}, false, nil
	}
	return List{active: l.active, over: l.over[:min(len(l.over), maxListed-len(l.active))], revision: at, until: l.until}, true, nil
}

// carryOut carries out a write in the list. It says false if what was written may be due, or is not written as usual.
func (l *listing) carryOut(w store.Write, cut bool) bool {
	text, active := strings.CutPrefix(w.Key, activePrefix)
	table := &l.active
	if !active {
		var over bool
		if text, over = strings.CutPrefix(w.Key, historyPrefix); !over {
			return true // who holds a node, which no list shows
		}
		table = &l.over
	}
	id, known := parseID([]byte(text))
	if !known {
		return false
	}
	o := line{id, unlisted}
	if !w.Delete {
		b, ok := l.records.brief([]byte(w.Key), w.Value)
		if !ok || b.shape.over() == active {
			return false
		}
		if active && l.rule(b.shape).kind {
			if !l.now.Before(b.due) {
				return false
			}
			l.lasts(b.due)
		}
		if l.rule(b.shape).shown {
			o.shape = b.shape
		}
	}
	at, there := slices.BinarySearchFunc(*table, id, func(o line, id uuid.UUID) int { return bytes.Compare(o.id[:], id[:]) })
	switch {
	case there && o.shape == unlisted:
		*table = slices.Delete(*table, at, at+1)
	case there:
		(*table)[at] = o
	case o.shape == unlisted, cut && !active && at == len(*table):
	default:
		*table = slices.Insert(*table, at, o)
	}
	return true
}
