package soak

import (
	"fmt"
	"time"

	"github.com/sfcancel/sfcancel/wrapper"
)

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
