package soak

import (
	"time"

	"github.com/sfcancel/sfcancel/wrapper"
)

// forces judges every force of the call at the instant at which it left.
func (j *judge) forces() {
	k := j.call
	for n, q := range k.requests {
		if q.what != force {
			continue
		}
		j.say(forbiddenForce, k.mayForce(), "%s left, and none was asked for", q)
		j.say(forbiddenForce, q.vouched, "%s left, and the ledger had not been read, or did not know of it", q)
		switch p := k.sequence().(type) {
		case wrapper.RequireGraceful:
			j.say(forbiddenForce, j.proven(q, p.MinGrace, false), "%s left without evidence of a graceful cancel %s ago", q, p.MinGrace)
		case wrapper.GracefulFirst:
			j.say(forbiddenForce, j.proven(q, p.Grace, true), "%s left before a graceful cancel had its %s", q, p.Grace)
		}
		if lost, said := lastLost(k.requests[:n], force, q.op); lost != nil {
			j.say(forbiddenForce, said, "%s left, and nothing told that %s is not in effect", q, lost)
		}
	}
	for _, q := range k.requests {
		if _, asked := k.policy.(wrapper.GracefulFirst); q.what == graceful && k.plan.do == deedForce && !asked {
			j.say(forbiddenForce, j.stopping(q), "%s left, to make legal what was not", q)
		}
	}
	for n, q := range k.requests {
		if q.what != start {
			continue
		}
		if lost, said := lastLost(k.requests[:n], start, q.op); lost != nil && lost.gate != q.gate {
			j.say(forbiddenForce, said, "%s left, and nothing told what became of %s", q, lost)
		}
	}
}

// proven says whether there is evidence of this life that is old enough for a force that
// leaves, by the clock of its client. An entry of a clock that is behind shortens the grace
// by as much; that is what clocks apart cost.
func (j *judge) proven(q *request, grace time.Duration, graceful bool) bool {
	life := j.cluster.lifeAt(q.op, q.sent)
	for _, e := range j.evidence(q.op) {
		if e.at <= q.sent && e.at+grace-j.behind(e) <= q.sent && (e.graceful || !graceful && !e.force) && !j.stale(e, q.op, life) {
			return true
		}
	}
	return false
}

// stopping says whether anything told by then that the operation is on its way out, so
// that a graceful cancel is no more than a question.
func (j *judge) stopping(q *request) bool {
	life := j.cluster.lifeAt(q.op, q.sent)
	for _, e := range j.evidence(q.op) {
		if e.at <= q.sent && !j.stale(e, q.op, life) {
			return true
		}
	}
	return false
}

// lastLost is the last of these requests of one sort that was lost, and whether the
// answers since then end with one that says it is not in effect.
func lastLost(requests []*request, w what, op int) (lost *request, said bool) {
	for _, q := range requests {
		if q.what == w && q.op == op && q.lost() {
			lost, said = q, false
			continue
		}
		if s, ok := q.shows(op); ok {
			said = s.state == wrapper.StateRunning || w == start
		}
		if q.op == op && q.what == graceful && (q.class() == classDone || q.class() == classRefused && q.got.status != 429) {
			said = q.class() == classDone
		}
	}
	return lost, said
}
