package soak

import (
	"errors"
	"fmt"
	"time"

	"github.com/sfcancel/sfcancel/generated"
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

// judgeLedgers holds what the ledgers were told against what the clusters did.
func (run *run) judgeLedgers() (all findings) {
	homes := map[string]*cluster{}
	for _, n := range run.noted {
		op := run.plan.number(n.entry.OperationID)
		if op < 0 || n.call == nil {
			all = append(all, n.finding("of an operation of none of the calls"))
			continue
		}
		if !n.isTrue(op, n.entry.Time.Sub(run.began)) {
			all = append(all, n.finding("what was not"))
		}
		if run.denies(n, op) {
			all = append(all, n.finding("that nothing happened, and it did"))
		}
		if name := n.entry.Cluster; name != "" {
			if home, ok := homes[name]; ok && home != n.call.home {
				all = append(all, n.finding("of two clusters as if they were one"))
			}
			homes[name] = n.call.home
		}
	}
	return all
}

func (n noted) finding(text string) finding {
	return finding{wrongVerdict, n.call, "the ledger notes " + text, fmt.Sprintf("ledger %d notes %s: %+v", n.ledger, text, n.entry)}
}

// isTrue says that what the entry says had happened by then.
func (n noted) isTrue(op int, at time.Duration) bool {
	c, e := n.call.home, n.entry
	switch {
	case e.Action == "seen":
		return c.sawBy(op, e.State, at)
	case !inEffect(e.Verdict):
		return true
	case e.Action == "force" || e.Verdict == wrapper.AlreadyForced:
		return c.doneBy(op, force, at)
	case e.Action == "start":
		return c.doneBy(op, start, at)
	default:
		return c.doneBy(op, graceful, at)
	}
}

// denies says that the entry claims that nothing happened, and that a request of its call
// was carried out, then or later; see [judge.forgot] for what is excused.
func (run *run) denies(n noted, op int) bool {
	if n.entry.Outcome != "not sent" && n.entry.Outcome != "refused" {
		return false
	}
	asked := map[wrapper.Action]what{"graceful": graceful, "force": force, "start": start}[n.entry.Action]
	for _, e := range n.call.home.did {
		j := judge{run: run, cluster: n.call.home, call: n.call}
		if e.call == n.call && e.op == op && e.what == asked && !j.forgot(e) {
			return true
		}
	}
	return false
}

// inEffect says that what was asked for is in effect.
func inEffect(v wrapper.Verdict) bool {
	return v == wrapper.Accepted || v == wrapper.AlreadyStopping || v == wrapper.AlreadyForced
}

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
