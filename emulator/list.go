package emulator

import (
	"context"
	"errors"

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

// list is the operations that match both filters, active ones first. It reads no table
// that nothing can match in (runtime §5.10), and no page after the answer is full.
func (e *Emulator) list(ctx context.Context, kinds, states int) (generated.OperationStatusList, error) {
	if err := e.available(); err != nil {
		return nil, err
	}
	var active, finished generated.OperationStatusList
	seen := make(map[uuid.UUID]bool)
	tables := []string{activePrefix, historyPrefix}
	if states != filterAll && states&(stateRunning|stateRollingBack|statesOver) == 0 {
		tables = nil
	} else if states != filterAll && states&statesOver == 0 {
		tables = tables[:1]
	}
	for _, table := range tables {
		if table == historyPrefix && len(active)+len(finished) >= maxListed {
			break
		}
		for s, err := range e.records.all(ctx, table) {
			if err == nil && matchesKind(s.Record, kinds) {
				s, err = e.settle(ctx, s)
			}
			if errors.Is(err, store.ErrNotFound) {
				continue // removed meanwhile
			}
			if err != nil {
				// Without it the list would say of an operation that it never existed.
				return nil, err
			}
			r := s.Record
			// A record that moves between the two reads is seen twice.
			if seen[r.ID] || !matchesKind(r, kinds) || !matchesState(r, states, e.profile) {
				continue
			}
			seen[r.ID] = true
			into := &active
			if r.Terminal() { // since it was settled
				into = &finished
			}
			*into = append(*into, generated.OperationStatus{OperationID: r.ID, State: r.State(), Type: r.Kind})
			// What is over gives way to active ones that are still to come.
			if len(active) == maxListed || table == historyPrefix && len(active)+len(finished) == maxListed {
				break
			}
		}
	}
	listed := append(generated.OperationStatusList{}, append(active, finished...)...)
	return listed[:min(len(listed), maxListed)], nil
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
