package emulator

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"iter"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/store"
)

// operationsPrefix is that of both tables, and of the nodes that are held.
const operationsPrefix = "operations/"

// Transition is what happened to an operation: it was accepted, its [Step] or its
// [Rollback] changed, and with them perhaps its state, or it was removed. Each is one
// transaction in the store, and each is told once.
//
// There is one thing that is not a transition, though the step and the flag change: what a
// partition kind goes through, for ever if need be, between a first try that failed and
// the moment at which it is no longer shown as Running (runtime §5.4). It is told that the
// operation starts over, with [RollingBackAndWillRetry], and then nothing until it rolls
// back or ends.
type Transition struct {
	// Revision is where [Emulator.Watch] goes on after this one, on any replica.
	Revision store.Revision
	// Record is the operation as it is from then on. Only its ID is there if it was
	// Removed.
	Record Record
	// Removed says that [Emulator.CleanUp] removed the operation.
	Removed bool
	// Missed says that the store has forgotten what happened: there may have been other
	// transitions of the operation before this one, or none at all.
	Missed bool
}

// Watch yields the transitions of all operations after a revision, whichever replica made
// them, each exactly once and in the order in which they happened. It waits for the next
// one for as long as it takes. A transition happens when it is written down: when somebody
// asks, or [Emulator.Run] does.
//
// After revision 0 it begins with the operations that there are, as they are written down,
// and goes on from there. All but the last of these have revision 0: who breaks off among
// them has to begin anew. Any other revision is that of a [Transition] before, of any
// watch, on any replica.
//
// A store does not remember for ever. If it has forgotten what came after the revision, or
// forgets it while the caller is slow, Watch yields the operations that were written since,
// as they are now, and marks them as Missed; all but the last have the revision from which
// they are missed. Operations that it has told of and that are gone are Missed and Removed.
//
// It ends when the caller breaks off, or by yielding an error, with the zero Transition, as
// the last thing it does: that of ctx, or of the store. A record that cannot be read is an
// error as well, but it comes with its revision and the ID that it is under, and the watch
// goes on after it.
func (e *Emulator) Watch(ctx context.Context, after store.Revision) iter.Seq2[Transition, error] {
	return func(yield func(Transition, error) bool) {
		w := &watcher{records: e.records, at: after, told: make(map[uuid.UUID]bool), yield: yield}
		var err error
		if after == 0 {
			err = w.list(ctx, false)
		}
		for err == nil && !w.left {
			if err = w.follow(ctx); errors.Is(err, store.ErrCompacted) {
				err = w.list(ctx, true)
			}
		}
		if !w.left {
			yield(Transition{}, err)
		}
	}
}

// watcher is one use of [Emulator.Watch].
type watcher struct {
	records records
	at      store.Revision
	told    map[uuid.UUID]bool // the operations that are there, as far as was told
	yield   func(Transition, error) bool
	left    bool // the caller has broken off
}

// tell yields, and says false if the caller has broken off.
func (w *watcher) tell(t Transition, err error) bool {
	if t.Removed {
		delete(w.told, t.Record.ID)
	} else {
		w.told[t.Record.ID] = true
	}
	w.left = !w.yield(t, err)
	return !w.left
}

// list tells what is there that is newer than what was told. It reads everything at once:
// what was read at two moments would have to be told in an order that it never had.
func (w *watcher) list(ctx context.Context, missed bool) error {
	page, err := w.records.st.List(ctx, operationsPrefix, "", math.MaxInt)
	if err != nil {
		return err
	}
	type news struct {
		Transition
		err error
	}
	var all []news
	gone := maps.Clone(w.told)
	slices.SortStableFunc(page.Items, func(a, b store.Item) int { return cmp.Compare(a.Revision, b.Revision) })
	for _, item := range page.Items {
		if err := ctx.Err(); err != nil {
			return err
		}
		id, ok := operationID(item.Key)
		if !ok {
			continue
		}
		delete(gone, id)
		if item.Revision > w.at {
			r, _, err := readable(id, item)
			all = append(all, news{Transition{Revision: w.at, Record: r, Missed: missed}, err})
		}
	}
	for _, id := range slices.SortedFunc(maps.Keys(gone), func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }) {
		all = append(all, news{Transition: Transition{Revision: w.at, Record: Record{ID: id}, Removed: true, Missed: true}})
	}
	w.at = page.Revision
	for i, n := range all {
		if err := ctx.Err(); err != nil {
			return err
		}
		if i == len(all)-1 {
			n.Revision = w.at
		}
		if !w.tell(n.Transition, n.err) {
			return nil
		}
	}
	return nil
}

// follow tells what is written, until the store tells no more.
func (w *watcher) follow(ctx context.Context) error {
	if w.left {
		return nil
	}
	for change, err := range w.records.st.Watch(ctx, operationsPrefix, w.at) {
		if err != nil {
			return err
		}
		w.at = change.Revision
		for _, write := range change.Writes {
			if t, tells, err := transition(change.Revision, write); tells && !w.tell(t, err) {
				return nil
			}
		}
	}
	return nil
}

// transition is the one that a write is, if it is one. An active record that is deleted has
// moved to the history, in the same transaction.
func transition(at store.Revision, w store.Write) (t Transition, is bool, err error) {
	id, ok := operationID(w.Key)
	switch {
	case !ok:
		return t, false, nil
	case w.Delete:
		return Transition{Revision: at, Record: Record{ID: id}, Removed: true}, strings.HasPrefix(w.Key, historyPrefix), nil
	}
	r, quiet, err := readable(id, store.Item{Key: w.Key, Value: w.Value, Revision: at})
	return Transition{Revision: at, Record: r}, !quiet, err
}

// readable is a record, and whether its last write was no transition. One that cannot be
// read has the ID that it is under, and nothing else.
func readable(id uuid.UUID, item store.Item) (Record, bool, error) {
	s, err := decode(item)
	if err != nil {
		return Record{ID: id}, false, err
	}
	return s.Record, s.Quiet, nil
}

// operationID is the operation that a key is of, if it is one of the two tables'.
func operationID(key string) (uuid.UUID, bool) {
	text, active := strings.CutPrefix(key, activePrefix)
	if !active {
		var over bool
		if text, over = strings.CutPrefix(key, historyPrefix); !over {
			return uuid.UUID{}, false
		}
	}
	id, err := uuid.Parse(text)
	return id, err == nil
}
