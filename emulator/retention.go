package emulator

import (
	"cmp"
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
// It reads the history once if up to 32 768 operations go, and once more for each 131 072 of the
// others, and holds few bytes of twice as many. Each is removed in a transaction of its own; many of those go to the store together.
func (e *Emulator) CleanUp(ctx context.Context) error {
	var errs []error
	if err := e.Sweep(ctx); err != nil {
		errs = append(errs, err)
	}
	unreadable := func(err error) { errs = append(errs, err) }
	for most := firstRemembered; ; most = thenRemembered {
		old, more, err := e.oldest(ctx, most, unreadable)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		removed, failed := e.remove(ctx, old)
		if errs = append(errs, failed...); !more || removed == 0 {
			return errors.Join(errs...)
		}
		unreadable = func(error) {} // told before
	}
}

// How many operations that have to go are remembered: few at first, which is enough if a clean-up is regular.
const (
	firstRemembered = 1 << 15
	thenRemembered  = 1 << 17
)

// oldest is what has to go, oldest first, but no more than most of it; there may be more then. Others may
// remove some meanwhile: of those, what was counted is also among the oldest, and not removed
// again.
func (e *Emulator) oldest(ctx context.Context, most int, unreadable func(error)) (old []ended, more bool, err error) {
	limit := newInstant(e.now().Add(-e.settings.CompletedActionKeepDuration))
	finished := 0
	var last *ended // of the oldest so far, once they are that many
	err = e.readEnded(ctx, func(o ended, err error) {
		if err != nil {
			unreadable(err)
			return
		}
		finished++
		if o.at.compare(limit) >= 0 || last != nil && o.compare(*last) > 0 {
			return
		}
		// Sorted when they are twice too many, which costs each of them little.
		if old = append(old, o); len(old) == 2*most {
			slices.SortFunc(old, ended.compare)
			old = old[:most]
			newest := old[most-1]
			last = &newest
		}
	})
	if err != nil {
		return nil, false, err
	}
	slices.SortFunc(old, ended.compare)
	old = old[:min(len(old), max(finished-e.settings.MaxStoredActionCount, 0), most)]
	return old, len(old) == most, nil
}

// removedAtOnce bounds the removals that go to the store together.
const removedAtOnce = 2000

// remove removes operations, but not those that were written or removed meanwhile. It says how
// many, and what failed.
func (e *Emulator) remove(ctx context.Context, old []ended) (removed int, errs []error) {
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
				switch {
				case out.Err == nil:
					removed++
				case !errors.Is(out.Err, store.ErrConflict):
					if errs = append(errs, out.Err); isOfTheStore(out.Err) {
						return removed, errs
					}
				}
			}
			txns = txns[len(outcomes):]
		}
	}
	return removed, errs
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

// readEnded tells see of every record in the history, or of the error why one cannot be read.
func (e *Emulator) readEnded(ctx context.Context, see func(o ended, err error)) error {
	var records reader
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
			id, stopped, ok := records.stopped(key, value)
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

// Clear removes every operation, the description of the cluster, and the mark of a seed, so that the store is as
// one in which nothing was ever planted; the clock of [StartClock] goes on. It is for tests: it is not one
// transaction, and what is written meanwhile may stay. A watch tells of each operation that it is Removed.
func (e *Emulator) Clear(ctx context.Context) error {
	for after := ""; ; {
		page, err := e.records.st.List(ctx, "", after, store.MaxOps)
		if err != nil {
			return err
		}
		var txn store.Txn
		for _, item := range page.Items {
			if after = item.Key; item.Key != clockKey {
				txn.Then = append(txn.Then, store.Write{Key: item.Key, Delete: true})
			}
		}
		if len(txn.Then) > 0 {
			if _, err := e.records.st.Commit(ctx, txn); err != nil {
				return err
			}
		}
		if len(page.Items) < store.MaxOps {
			return nil
		}
	}
}
