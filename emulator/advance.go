package emulator

import (
	"time"

	"github.com/sfcancel/sfcancel/generated"
)

// advance returns the record as the engine would have left it by now
// (runtime §5.3 to §5.6). It is pure, and advancing in two goes is the
// same as advancing in one, so anyone may run it at any time.
//
// A flag takes effect only between activities: what is going on when a cancel
// arrives always goes to its end.
func advance(r Record, s Scenario, now time.Time) Record {
	for !r.Terminal() && !now.Before(r.Due) {
		if r.Undoing {
			r = undone(r, s, now)
		} else {
			r = carriedOut(r, s)
		}
	}
	return r
}

// carriedOut is what follows when the step on top has run its time.
func carriedOut(r Record, s Scenario) Record {
	if r.Step == StepPerformingActions {
		if s.Fault != 0 {
			return faulted(r, s)
		}
		// The last step succeeded: nothing is undone, whatever the flag says.
		r.ErrorCode = 0
		return end(r, StepCompletedSuccessfully)
	}
	switch {
	case r.Rollback == RollingBackForce:
		return end(r, StepFailed)
	case r.Rollback == RollingBackDueToUserCancel && !deafToGraceful(r.Kind):
		return undo(r, s)
	case r.Step == StepIntentSaved:
		return begin(r, StepLookingUpState, s)
	default:
		return begin(r, StepPerformingActions, s)
	}
}

// faulted is what follows when the acting has failed for good.
func faulted(r Record, s Scenario) Record {
	r.ErrorCode = s.Fault
	if r.Rollback != RollingBackDueToUserCancel && r.Rollback != RollingBackForce {
		r.Rollback = RollingBackAndWillFail
	}
	if r.Rollback == RollingBackForce || deafToGraceful(r.Kind) { // a node transition has nothing to undo
		return end(r, StepFailed)
	}
	return undo(r, s)
}

// undone is what follows when one try to clean up the step on top is over.
func undone(r Record, s Scenario, now time.Time) Record {
	switch {
	case r.Rollback == RollingBackForce:
		return end(r, StepFailed)
	case s.UndoStuck:
		tries := now.Sub(r.Due)/undoRetryPause + 1
		r.Due = r.Due.Add(tries * undoRetryPause)
		return r
	case r.Step == StepPerformingActions:
		r.Step = StepLookingUpState
		r.Due = r.Due.Add(s.lasts(r))
		return r
	default:
		return end(r, StepFailed)
	}
}

// undo turns back: the steps so far are cleaned up in reverse. An operation that
// never had its turn has nothing to clean up.
func undo(r Record, s Scenario) Record {
	if r.Step == StepIntentSaved {
		return end(r, StepFailed)
	}
	r.Undoing = true
	r.Due = r.Due.Add(s.lasts(r))
	return r
}

func begin(r Record, step Step, s Scenario) Record {
	r.Step = step
	r.Due = r.Due.Add(s.lasts(r))
	return r
}

func end(r Record, step Step) Record {
	r.Step, r.Undoing, r.Stopped = step, false, r.Due
	return r
}

// deafToGraceful: a graceful cancel does not stop a node transition, not even a
// queued one; it runs to its end and is then shown as Cancelled (§5.3).
func deafToGraceful(kind generated.OperationType) bool {
	return kind == generated.OperationTypeNodeTransition
}
