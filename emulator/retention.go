package emulator

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/store"
)

// CleanUp removes old operations, as the runtime does every
// [Settings.StoredActionCleanupInterval] (runtime §5.8): while more are finished than
// [Settings.MaxStoredActionCount], the ones that ended longer than
// [Settings.CompletedActionKeepDuration] ago go, oldest first, until no more than that
// are left. An id that was removed is unknown, and may be used again. Any number of
// emulators may clean up one store. Errors are as those of [Emulator.Sweep].
//
// It holds few bytes of each operation that goes, and nothing of the others. Each is removed in
// a transaction of its own; many of those go to the store together.
func (e *Emulator) CleanUp(ctx context.Context) error {
	var errs []error
	if err := e.Sweep(ctx); err != nil {
		errs = append(errs, err)
	}
	// How many may have to go, to know how many of the oldest to remember.
	finished := 0
	err := e.readEnded(ctx, func(_ ended, err error) {
		if finished++; err != nil {
			finished--
			errs = append(errs, err)
		}
	})
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	if finished <= e.settings.MaxStoredActionCount {
		return errors.Join(errs...)
	}
	old, err := e.oldest(ctx, finished-e.settings.MaxStoredActionCount)
	if err != nil {
		errs = append(errs, err)
	}
	return errors.Join(append(errs, e.remove(ctx, old)...)...)
}

// oldest is what has to go, oldest first, and no more than most of it. It counts for itself:
// others may have removed some meanwhile.
func (e *Emulator) oldest(ctx context.Context, most int) ([]ended, error) {
	limit := newInstant(e.now().Add(-e.settings.CompletedActionKeepDuration))
	var old latestFirst
	finished := 0
	err := e.readEnded(ctx, func(o ended, err error) {
		if err != nil {
			return // told before
		}
		finished++
		switch {
		case o.at.compare(limit) >= 0:
		case len(old) < most:
			heap.Push(&old, o)
		case o.compare(old[0]) < 0:
			old[0] = o
			heap.Fix(&old, 0)
		}
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(old, ended.compare)
	return old[:min(len(old), max(finished-e.settings.MaxStoredActionCount, 0))], nil
}

// removedAtOnce bounds the removals that go to the store together.
const removedAtOnce = 2000

// remove removes operations, but not those that were written or removed meanwhile.
func (e *Emulator) remove(ctx context.Context, old []ended) (errs []error) {
	for some := range slices.Chunk(old, removedAtOnce) {
		txns := make([]store.Txn, len(some))
		for i, o := range some {
			key := historyKey(o.id)
			txns[i] = store.Txn{
				If:   []store.Condition{{Key: key, Revision: o.revision}},
				Then: []store.Write{{Key: key, Delete: true}},
			}
		}
		for len(txns) > 0 {
			outcomes := store.CommitEach(ctx, e.records.st, txns)
			for _, out := range outcomes {
				if out.Err != nil && !errors.Is(out.Err, store.ErrConflict) {
					if errs = append(errs, out.Err); isOfTheStore(out.Err) {
						return errs
					}
				}
			}
			txns = txns[len(outcomes):]
		}
	}
	return errs
}

// ended is what a clean-up has to know of a record.
type ended struct {
	id       uuid.UUID
	at       instant
	revision store.Revision
}

func (o ended) compare(other ended) int {
	return cmp.Or(o.at.compare(other.at), slices.Compare(o.id[:], other.id[:]))
}

// instant is a [time.Time] without its zone, and without a pointer.
type instant struct {
	seconds     int64
	nanoseconds int32
}

func newInstant(t time.Time) instant { return instant{t.Unix(), int32(t.Nanosecond())} }

func (i instant) compare(other instant) int {
	return cmp.Or(cmp.Compare(i.seconds, other.seconds), cmp.Compare(i.nanoseconds, other.nanoseconds))
}

// latestFirst is a heap.
type latestFirst []ended

func (h latestFirst) Len() int           { return len(h) }
func (h latestFirst) Less(i, j int) bool { return h[i].compare(h[j]) > 0 }
func (h latestFirst) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *latestFirst) Push(x any)        { *h = append(*h, x.(ended)) }
func (h *latestFirst) Pop() any {
	last := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return last
}

// readEnded tells see of every record in the history, or of the error why one cannot be read.
func (e *Emulator) readEnded(ctx context.Context, see func(o ended, err error)) error {
	after, items := "", pageSize
	for items == pageSize {
		if err := ctx.Err(); err != nil {
			return err
		}
		items = 0
		_, err := store.Scan(ctx, e.records.st, historyPrefix, after, pageSize, func(key, value []byte, at store.Revision) bool {
			if items++; items == pageSize {
				after = string(key)
			}
			id, stopped, ok := readStopped(key, value)
			if ok {
				see(ended{id, newInstant(stopped), at}, nil)
				return true
			}
			s, err := decode(store.Item{Key: string(key), Value: value, Revision: at})
			see(ended{s.ID, newInstant(s.Stopped), at}, err)
			return true
		})
		if err != nil {
			return err
		}
	}
	return nil
}
