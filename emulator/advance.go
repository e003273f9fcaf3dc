package emulator

import (
	"container/heap"
	"math"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
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

// stage is where an operation stands, as far as anybody may be told of it. A change of
// stage is a transition: each has a transaction of its own, and a [Transition] tells of
// it. Changes within a stage may be skipped over.
type stage struct {
	step Step
	flag Rollback
}

// stage is the step and the flag, with one exception. A partition kind of which a try has
// failed, and that is still shown as Running, starts over: again and again it goes through
// its steps and back (runtime §5.4), for ever if need be, and no caller can see anything of
// it. All of that is one stage. So no operation has more than ten transitions, however long
// nobody looked at it.
func (r Record) stage() stage {
	startsOver := r.Rollback == RollingBackAndWillRetry || !deafToGraceful(r.Kind) && r.Failed.LookUp+r.Failed.Perform > 0
	if startsOver && r.State() == generated.OperationStateRunning {
		return stage{flag: RollingBackAndWillRetry}
	}
	return stage{r.Step, r.Rollback}
}

// next carries the record on to its next transition, or to now if none is due by then. It
// says false if nothing at all is due. Whoever repeats it comes to what [advance] says.
func next(r Record, backoff time.Duration, now time.Time) (Record, bool) {
	if r.Terminal() || now.Before(r.Due) {
		return r, false
	}
	before := r.stage()
	return carry(r, backoff, now, func(r Record) bool { return r.stage() != before }), true
}

// moment is when the next transition comes if nobody interferes. It says false if that is
// not before the horizon.
func moment(r Record, backoff time.Duration, horizon time.Time) (at time.Time, comes bool) {
	before, at := r.stage(), r.Due
	carry(r, backoff, horizon, func(r Record) bool {
		if comes = r.stage() != before; !comes {
			at = r.Due
		}
		return comes
	})
	return at, comes
}

// schedule says which operation moves next, and when, in the engine's time. Safe for
// concurrent use. Use newSchedule.
type schedule struct {
	mu     sync.Mutex
	queue  queue
	byID   map[uuid.UUID]*planned
	failed []uuid.UUID   // taken, and in vain
	sooner chan struct{} // hears that the first moment has become an earlier one
}

type planned struct {
	id uuid.UUID
	at time.Time
	i  int // where it is in the queue
}

func newSchedule() *schedule {
	return &schedule{byID: make(map[uuid.UUID]*planned), sooner: make(chan struct{}, 1)}
}

// set says when an operation moves. It takes the place of what was said before.
func (s *schedule) set(id uuid.UUID, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.byID[id]; p != nil {
		p.at = at
		heap.Fix(&s.queue, p.i)
	} else {
		p = &planned{id: id, at: at}
		s.byID[id] = p
		heap.Push(&s.queue, p)
	}
	if s.queue[0].id == id {
		select {
		case s.sooner <- struct{}{}:
		default:
		}
	}
}

// remove says that an operation moves no more.
func (s *schedule) remove(id uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.byID[id]; p != nil {
		delete(s.byID, id)
		heap.Remove(&s.queue, p.i)
	}
}

// take removes and returns an operation that moves now or should have before.
func (s *schedule) take(now time.Time) (uuid.UUID, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 || s.queue[0].at.After(now) {
		return uuid.UUID{}, false
	}
	id := heap.Pop(&s.queue).(*planned).id
	delete(s.byID, id)
	return id, true
}

// postpone puts an operation aside that was taken in vain.
func (s *schedule) postpone(id uuid.UUID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = append(s.failed, id)
}

// resume has what was put aside taken again.
func (s *schedule) resume(now time.Time) {
	s.mu.Lock()
	failed := s.failed
	s.failed = nil
	s.mu.Unlock()
	for _, id := range failed {
		s.set(id, now)
	}
}

// wait is how long it is until the next one moves, at most as long as that.
func (s *schedule) wait(now time.Time, most time.Duration) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue) == 0 {
		return most
	}
	return max(min(s.queue[0].at.Sub(now), most), 0)
}

// queue is a heap of what is planned, the earliest first.
type queue []*planned

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].i, q[j].i = i, j
}

// Push implements [heap.Interface].
func (q *queue) Push(p any) {
	last := p.(*planned)
	last.i = len(*q)
	*q = append(*q, last)
}

// Pop implements [heap.Interface].
func (q *queue) Pop() any {
	n := len(*q) - 1
	last := (*q)[n]
	(*q)[n] = nil
	*q = (*q)[:n]
	return last
}
