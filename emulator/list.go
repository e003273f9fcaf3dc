package emulator

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
)

// The bits of the two filters (runtime §5.10).
const (
	filterAll = 0xFFFF

	stateRunning        = 1
	stateRollingBack    = 2
	stateCompleted      = 8
	stateFailed         = 16
	stateCancelled      = 32
	stateForceCancelled = 64
	statesOver          = stateCompleted | stateFailed | stateCancelled | stateForceCancelled

	kindDataLoss       = 1
	kindQuorumLoss     = 2
	kindRestart        = 4
	kindNodeTransition = 8
)

// maxListed is the runtime's list size; there are no pages.
const maxListed = 10000

// maxSnapshots is how often the active table is read for one list.
const maxSnapshots = 4

// list is the operations that match both filters, active ones first. It reads no table
// that nothing can match in (runtime §5.10), and no page after the answer is full.
//
// It is what was stored at one moment, that of the read of the active table, whatever is
// written while it goes on. There are two exceptions. Operations that [Emulator.CleanUp]
// removes between that read and the last may be missing. And if more than maxListed are
// active, the read does not find them all; the rest, and then the history, are read page by
// page, each page at a moment of its own: then each operation is shown as it was at some
// moment of the call, but not all of them at the same.
func (e *Emulator) list(ctx context.Context, kinds, states int) (generated.OperationStatusList, error) {
	if err := e.available(); err != nil {
		return nil, err
	}
	l := &listing{e: e, kinds: kinds, states: states, now: e.now(), seen: make(map[uuid.UUID]bool)}
	if states != filterAll && states&(stateRunning|stateRollingBack|statesOver) == 0 {
		return generated.OperationStatusList{}, nil
	}
	// Without a record that cannot be read or settled the list would say of an operation
	// that it never existed: any error ends it.
	at, err := l.readActive(ctx)
	if err == nil && (states == filterAll || states&statesOver != 0) && !l.full() {
		err = l.readHistory(ctx, at)
	}
	if err != nil {
		return nil, err
	}
	listed := append(generated.OperationStatusList{}, append(l.active, l.finished...)...)
	return listed[:min(len(listed), maxListed)], nil
}

// listing is one list in the making.
type listing struct {
	e                *Emulator
	kinds, states    int
	now              time.Time // one for all: what becomes due while the list is made is not waited for
	unwritable       bool      // the store has refused to write, and is not asked again
	seen             map[uuid.UUID]bool
	active, finished generated.OperationStatusList
}

func (l *listing) full() bool { return len(l.active)+len(l.finished) >= maxListed }

// add lists an operation if it matches. One that moves between two reads is seen twice.
func (l *listing) add(r Record) {
	if l.seen[r.ID] || !matchesKind(r, l.kinds) || !matchesState(r, l.states, l.e.profile) {
		return
	}
	l.seen[r.ID] = true
	into := &l.active
	if r.Terminal() {
		into = &l.finished
	}
	*into = append(*into, generated.OperationStatus{OperationID: r.ID, State: r.State(), Type: r.Kind})
}

// settle is [Emulator.settle] for what may be listed. Where nothing can be written it is
// what is stored.
func (l *listing) settle(ctx context.Context, s stored) (stored, error) {
	if l.unwritable || !matchesKind(s.Record, l.kinds) {
		return s, nil
	}
	after, err := l.e.settleBy(ctx, s, l.now)
	if unwritten(after, err) {
		l.unwritable, err = true, nil
	}
	return after, err
}

// severalMoments is in place of the revision of a list that has none. 0 is one: that of a
// store in which nothing was ever written.
const severalMoments store.Revision = -1

// readActive lists what is active, and returns the revision at which that was all, or
// severalMoments because the table is too big. What is due is written down, and then the
// table is read again, so that what is listed was stored at one moment. If something is
// still due then, over and over, it has been written since the list began, and is listed as
// it is stored.
func (l *listing) readActive(ctx context.Context) (store.Revision, error) {
	for reads := 1; ; reads++ {
		page, err := l.e.records.st.List(ctx, activePrefix, "", maxListed+1)
		if err != nil {
			return 0, err
		}
		if len(page.Items) > maxListed {
			return severalMoments, l.readPages(ctx, page)
		}
		snapshot, moved := make([]stored, len(page.Items)), false
		for i, item := range page.Items {
			if snapshot[i], err = decode(item); err != nil {
				return 0, err
			}
			if reads == maxSnapshots {
				continue
			}
			after, err := l.settle(ctx, snapshot[i])
			if err != nil && !errors.Is(err, store.ErrNotFound) { // removed meanwhile
				return 0, err
			}
			moved = moved || after.revision != item.Revision
		}
		if moved {
			continue
		}
		for _, s := range snapshot {
			l.add(s.Record)
		}
		return page.Revision, nil
	}
}

// readPages lists what is active from a first page on, each operation as it is when it is
// its turn.
func (l *listing) readPages(ctx context.Context, first store.Page) error {
	for s, err := range l.e.records.from(ctx, activePrefix, first) {
		if err == nil {
			s, err = l.settle(ctx, s)
		}
		if errors.Is(err, store.ErrNotFound) {
			continue // removed meanwhile
		}
		if err != nil {
			return err
		}
		// What is over gives way to active ones that are still to come.
		if l.add(s.Record); len(l.active) == maxListed {
			return nil
		}
	}
	return nil
}

// readHistory lists what is over, until the list is full. What was written there after
// the active table was read was active then, and is listed as that, or began since. All that
// was there at that moment still is, unless it was removed.
func (l *listing) readHistory(ctx context.Context, at store.Revision) error {
	for s, err := range l.e.records.all(ctx, historyPrefix) {
		if err != nil {
			return err
		}
		if at != severalMoments && s.revision > at {
			continue
		}
		if l.add(s.Record); l.full() {
			return nil
		}
	}
	return nil
}

// matchesKind: 0 and 0xFFFF mean every kind, and other bits match nothing.
func matchesKind(r Record, filter int) bool {
	if filter == 0 || filter == filterAll {
		return true
	}
	switch r.Kind {
	case generated.OperationTypePartitionDataLoss:
		return filter&kindDataLoss != 0
	case generated.OperationTypePartitionQuorumLoss:
		return filter&kindQuorumLoss != 0
	case generated.OperationTypePartitionRestart:
		return filter&kindRestart != 0
	case generated.OperationTypeNodeTransition:
		return filter&kindNodeTransition != 0
	default:
		return false
	}
}

// matchesState: 0 finds nothing and 0xFFFF everything. By the documents each bit is a
// state as it is shown. In the runtime they overlap: Running also finds what is rolling
// back, and the two endings also find what a cancel ended.
func matchesState(r Record, filter int, profile server.Profile) bool {
	if filter == filterAll {
		return true
	}
	if profile != server.Runtime {
		return filter&bitOf(r.State()) != 0
	}
	if !r.Terminal() {
		return filter&stateRunning != 0 ||
			filter&stateRollingBack != 0 && r.State() == generated.OperationStateRollingBack
	}
	return filter&stateCompleted != 0 && r.Step == StepCompletedSuccessfully ||
		filter&stateFailed != 0 && r.Step == StepFailed ||
		filter&stateCancelled != 0 && r.Rollback == RollingBackDueToUserCancel ||
		filter&stateForceCancelled != 0 && r.Rollback == RollingBackForce
}

func bitOf(state generated.OperationState) int {
	switch state {
	case generated.OperationStateRunning:
		return stateRunning
	case generated.OperationStateRollingBack:
		return stateRollingBack
	case generated.OperationStateCompleted:
		return stateCompleted
	case generated.OperationStateFaulted:
		return stateFailed
	case generated.OperationStateCancelled:
		return stateCancelled
	case generated.OperationStateForceCancelled:
		return stateForceCancelled
	default:
		return 0
	}
}
