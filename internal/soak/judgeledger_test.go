package soak

import (
	"fmt"
	"time"

	"github.com/sfcancel/sfcancel/wrapper"
)

// judgeLedgers holds what the ledgers were told against what the clusters did.
func (run *run) judgeLedgers() (all findings) {
	for _, n := range run.noted {
		if op := run.plan.number(n.entry.OperationID); op < 0 || n.call == nil || !n.isTrue(op, n.entry.Time.Sub(run.began)) {
			all = append(all, finding{wrongVerdict, &call{}, "the ledger", fmt.Sprintf("ledger %d notes what was not: %+v", n.ledger, n.entry)})
		}
	}
	return all
}

// isTrue says that what the entry says had happened by then.
func (n noted) isTrue(op int, at time.Duration) bool {
	c, e := n.call.home, n.entry
	switch {
	case e.Action == wrapper.ActionSeen:
		return c.sawBy(op, e.State, at)
	case !inEffect(e.Verdict):
		return true
	case e.Action == wrapper.ActionForce || e.Verdict == wrapper.AlreadyForced:
		return c.doneBy(op, force, at)
	case e.Action == wrapper.ActionStart:
		return c.doneBy(op, start, at)
	default:
		return c.doneBy(op, graceful, at)
	}
}

// inEffect says that what was asked for is in effect.
func inEffect(v wrapper.Verdict) bool {
	return v == wrapper.Accepted || v == wrapper.AlreadyStopping || v == wrapper.AlreadyForced
}
