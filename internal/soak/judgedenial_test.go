package soak

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/wrapper"
)

// meanings are what an error may mean. Exactly one is behind each.
var meanings = []error{
	wrapper.ErrInvalidArgument, wrapper.ErrForceRefused, wrapper.ErrNotSent, wrapper.ErrServerRefused,
	wrapper.ErrUnavailable, wrapper.ErrOutcomeUnknown, wrapper.ErrNotFinished,
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
	if j.plan.strict {
		j.contexts(context.DeadlineExceeded, context.Canceled)
	}
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
		j.must(k.ctxErr != nil || k.deadline > 0 && k.deadline-k.ended <= j.patience() || j.turnedAway() || k.forceSpent() || k.forceRefused() || k.ledger.failed(), "the call could have gone on")
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
		j.must(j.mayRefuse() || k.ledger.failed(), "the policy had nothing to refuse")
		return
	case errors.Is(meant, wrapper.ErrNotSent):
		for _, q := range k.requests {
			j.must(q.served == 0 || q.what != cmp.Or(asked, list), "not sent, and %s arrived", q)
		}
	case errors.Is(meant, wrapper.ErrUnavailable):
		j.must(asked == "", "no error of a %s", k.plan.do)
	case errors.Is(meant, wrapper.ErrOutcomeUnknown):
		j.say(unexplainedUnknown, k.mayHaveHappened() && asked != "", "nothing that changes anything was lost")
	}
	for _, q := range k.requests {
		j.must(!q.settles(k), "%s told the client, and it does not know", q)
	}
	s := wrongVerdict
	if unknown {
		s = unexplainedUnknown
	}
	excuse := j.excused()
	if n := len(k.requests); n > 0 && k.plan.do == deedStart && k.requests[n-1].mayBeCopy() {
		j.say(s, excuse, "it was refused as existing, an operation of that kind exists, and the call did not look")
		return
	}
	j.say(s, excuse, "the call could have asked again")
}

// mayHaveHappened says that a request of the call was lost, or refused as its own copy would
// be, and that nothing told since that it was none: what is Running is not forced.
func (k *call) mayHaveHappened() (copied bool) {
	for _, q := range k.requests {
		if q.lost() {
			return true
		}
		if s, ok := q.shows(k.plan.op); ok && s.state == wrapper.StateRunning && k.sends(force) > 0 {
			copied = false
		}
		copied = copied || q.mayBeCopy()
	}
	return copied
}

// mayRefuse says that the policy lacked something, as far as that can be seen from outside.
func (j *judge) mayRefuse() bool {
	k := j.call
	switch p := k.policy.(type) {
	case wrapper.RequireGraceful:
		for _, before := range j.calls {
			// What a clock that is ahead noted may look as if its grace had just begun.
			if op := k.plan.op; before.tells(deedCancel, k) && before.ended+p.MinGrace <= k.began && (before.made.shift <= k.made.shift || p.MinGrace == 0) &&
				before.life(op) == j.cluster.lifeAt(op, k.ended) && !j.seemedOver(op, before) {
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
		j.must(e.call != j.call || e.what != asked || j.forgot(e), "it was carried out at %s", e.at)
	}
}

// forgot says that no request of the call was lost, and that the cluster had forgotten the
// operation before the call was over: nobody can tell then a copy of what was carried out
// from a request that was refused. Clusters remember for days.
func (j *judge) forgot(e effect) bool {
	if j.lost(e.op, e.what) {
		return false
	}
	for _, s := range j.cluster.seen {
		if s.op == e.op && !s.found && s.at > e.at && s.at <= j.call.ended {
			return true
		}
	}
	return false
}

// settles says that the answer which the client got leaves nothing of the call open.
func (q *request) settles(k *call) bool {
	if k.plan.do != deedCancel && k.plan.do != deedForce && k.plan.do != deedStart {
		return false
	}
	s, listed := q.shows(k.plan.op)
	switch {
	case k.plan.do == deedStart:
		return q.what == start && q.class() == classDone
	case listed && (s.over || !s.found):
		return true
	case k.plan.do == deedForce && q.what == force || k.plan.do == deedCancel && q.what == graceful:
		if q.class() == classDone {
			return true
		}
	}
	return q.what == graceful && q.refusedWith(wrapper.Code(generated.ErrorCodeInvalidTestCommandState))
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
	case classRefused:
		// These two ask for more questions, or settle everything.
		settles := last.refusedWith(wrapper.Code(generated.ErrorCodeInvalidTestCommandState)) || last.refusedWith(wrapper.Code(generated.ErrorCodeKeyNotFound))
		// The id, or the node, may be taken by the start that was lost, or by a copy of the one
		// that was not, or by what the caller started before.
		taken := last.what == start && last.mayBeCopy() && (j.lost(k.plan.op, start) || j.exists(last))
		return last.got.status != http.StatusTooManyRequests && !settles && !taken
	case classDone:
		return k.open(last)
	default:
		return false
	}
}

// open says that a list leaves open what became of the call, and that asking again would
// not help: a start that was lost may still arrive where there is another operation or none,
// and a force while the operation is Running.
func (k *call) open(last *request) bool {
	s, listed := last.shows(k.plan.op)
	switch {
	case !listed:
		return false
	case k.plan.do == deedStart:
		return s.kind != k.plan.kind
	case k.plan.do == deedForce, k.plan.do == deedStop:
		return s.state == wrapper.StateRunning && k.forceRefused()
	default:
		return false
	}
}

// exists says that an operation had the id, and was of the kind, that a call is to start
// when that was refused: that is a verdict, which the list tells.
func (j *judge) exists(refused *request) (there bool) {
	for _, s := range j.cluster.seen {
		if s.op == refused.op && s.at <= refused.served {
			there = s.found && s.kind == j.call.plan.kind
		}
	}
	return there && j.plan.strict
}

// turnedAway says that the last answer was a no that asking again would not change.
func (j *judge) turnedAway() bool {
	n := len(j.call.requests)
	return n > 0 && j.call.requests[n-1].class() == classRefused && j.call.requests[n-1].got.status != http.StatusTooManyRequests
}

// everRead says that the call was answered by a list.
func (k *call) everRead() bool {
	for _, q := range k.requests {
		if q.what == list && q.class() == classDone {
			return true
		}
	}
	return false
}

// forceRefused says that a force was refused for lack of a graceful cancel.
func (k *call) forceRefused() bool {
	for _, q := range k.requests {
		if q.what == force && q.refusedWith(wrapper.Code(generated.ErrorCodeInvalidTestCommandState)) {
			return true
		}
	}
	return false
}
