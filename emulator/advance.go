package emulator

import (
	"math"
	"time"
)

// advance returns the record as the engine would have left it by now
// (runtime §5.3 to §5.6). It is pure, and advancing in two goes is the
// same as advancing in one, so anyone may run it at any time.
//
// A flag takes effect only between activities: what is going on when a cancel
// arrives always goes to its end. backoff is the time between two tries of a step.
func advance(r Record, backoff time.Duration, now time.Time) Record {
	return carry(r, backoff, now, func(Record) bool { return false })
}

// carry is advance that goes no further than to a record with which enough is content.
func carry(r Record, backoff time.Duration, now time.Time, enough func(Record) bool) Record {
	var base Record // as it was when the rounds began to be counted
	rounds := 0
	for !r.Terminal() && !now.Before(r.Due) {
		switch {
		case r.Backoff:
			r = backedOff(r)
		case r.Phase == PhaseUndoing:
			r = undone(r, backoff, now)
		case r.Phase == PhasePausing:
			if rounds++; rounds == 1 {
				base = r
			} else if rounds > pauseCycle {
				r, rounds = skipCycles(base, r, now), 0
			}
			r = paused(r)
		default:
			r = carriedOut(r, backoff, now)
		}
		if enough(r) {
			break
		}
	}
	return r
}

// carriedOut is what follows when one try of the step on top is over.
func carriedOut(r Record, backoff time.Duration, now time.Time) Record {
	if r.Step == StepIntentSaved {
		switch {
		case r.Rollback == RollingBackForce:
			return abandon(r)
		case r.cancelled():
			return end(r, StepFailed)
		default:
			return begin(r, StepLookingUpState)
		}
	}
	if code := r.trouble(); code != 0 {
		return failed(r, code, backoff, now)
	}
	r.Stopped = r.Due
	if r.Step == StepPerformingActions {
		// The last step succeeded: nothing is undone, whatever the flag says.
		r.ErrorCode = 0
		return end(r, StepCompletedSuccessfully)
	}
	r.LookedUp = true
	switch {
	case r.Rollback == RollingBackForce:
		return end(r, StepFailed)
	case r.cancelled():
		return undo(r)
	default:
		return begin(r, StepPerformingActions)
	}
}

// trouble is the HRESULT with which this try of the step on top fails, 0 if it succeeds.
// What is wrong with the target counts before what the scenario makes up.
func (r Record) trouble() int32 {
	if r.Step == StepLookingUpState {
		if code := r.Found.onLookUp(r.Target, r.Due); code != 0 {
			return code
		}
		if r.Scenario.LookUpFails.fails(r.Failed.LookUp) {
			return r.Scenario.LookUpFails.hresult()
		}
		return 0
	}
	if code := r.Found.onPerform(r.Target); code != 0 {
		return code
	}
	if r.Scenario.PerformFails.fails(r.Failed.Perform) {
		return r.Scenario.PerformFails.hresult()
	}
	return 0
}

// failed is what follows when a try of the step on top has failed (§5.5).
func failed(r Record, code int32, backoff time.Duration, now time.Time) Record {
	if leavesEngine(code) || deafToGraceful(r.Kind) && !endsTransition(code) {
		return tryAgain(r, backoff, now)
	}
	if r.Rollback == RollingBackForce {
		return end(r, StepFailed)
	}
	if deafToGraceful(r.Kind) {
		// There is nothing to undo; a graceful cancel that came decides how it is shown.
		if r.Rollback != RollingBackDueToUserCancel {
			r.ErrorCode = code
		}
		return end(r, StepFailed)
	}
	if r.Step == StepPerformingActions {
		r.Failed.Perform++
	} else {
		r.Failed.LookUp++
	}
	if r.Rollback == RollingBackDueToUserCancel {
		return undo(r)
	}
	r.ErrorCode, r.Rollback = code, RollingBackAndWillFail
	if retryable(code) {
		r.Rollback = RollingBackAndWillRetry
	}
	return undo(r)
}

// undone is what follows when one try to clean up the step on top is over.
func undone(r Record, backoff time.Duration, now time.Time) Record {
	switch {
	case r.Scenario.UndoFails.fails(r.Failed.Undo):
		return tryAgain(r, backoff, now)
	case r.Rollback == RollingBackForce:
		return end(r, StepFailed)
	case r.Step == StepPerformingActions:
		r.Step = StepLookingUpState
		r.Due = r.Due.Add(r.Scenario.lasts(r))
		return r
	case r.Rollback == RollingBackAndWillRetry:
		// The runtime clears the flag and what it had found before it waits, so that in
		// the pause the operation looks like one that has only just begun.
		r.Step, r.Phase, r.Rollback, r.ErrorCode, r.LookedUp = StepLookingUpState, PhasePausing, NotRollingBack, 0, false
		r.Due = r.Due.Add(r.pause())
		return r
	default:
		return end(r, StepFailed)
	}
}

// paused is what follows when the pause before a new round is over. A flag that was
// set in it counts only now.
func paused(r Record) Record {
	switch r.Rollback {
	case RollingBackForce:
		return abandon(r)
	case RollingBackDueToUserCancel:
		return undo(r)
	default:
		r.Phase = PhaseForward
		return begin(r, StepLookingUpState)
	}
}

// tryAgain has what failed tried again after the backoff, as often as that goes on
// failing. Who asks may have been away for a week: the tries are counted, not played,
// unless a flag has a say when the backoff is over.
func tryAgain(r Record, backoff time.Duration, now time.Time) Record {
	each := r.Scenario.lasts(r)
	each += min(backoff, math.MaxInt64-each)
	f, failed := r.Scenario.LookUpFails, &r.Failed.LookUp
	switch {
	case r.Phase == PhaseUndoing:
		f, failed = r.Scenario.UndoFails, &r.Failed.Undo
	case r.Step == StepPerformingActions:
		f, failed = r.Scenario.PerformFails, &r.Failed.Perform
	}
	more := 0
	if r.Phase == PhaseUndoing && r.Rollback != RollingBackForce || r.Phase == PhaseForward && !r.heeds() {
		more = f.more(*failed, each, r.unchanged(now).Sub(r.Due))
	}
	*failed += 1 + more
	r.Backoff = true
	r.Due = r.Due.Add(time.Duration(more) * each).Add(backoff)
	return r
}

// unchanged is until when, but no later than now, every try finds what the one before it
// found: a node may come up meanwhile.
func (r Record) unchanged(now time.Time) time.Time {
	if up := r.Found.Node.Until; r.Phase == PhaseForward && up.After(r.Due) && !up.After(now) {
		return up.Add(-1)
	}
	return now
}

// backedOff is what follows when the time between two tries is over.
func backedOff(r Record) Record {
	r.Backoff = false
	switch {
	case r.Rollback == RollingBackForce:
		return end(r, StepFailed)
	case r.Phase == PhaseForward && r.heeds():
		return undo(r)
	default:
		r.Due = r.Due.Add(r.Scenario.lasts(r))
		return r
	}
}

// heeds reports whether a cancel has come that keeps a step from being carried out.
func (r Record) heeds() bool { return r.Rollback == RollingBackForce || r.cancelled() }

// undo turns back: the steps so far are cleaned up in reverse.
func undo(r Record) Record {
	r.Phase = PhaseUndoing
	r.Due = r.Due.Add(r.Scenario.lasts(r))
	return r
}

func begin(r Record, step Step) Record {
	r.Step = step
	r.Due = r.Due.Add(r.Scenario.lasts(r))
	return r
}

// end ends the operation. The runtime takes back the flag of a failure then (§5.1).
func end(r Record, step Step) Record {
	r.Step, r.Phase, r.Stopped = step, PhaseForward, r.Due
	if r.Rollback == RollingBackAndWillFail || r.Rollback == RollingBackAndWillRetry {
		r.Rollback = NotRollingBack
	}
	return r
}

// abandon ends an operation that was forced while none of its steps was under way. The
// runtime does not note the time then (Engine/ReliableFaultsEngine.cs, RunAsync).
func abandon(r Record) Record {
	r.Step, r.Phase = StepFailed, PhaseForward
	return r
}

// cancelled reports whether a graceful cancel came and has an effect.
func (r Record) cancelled() bool {
	return r.Rollback == RollingBackDueToUserCancel && !deafToGraceful(r.Kind)
}

// pause is how long the operation waits before a new round: 10 to 59 s (runtime §5.4).
// The runtime draws it; here it follows from the id and the round, so that everybody
// who advances the record gets the same.
func (r Record) pause() time.Duration {
	const least, most = 10, 59
	sum := uint32(r.Failed.LookUp+r.Failed.Perform) % pauseCycle
	for _, b := range r.ID {
		sum = sum*31 + uint32(b)
	}
	return time.Duration(least+sum%(most-least+1)) * time.Second
}

// pauseCycle is after how many rounds the pauses repeat.
const pauseCycle = 64

// skipCycles skips whole cycles of rounds that are like the one from base to r. Who asks
// may have been away for years, and a round takes less than a minute.
func skipCycles(base, r Record, now time.Time) Record {
	span := r.Due.Sub(base.Due)
	one := Failed{r.Failed.LookUp - base.Failed.LookUp, r.Failed.Perform - base.Failed.Perform, r.Failed.Undo - base.Failed.Undo}
	if r.Rollback != NotRollingBack || base.Rollback != NotRollingBack || span <= 0 {
		return r
	}
	k := int(now.Sub(r.Due) / span)
	for _, sort := range []struct {
		fails          Failure
		done, inACycle int
	}{
		{r.Scenario.LookUpFails, r.Failed.LookUp, one.LookUp},
		{r.Scenario.PerformFails, r.Failed.Perform, one.Perform},
		{r.Scenario.UndoFails, r.Failed.Undo, one.Undo},
	} {
		if sort.fails.Times >= 0 && sort.inACycle > 0 {
			// A sort that came to its end within this cycle leaves 0: no other cycle is like it.
			k = min(k, (sort.fails.Times-sort.done)/sort.inACycle)
		}
	}
	if k <= 0 {
		return r
	}
	r.Due = r.Due.Add(time.Duration(k) * span)
	if r.Stopped != base.Stopped { // the look-ups succeeded
		r.Stopped = r.Stopped.Add(time.Duration(k) * span)
	}
	r.Failed = Failed{r.Failed.LookUp + k*one.LookUp, r.Failed.Perform + k*one.Perform, r.Failed.Undo + k*one.Undo}
	return r
}
