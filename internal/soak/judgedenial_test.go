package soak

import (
	"cmp"
	"errors"
	"net/http"
	"time"

	"github.com/sfcancel/sfcancel/wrapper"
)

// meanings are what an error may mean. Exactly one is behind each.
var meanings = []error{
	wrapper.ErrInvalidArgument, wrapper.ErrForceRefused, wrapper.ErrNotSent, wrapper.ErrServerRefused,
	wrapper.ErrUnavailable, wrapper.ErrNotFound, wrapper.ErrOutcomeUnknown, wrapper.ErrNotFinished,
}

func meaning(err error) (number int, meant error) {
	for _, m := range meanings {
		if errors.Is(err, m) {
			meant = m
			number++
		}
	}
	return number, meant
}

// denial judges a call that ended with an error: what it says did not happen must never
// happen, and what it does not know must be hard to know.
func (j *judge) denial() {
	k := j.call
	number, meant := meaning(k.err)
	j.must(number == 1, "%d meanings are behind the error", number)
	j.must(k.result.Verdict == "", "a verdict %s beside the error", k.result.Verdict)
	if e := (*wrapper.Error)(nil); errors.As(k.err, &e) && e.State() != "" {
		j.must(j.ever(k.plan.op, func(s sight) bool { return s.state == e.State() }), "the operation was never %s meanwhile", e.State())
	}
	asked := map[deed]what{deedCancel: graceful, deedForce: force, deedStart: start, deedStop: graceful}[k.plan.do]
	if k.plan.do == deedStop && k.firstForce() < len(k.requests) {
		asked = force
	}
	if errors.Is(meant, wrapper.ErrNotFinished) {
		j.unfinished()
		j.must(k.ctxErr != nil || k.deadline > 0 && k.deadline-k.ended <= j.patience() || j.turnedAway() || k.forceSpent(), "the call could have gone on")
		return
	}
	unknown := errors.Is(meant, wrapper.ErrOutcomeUnknown)
	if !unknown && asked != "" {
		j.denies(asked)
	}
	switch {
	case errors.Is(meant, wrapper.ErrInvalidArgument):
		j.must(k.invalid() && len(k.requests) == 0, "the call was valid, or something left")
		return
	case errors.Is(meant, wrapper.ErrForceRefused):
		j.must(k.plan.do == deedForce && k.sends(force) == 0, "refused by the policy, and a force left")
		j.must(j.mayRefuse(), "the policy had nothing to refuse")
		return
	case errors.Is(meant, wrapper.ErrNotFound):
		j.must(k.plan.do == deedRead && j.ever(k.plan.op, absent), "the operation was there all the time")
		return
	case errors.Is(meant, wrapper.ErrNotSent):
		for _, q := range k.requests {
			j.must(q.served == 0 || q.what != cmp.Or(asked, list), "not sent, and %s arrived", q)
		}
	case errors.Is(meant, wrapper.ErrUnavailable):
		j.must(asked == "", "no error of a %s", k.plan.do)
	case errors.Is(meant, wrapper.ErrOutcomeUnknown):
		some := false
		for _, q := range k.requests {
			some = some || q.lost()
		}
		j.say(unexplainedUnknown, some && asked != "", "nothing that changes anything was lost")
	}
	for _, q := range k.requests {
		j.must(!q.settles(k), "%s told the client, and it does not know", q)
	}
	s := wrongVerdict
	if unknown {
		s = unexplainedUnknown
	}
	j.say(s, j.excused(), "the call could have asked again")
}

// mayRefuse says that the policy lacked something, as far as that can be seen from outside.
func (j *judge) mayRefuse() bool {
	k := j.call
	switch p := k.policy.(type) {
	case wrapper.RequireGraceful:
		for _, before := range j.calls {
			if before.tells(deedCancel, k) && before.ended+p.MinGrace <= k.began {
				return false
			}
		}
		return true
	case wrapper.GracefulFirst:
		const interval = 2 * time.Second // between its looks
		return k.ctxErr != nil || k.deadline > 0 && k.deadline-k.ended <= p.Grace+interval+j.patience()
	default:
		return false
	}
}

// denies says that nothing of what was asked for was carried out, then or later.
func (j *judge) denies(asked what) {
	for _, e := range j.cluster.did {
		j.must(e.call != j.call || e.what != asked, "it was carried out at %s", e.at)
	}
}

// settles says that the answer which the client got leaves nothing of the call open.
func (q *request) settles(k *call) bool {
	if k.plan.do != deedCancel && k.plan.do != deedForce && k.plan.do != deedStart {
		return false
	}
	s, listed := q.shows(k.plan.op)
	switch {
	case k.plan.do == deedStart:
		return q.what == start && q.class() == wrapper.Done
	case listed && (s.over || !s.found):
		return true
	case k.plan.do == deedForce && q.what == force || k.plan.do == deedCancel && q.what == graceful:
		if q.class() == wrapper.Done {
			return true
		}
	}
	return q.what == graceful && q.refusedWith(wrapper.CodeInvalidTestCommandState)
}

// sends is how many requests of the call asked for that.
func (k *call) sends(w what) (n int) {
	for _, q := range k.requests {
		if q.what == w {
			n++
		}
	}
	return n
}

// excused says that the call had a reason not to ask again.
func (j *judge) excused() bool {
	k := j.call
	if k.ctxErr != nil || k.counted() >= k.made.attempts && (k.plan.do != deedWait && k.plan.do != deedWatch || !k.everRead()) {
		return true
	}
	if len(k.requests) == 0 {
		return false
	}
	last := k.requests[len(k.requests)-1]
	if k.deadline > 0 && k.deadline-k.ended <= j.patience() {
		return true
	}
	switch last.class() {
	case wrapper.Refused:
		// These two ask for more questions, or settle everything.
		settles := last.refusedWith(wrapper.CodeInvalidTestCommandState) || last.refusedWith(wrapper.CodeKeyNotFound)
		// The id, or the node, may be taken by the start that was lost.
		taken := j.lost(k.plan.op, start) && (last.refusedWith(wrapper.CodeTestCommandOperationIDExists) || last.refusedWith(wrapper.CodeNodeTransitionInProgress))
		return last.got.status != http.StatusTooManyRequests && !settles && !taken
	case wrapper.Done:
		s, listed := last.shows(k.plan.op)
		switch {
		case !listed:
			return false
		case k.plan.do == deedStart:
			return s.kind != k.plan.kind
		case k.plan.do == deedForce:
			// Nothing settles whether a lost force arrives while the operation is Running.
			return s.state == wrapper.StateRunning && k.forceRefused()
		}
	default:
	}
	return false
}

// turnedAway says that the last answer was a no that asking again would not change.
func (j *judge) turnedAway() bool {
	n := len(j.call.requests)
	return n > 0 && j.call.requests[n-1].class() == wrapper.Refused && j.call.requests[n-1].got.status != http.StatusTooManyRequests
}

// everRead says that the call was answered by a list.
func (k *call) everRead() bool {
	for _, q := range k.requests {
		if q.what == list && q.class() == wrapper.Done {
			return true
		}
	}
	return false
}

// forceRefused says that a force was refused for lack of a graceful cancel.
func (k *call) forceRefused() bool {
	for _, q := range k.requests {
		if q.what == force && q.refusedWith(wrapper.CodeInvalidTestCommandState) {
			return true
		}
	}
	return false
}
