package emulator

import (
	"time"

	"github.com/sfcancel/sfcancel/generated"
)

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
