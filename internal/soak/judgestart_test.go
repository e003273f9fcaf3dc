package soak

import (
	"errors"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/wrapper"
)

// startAccepted judges Accepted. Resolved says that the answer to it came on a detour: a
// start of the call was lost; or it was refused as existing, and it was carried out all the
// same, or has an id that the call made itself, which nobody else can have started.
func (j *judge) startAccepted(got wrapper.Result, op int) {
	j.must(got.Kind == j.call.plan.kind, "the result says it is a %q", got.Kind)
	if got.Resolved {
		j.must(j.lost(op, start) || j.call.plan.ownID || j.did(op, start), "resolved, and no start was lost")
	} else {
		j.must(j.did(op, start), "the server accepted no start of this call")
	}
}

// alreadyStarted judges AlreadyStarted: an operation that has the id which the caller chose
// exists, and is of the kind that was asked for.
func (j *judge) alreadyStarted(got wrapper.Result, op int) {
	k := j.call
	j.must(k.plan.do == deedStart && !k.plan.ownID, "no verdict of a %s", k.plan.do)
	j.must(j.ever(op, func(s sight) bool { return s.found && s.kind == k.plan.kind }), "no %s had the id", k.plan.kind)
	j.must(got.Kind == k.plan.kind, "already started, and the result says it is a %q", got.Kind)
	refused := false
	for _, q := range k.requests {
		refused = refused || q.mayBeCopy()
	}
	j.must(refused || j.lost(op, start), "no start was refused or lost")
}

// mayBeCopy says that the refusal is one that the request brings about if something below
// the client sends it again after it was carried out: nobody can tell from it alone whether
// it was (runtime §5.2, §5.7).
func (q *request) mayBeCopy() bool {
	switch q.what {
	case start:
		return q.refusedWith(wrapper.Code(generated.ErrorCodeTestCommandOperationIDAlreadyExists)) || q.refusedWith(wrapper.Code(generated.ErrorCodeNodeTransitionInProgress))
	case force:
		return q.refusedWith(wrapper.Code(generated.ErrorCodeInvalidTestCommandState)) || q.refusedWith(wrapper.Code(generated.ErrorCodeKeyNotFound))
	case graceful:
		return q.refusedWith(wrapper.Code(generated.ErrorCodeKeyNotFound))
	default:
		return false
	}
}

// refusedForce says that a force of the call was refused, perhaps as its own copy.
func (j *judge) refusedForce(op int) bool {
	for _, q := range j.call.requests {
		if q.op == op && q.what == force && q.refusedWith(wrapper.Code(generated.ErrorCodeInvalidTestCommandState)) {
			return true
		}
	}
	return false
}

// knownForce says that somebody's force was known when the call began.
func (j *judge) knownForce(op int) bool {
	if j.call.ledger.unread {
		return false
	}
	for _, e := range j.evidence(op) {
		if e.forced && e.call != j.call && e.call.sameName(j.call) && !e.call.ledger.missing && e.call.ended < j.call.began &&
			e.life == j.call.life(op) && !j.seemedOver(op, e.call) {
			return true
		}
	}
	return false
}

// believedForce says that a force of somebody else was known, and that nothing told that the
// life of the id in which it was sent is over, if it is.
func (j *judge) believedForce(op int) bool {
	for _, e := range j.evidence(op) {
		if e.forced && e.call != j.call && e.at <= j.call.ended && !j.stale(e, op, j.call.life(op)) {
			return true
		}
	}
	return false
}

// contexts judges what an error says of the end of a context: it is the caller's own, and
// it has ended.
func (j *judge) contexts(ends ...error) {
	for _, end := range ends {
		j.must(!errors.Is(j.call.err, end) || errors.Is(j.call.ctxErr, end), "%s is behind the error, and the caller's context has not ended so", end)
	}
}
