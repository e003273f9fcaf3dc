package soak

import (
	"errors"
	"time"

	"github.com/sfcancel/sfcancel/wrapper"
)

// hair is what the jitter of a call that is cut to a nanosecond may add up to.
const hair = 100 * time.Nanosecond

// conduct judges how the call went about it: within its context, its attempts, and what
// servers ask for.
func (j *judge) conduct() {
	k := j.call
	if k.deadline > 0 {
		j.must(k.ended <= max(k.deadline, k.began)+k.held()+hair, "it outlived its deadline %s", k.deadline)
	}
	if k.ctxEnded > 0 {
		j.must(k.ended <= max(k.ctxEnded, k.began)+k.held()+hair, "it outlived its context, which ended at %s", k.ctxEnded)
	}
	n := k.counted()
	j.must(n <= k.made.attempts || k.waits(), "it made %d requests", n)
	for n, q := range k.requests {
		j.must(q.wrong == "", "%s: %s", q, q.wrong)
		if n > 0 {
			before := k.requests[n-1]
			j.must(q.sent >= before.gotAt+before.retryAfter(), "%s left before %s allows it", q, before)
		}
	}
	if _, looks := k.policy.(wrapper.GracefulFirst); k.waits() || looks && k.plan.do == deedForce {
		return // of many looks only the last is told of
	}
	attempts := k.result.Attempts
	e := (*wrapper.Error)(nil)
	switch {
	case errors.As(k.err, &e):
		attempts = e.Attempts()
	case k.err != nil || k.plan.do == deedRead || k.plan.do == deedList || k.result.Attempts == nil:
		return
	}
	j.must(len(attempts) == len(k.requests), "%d requests were made, and %d are told of", len(k.requests), len(attempts))
	for n, a := range attempts[:min(len(attempts), len(k.requests))] {
		q := k.requests[n]
		j.must(a.RequestID == q.id, "%s had the id %s, and is told of with %s", q, q.id, a.RequestID)
		j.must(class(a.Class()) == q.class() && a.Status == q.got.status, "%s was %s, and is told of as %s", q, q.class(), a.Class())
	}
}
