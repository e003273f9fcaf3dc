package emulator

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/store"
)

// ErrExists is the error of [Emulator.Put] for an id that is there already, or for a
// node that is in another transition.
var ErrExists = errors.New("emulator: the operation exists, or its node is in a transition")

// leastActivity is how long what a record of Put is doing lasts at least, so that it
// can be seen as it was put.
const leastActivity = time.Second

// Put writes an operation down as if it had come to this point by itself. What is
// empty gets a value: Received is now; Due is the end of what it is doing, which has
// just begun; Scenario is what [WithScenario] chooses; Found is what there is of the
// target; an operation that is over has looked up its partition, and ended now.
//
// It returns an error that is [ErrExists], an error that says what the record lacks, or
// that of the store.
func (e *Emulator) Put(ctx context.Context, r Record) error {
	if err := r.check(); err != nil {
		return err
	}
	now := e.now().UTC()
	if r.Received.IsZero() {
		r.Received = now
	}
	if r.Scenario == (Scenario{}) {
		r.Scenario = e.scenario(r)
	}
	if r.Found == (Found{}) {
		var err error
		if r.Found, err = e.look(ctx, r.Kind, r.Target); err != nil {
			return err
		}
	}
	if r.Terminal() {
		r.Phase, r.LookedUp = PhaseForward, true
		if r.Stopped.IsZero() {
			r.Stopped = now
		}
		return e.exists(r.ID, e.records.archive(ctx, r))
	}
	if r.Phase == PhaseForward && r.turnsBack() {
		r.Phase = PhaseUndoing
	}
	if r.Step == StepPerformingActions {
		r.LookedUp = true
	}
	if r.Due.IsZero() {
		r.Due = now.Add(max(r.Scenario.lasts(r), leastActivity))
	}
	revision, err := e.freeNode(ctx, r.Kind, r.Target.NodeName)
	if isRefusal(err) {
		return fmt.Errorf("%w: %s", ErrExists, r.ID)
	}
	if err != nil {
		return err
	}
	return e.exists(r.ID, e.records.insert(ctx, r, revision))
}

func (e *Emulator) exists(id uuid.UUID, err error) error {
	if errors.Is(err, store.ErrConflict) {
		return fmt.Errorf("%w: %s", ErrExists, id)
	}
	return err
}

// turnsBack reports whether an engine that takes the record up begins by undoing:
// a flag is set that it heeds (runtime §5.8), and there is something to undo.
func (r Record) turnsBack() bool {
	switch r.Rollback {
	case RollingBackAndWillFail:
		return true
	case RollingBackAndWillRetry, RollingBackDueToUserCancel:
		return !deafToGraceful(r.Kind) && r.Step != StepIntentSaved
	default:
		return false
	}
}

// check says what is wrong with a record that comes from outside.
func (r Record) check() error {
	for _, tries := range []int{r.Failed.LookUp, r.Failed.Perform, r.Failed.Undo} {
		if tries < 0 || tries > math.MaxInt64/2 {
			return fmt.Errorf("operation %s: %d failed tries", r.ID, tries)
		}
	}
	switch r.Phase {
	case PhaseForward, PhaseUndoing, PhasePausing:
	default:
		return fmt.Errorf("operation %s: phase %q is none of Undoing and Pausing, and not empty", r.ID, r.Phase)
	}
	switch r.Kind {
	case generated.OperationTypePartitionDataLoss, generated.OperationTypePartitionQuorumLoss, generated.OperationTypePartitionRestart:
	case generated.OperationTypeNodeTransition:
		if r.Target.NodeName == "" {
			return fmt.Errorf("operation %s: a node transition needs a node", r.ID)
		}
		if t := r.Target.Transition; t != generated.NodeTransitionTypeStart && t != generated.NodeTransitionTypeStop {
			return fmt.Errorf("operation %s: transition %q: it must be Start or Stop", r.ID, t)
		}
	default:
		return fmt.Errorf("operation %s: kind %q is none of PartitionDataLoss, PartitionQuorumLoss, PartitionRestart, NodeTransition", r.ID, r.Kind)
	}
	switch r.Step {
	case StepIntentSaved, StepLookingUpState, StepPerformingActions, StepCompletedSuccessfully, StepFailed:
	default:
		return fmt.Errorf("operation %s: step %q is none of IntentSaved, LookingUpState, PerformingActions, CompletedSuccessfully, Failed", r.ID, r.Step)
	}
	switch r.Rollback {
	case NotRollingBack, RollingBackAndWillRetry, RollingBackAndWillFail, RollingBackDueToUserCancel, RollingBackForce:
		return nil
	default:
		return fmt.Errorf("operation %s: rollback %q is none of NotRollingBack, RollingBackAndWillRetryAction, "+
			"RollingBackAndWillFailAction, RollingBackDueToUserCancel, RollingBackForce", r.ID, r.Rollback)
	}
}
