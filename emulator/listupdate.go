package emulator

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/store"
)

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
