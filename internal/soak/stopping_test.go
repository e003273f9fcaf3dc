package soak

import (
	"errors"
	"time"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/wrapper"
)

// waits says that the call looks at the operation again and again.
func (k *call) waits() bool {
	return k.plan.do == deedWait || k.plan.do == deedWatch || k.plan.do == deedStop
}

// sequence is the policy that the call forces by; a Stop has one of its own.
func (k *call) sequence() wrapper.ForcePolicy {
	if k.plan.do == deedStop {
		return wrapper.GracefulFirst{Grace: k.plan.grace}
	}
	return k.policy
}

// mayForce says that a force was asked for.
func (k *call) mayForce() bool {
	return k.plan.do == deedForce || k.plan.do == deedStop && !k.plan.gentle
}

// counted is how many of the requests the bound of the attempts is about: looks at the
// operation, while a grace lasts or its end is waited for, are not, and the force of a Stop
// begins anew.
func (k *call) counted() int {
	first := k.firstForce()
	if k.plan.do == deedStop {
		if first < len(k.requests) {
			return len(k.requests) - first
		}
		return k.unlooked(len(k.requests))
	}
	if _, looks := k.policy.(wrapper.GracefulFirst); looks && k.plan.do == deedForce {
		return k.unlooked(first) + len(k.requests) - first
	}
	return len(k.requests)
}

// firstForce is the index of the first force, behind the last request if there is none.
func (k *call) firstForce() int {
	for n, q := range k.requests {
		if q.what == force {
			return n
		}
	}
	return len(k.requests)
}

// unlooked is how many of the first so many requests are no looks in a grace: those
// after a graceful cancel that took effect, or all if none was needed.
func (k *call) unlooked(upTo int) int {
	asked := false
	for n, q := range k.requests[:upTo] {
		if asked = asked || q.what == graceful; q.what == graceful &&
			(q.class() == classDone || k.plan.do == deedStop && q.refusedWith(wrapper.Code(generated.ErrorCodeInvalidTestCommandState))) {
			return n + 1
		}
	}
	if !asked {
		return 0
	}
	return upTo
}

// patience is the longest pause of the call's own making: one that does not fit into the
// context ends the call.
func (j *judge) patience() time.Duration {
	k := j.call
	longest := 1250 * time.Microsecond // a request needs one, and pauses are spread over a fifth of what is left
	if n := len(k.requests); n > 0 {
		longest += k.requests[n-1].retryAfter()
	}
	if k.made.burst > 0 { // the bucket owes a token for every request that was made again
		made := 1
		for _, other := range j.calls {
			if other.client == k.client {
				made += len(other.requests)
			}
		}
		longest += time.Duration(float64(made) / k.made.rate * float64(time.Second))
	}
	return longest
}

// stopped judges the end of a Wait or a Stop.
func (j *judge) stopped(got wrapper.Result) {
	k := j.call
	j.must(got.Verdict == wrapper.Finished || got.Verdict == wrapper.NotFound, "no verdict of a %s: %s", k.plan.do, got.Verdict)
	j.must(got.Force == (k.firstForce() < len(k.requests)), "Force is %v", got.Force)
	j.verdict(got, k.plan.op)
	j.watched()
}

// watched judges what a Watch yielded: each was true meanwhile, and none came twice in a row
// unless the id was used again, for an operation of another kind.
func (j *judge) watched() {
	k := j.call
	for n, state := range k.watched {
		j.must(j.ever(k.plan.op, func(s sight) bool { return s.state == state }), "it was never %s meanwhile", state)
		again := j.cluster.lifeAt(k.plan.op, k.began) != j.cluster.lifeAt(k.plan.op, k.ended)
		j.must(n == 0 || k.watched[n-1] != state || again, "%s came twice in a row", state)
	}
}

// unfinished judges a Wait or a Stop that saw no end: what it asked for is in effect.
func (j *judge) unfinished() {
	k := j.call
	j.must(k.waits(), "no error of a %s", k.plan.do)
	if k.plan.do != deedStop {
		return
	}
	j.must(j.did(k.plan.op, graceful) || j.ever(k.plan.op, forced), "nothing was in effect")
	if e := (*wrapper.Error)(nil); errors.As(k.err, &e) && e.Force() {
		j.must(j.ever(k.plan.op, forced), "the force was not in effect")
	} else {
		j.denies(force)
	}
}

// forceSpent says that the force of a Stop, and what was asked about it, used up its requests.
func (k *call) forceSpent() bool {
	return k.plan.do == deedStop && len(k.requests)-k.firstForce() >= k.made.attempts
}

// all judges a CancelAll, whose parts are judged each for itself.
func (j *judge) all() {
	k := j.call
	j.must(k.yielded == len(k.parts), "%d operations were cancelled, and %d told of", len(k.parts), k.yielded)
	for n, q := range k.requests {
		if n < len(k.requests)-1 || q.class() != classDone {
			continue
		}
		active := 0
		for _, s := range q.listed {
			if s.found && !s.over {
				active++
			}
		}
		j.must(k.ctxErr != nil || active == len(k.parts), "%d operations were active, and %d cancelled", active, len(k.parts))
	}
	for _, part := range k.parts {
		j.must(j.ever(part.plan.op, func(s sight) bool { return s.found && !s.over }), "operation %d was not active", part.plan.op)
	}
}
