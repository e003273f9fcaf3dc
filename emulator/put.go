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
		return within("operation "+r.ID.String(), err)
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

// check says everything that is wrong with a record that comes from outside.
func (r Record) check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for _, tries := range []int{r.Failed.LookUp, r.Failed.Perform, r.Failed.Undo} {
		if tries < 0 || tries > math.MaxInt64/2 {
			wrong("%d failed tries", tries)
		}
	}
	switch r.Phase {
	case PhaseForward, PhaseUndoing, PhasePausing:
	default:
		wrong("phase %q: it must be Undoing, Pausing or empty", r.Phase)
	}
	if !isKind(r.Kind) {
		wrong("kind %q: %s", r.Kind, kindsText)
	}
	if r.Kind == generated.OperationTypeNodeTransition {
		if r.Target.NodeName == "" {
			wrong("node is missing: a node transition needs one")
		}
		if t := r.Target.Transition; t != generated.NodeTransitionTypeStart && t != generated.NodeTransitionTypeStop {
			wrong("transition %q: it must be Start or Stop", t)
		}
	}
	switch r.Step {
	case StepIntentSaved, StepLookingUpState, StepPerformingActions, StepCompletedSuccessfully, StepFailed:
	default:
		wrong("step %q: it must be IntentSaved, LookingUpState, PerformingActions, CompletedSuccessfully or Failed", r.Step)
	}
	switch r.Rollback {
	case NotRollingBack, RollingBackAndWillRetry, RollingBackAndWillFail, RollingBackDueToUserCancel, RollingBackForce:
	default:
		wrong("rollback %q: it must be NotRollingBack, RollingBackAndWillRetryAction, RollingBackAndWillFailAction, "+
			"RollingBackDueToUserCancel or RollingBackForce", r.Rollback)
	}
	if !modeFits(r.Kind, r.Target.Mode) {
		wrong("mode %q: a %s has no such mode", r.Target.Mode, r.Kind)
	}
	return errors.Join(errs...)
}

// modeFits reports whether a kind has a mode of that name. Nobody has to say one.
func modeFits(kind generated.OperationType, mode string) bool {
	switch mode {
	case "":
		return true
	case string(generated.DataLossModePartialDataLoss), string(generated.DataLossModeFullDataLoss):
		return kind == generated.OperationTypePartitionDataLoss
	case string(generated.QuorumLossModeQuorumReplicas), string(generated.QuorumLossModeQuorumLossReplicas), string(generated.QuorumLossModeAllReplicas):
		return kind == generated.OperationTypePartitionQuorumLoss
	case string(generated.RestartPartitionModeAllReplicasOrInstances), string(generated.RestartPartitionModeOnlyActiveSecondaries):
		return kind == generated.OperationTypePartitionRestart
	default:
		return false
	}
}
