package soak

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/wrapper"
)

// finding is one thing that is not as it should be.
type finding struct {
	sort sort
	call *call
	rule string // the text without the particulars
	text string
}

type sort string

const (
	wrongVerdict       sort = "wrong verdict"
	forbiddenForce     sort = "forbidden force"
	unexplainedUnknown sort = "unexplained unknown"
)

type findings []finding

func (f findings) String() string {
	var lines []string
	for _, one := range f {
		lines = append(lines, fmt.Sprintf("%s: %s: %s", one.sort, one.call, one.text))
	}
	return strings.Join(lines, "\n")
}

// judge returns everything that is wrong with a run that is over.
func (run *run) judge() findings {
	var all findings
	for _, k := range run.calls {
		j := &judge{run: run, cluster: k.home, call: k}
		j.conduct()
		switch {
		case k.err != nil:
			j.denial()
		case k.plan.do == deedAll:
			j.all()
		case k.waits():
			j.stopped(k.result)
		case k.plan.do == deedRead || k.plan.do == deedList:
			j.read()
		default:
			j.verdict(k.result, k.plan.op)
		}
		j.forces()
		j.silences()
		all = append(all, j.findings...)
	}
	return append(all, run.judgeLedgers()...)
}

// judge judges one call.
type judge struct {
	*run
	cluster  *cluster // of the call
	call     *call
	findings findings
}

// must notes a wrong verdict unless ok.
func (j *judge) must(ok bool, format string, args ...any) { j.say(wrongVerdict, ok, format, args...) }

func (j *judge) say(s sort, ok bool, format string, args ...any) {
	if !ok {
		j.findings = append(j.findings, finding{s, j.call, format, fmt.Sprintf(format, args...)})
	}
}

// ever says whether the operation was so at an instant of the call.
func (j *judge) ever(op int, is func(sight) bool) bool {
	for _, s := range j.cluster.seen {
		if s.op == op && s.at >= j.call.began && s.at <= j.call.ended && is(s) {
			return true
		}
	}
	return false
}

// did says whether the server carried out such a request of this call, as long as it lasted.
func (j *judge) did(op int, w what) bool {
	for _, e := range j.cluster.did {
		if e.op == op && e.what == w && e.call == j.call && e.at <= j.call.ended {
			return true
		}
	}
	return false
}

// sent says whether such a request of this call was lost on the way.
func (j *judge) lost(op int, w what) bool {
	for _, q := range j.call.requests {
		if q.op == op && q.what == w && q.lost() {
			return true
		}
	}
	return false
}

func forced(s sight) bool { return s.forced }
func absent(s sight) bool { return !s.found }

// verdict holds a verdict on an operation against what the server recorded.
func (j *judge) verdict(got wrapper.Result, op int) {
	k := j.call
	want := j.plan.operations[op].id
	j.must(got.OperationID == want, "the result is about %s", got.OperationID)
	j.must(got.LedgerErr == nil || k.ledger.unnoted, "LedgerErr is %v", got.LedgerErr)
	if got.State != "" {
		j.must(j.ever(op, func(s sight) bool { return s.state == got.State }), "the operation was never %s meanwhile", got.State)
	}
	if got.Kind != "" {
		j.must(j.ever(op, func(s sight) bool { return s.kind == got.Kind }), "the operation is no %s", got.Kind)
	}
	switch got.Verdict {
	case wrapper.Finished:
		j.must(got.State.Final(), "finished, and %q", got.State)
		j.must(j.ever(op, func(s sight) bool { return s.over && s.state == got.State }), "the operation did not end %s", got.State)
	case wrapper.NotFound:
		j.must(got.State == "", "not found, and %q", got.State)
		j.must(j.ever(op, absent), "the operation was there all the time")
	case wrapper.Accepted:
		j.accepted(got, op)
	case wrapper.AlreadyStarted:
		j.alreadyStarted(got, op)
	case wrapper.AlreadyStopping:
		j.must(k.plan.do == deedCancel, "no verdict of a %s", k.plan.do)
		j.must(got.State == wrapper.StateRollingBack, "already stopping, and %q", got.State)
		j.must(j.did(op, graceful), "the server carried out no graceful cancel of this call")
		j.must(j.knownBefore(op), "no graceful cancel before is known")
	case wrapper.AlreadyForced:
		j.must(got.State == wrapper.StateRollingBack, "already forced, and %q", got.State)
		j.must(j.ever(op, forced), "no force was in effect meanwhile")
		// Nobody can tell its own force from another's if something below sent it twice.
		j.must(j.forcedByOthers(op) || j.did(op, force) && j.refusedForce(op) || j.believedForce(op), "nobody else forced it")
	default:
		j.must(false, "neither a verdict nor an error: %q", got.Verdict)
	}
}

func (j *judge) accepted(got wrapper.Result, op int) {
	k := j.call
	switch k.plan.do {
	case deedStart:
		j.startAccepted(got, op)
		return
	case deedForce:
		if got.Resolved {
			// A force that is refused may be its own copy, unless somebody else's is known.
			j.must(j.lost(op, force) || j.refusedForce(op), "resolved, and no force was lost or refused")
			j.must(j.lost(op, force) || j.did(op, force) || !j.knownForce(op), "resolved, and the force of somebody else is known")
			j.must(j.ever(op, forced), "no force was in effect meanwhile")
		} else {
			j.must(j.did(op, force), "the server carried out no force of this call")
		}
		j.must(!j.toldBefore(deedForce, op), "an earlier call with this ledger was told that it is forced")
	default:
		j.must(j.did(op, graceful), "the server carried out no graceful cancel of this call")
		j.must(!j.toldBefore(deedCancel, op), "an earlier call with this ledger was told that it is stopping")
	}
	j.must(got.Force == (k.plan.do == deedForce), "Force is %v", got.Force)
	j.must(got.State == wrapper.StateRollingBack, "accepted, and %q", got.State)
}

// forcedByOthers says whether anybody but this call had forced the operation by its end, in
// a life of its id that the call saw something of.
func (j *judge) forcedByOthers(op int) bool {
	life := j.cluster.lifeAt(op, j.call.began)
	for _, e := range j.cluster.did {
		if e.op == op && e.what == force && e.call != j.call && e.at <= j.call.ended && e.life >= life {
			return true
		}
	}
	return false
}

// knownBefore says whether a call with this ledger had an answer by the time this call
// began that proves a graceful cancel, in this cluster and this life of the id.
func (j *judge) knownBefore(op int) bool {
	for _, e := range j.evidence(op) {
		if e.graceful && e.at <= j.call.began && !j.stale(e, op, j.call.life(op)) {
			return true
		}
	}
	return false
}

// tells says that this call, of some sort, was over before the other began, shares its
// ledger, its cluster and its operation, was told that it is in effect, and could note that.
func (k *call) tells(d deed, other *call) bool {
	return k.plan.do == d && k.plan.op == other.plan.op && k.shares(other) && k.sameName(other) && !k.ledger.missing &&
		k.err == nil && k.ended < other.began && inEffect(k.result.Verdict)
}

// toldBefore says whether the caller of an earlier call of this sort with this ledger
// knows that it took effect, in this life of the id.
func (j *judge) toldBefore(d deed, op int) bool {
	if j.call.ledger.unread {
		return false
	}
	for _, k := range j.calls {
		if k.tells(d, j.call) && k.life(op) == j.call.life(op) && !j.seemedOver(op, k) {
			return true
		}
	}
	return false
}

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

// read holds what a read told against what was there.
func (j *judge) read() {
	k := j.call
	if k.plan.do == deedRead {
		op := k.plan.op
		if !k.read[0].Found() {
			j.must(j.ever(op, absent), "the operation was there all the time")
		} else {
			j.must(j.ever(op, func(s sight) bool { return s.shownAs(k.read[0]) }), "the operation never stood so")
		}
		j.must(k.read[0].ID == j.plan.operations[op].id, "it is another operation")
		return
	}
	// A list shows all operations as they were at one instant.
	for _, q := range k.requests {
		if q.what == list && q.class() == classDone && sameList(j.plan, q.listed, k.read) {
			return
		}
	}
	j.must(false, "the cluster never looked like this")
}

func (s sight) shownAs(o wrapper.Operation) bool {
	return s.found && s.state == o.State && s.kind == o.Kind
}

func sameList(p *plan, seen []sight, told []wrapper.Operation) bool {
	left := len(told)
	for _, s := range seen {
		if !s.found {
			continue
		}
		listed := false
		for _, o := range told {
			listed = listed || o.ID == p.operations[s.op].id && s.shownAs(o)
		}
		if left--; !listed {
			return false
		}
	}
	return left == 0
}
