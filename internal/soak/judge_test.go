package soak

import (
	"fmt"
	"strings"

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
