package soak

import (
	"fmt"

	"github.com/sfcancel/sfcancel/wrapper"
)

// read holds what a read told against what was there.
func (j *judge) read() {
	k := j.call
	if k.plan.do == deedRead {
		op := k.plan.op
		j.must(j.ever(op, func(s sight) bool { return s.shownAs(k.read[0]) }), "the operation never stood so")
		j.must(k.read[0].ID == j.plan.operations[op].id, "it is another operation")
		return
	}
	// A list shows all operations as they were at one instant.
	for _, q := range k.requests {
		if q.what == list && q.class() == wrapper.Done && sameList(j.plan, q.listed, k.read) {
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

// judgeLedger holds what a ledger notes as done against what the server did.
func (run *run) judgeLedger(n int) (all findings) {
	for op, o := range run.plan.operations {
		entries, _ := run.ledgers[n].Entries(nil, o.id) //nolint:staticcheck // it does not look at it
		for _, e := range entries {
			at := e.Time.Sub(run.cluster.began)
			inEffect := e.Verdict == wrapper.Accepted || e.Verdict == wrapper.AlreadyStopping || e.Verdict == wrapper.AlreadyForced
			ok := true
			switch {
			case e.Action == wrapper.ActionSeen:
				ok = run.sawBy(op, e.State, at)
			case inEffect && (e.Action == wrapper.ActionForce || e.Verdict == wrapper.AlreadyForced):
				ok = run.doneBy(op, force, at)
			case inEffect && e.Action == wrapper.ActionStart:
				ok = run.doneBy(op, start, at)
			case inEffect:
				ok = run.doneBy(op, graceful, at)
			}
			if !ok {
				all = append(all, finding{wrongVerdict, &call{}, "the ledger", fmt.Sprintf("ledger %d notes what was not: %+v", n, e)})
			}
		}
	}
	return all
}
