package soak

import (
	"time"

	"github.com/sfcancel/sfcancel/wrapper"
)

// evidence is an answer that proves something of an operation.
type evidence struct {
	at       time.Duration
	graceful bool // of a graceful cancel
	force    bool // of a force; neither: RollingBack was seen
}

// evidence is all that the clients with the ledger of this call were told.
func (j *judge) evidence(op int) (all []evidence) {
	for _, k := range j.calls {
		if k.made.ledger != j.call.made.ledger || k.home != j.call.home {
			continue
		}
		for _, q := range k.requests {
			if s, ok := q.shows(op); ok && s.state == wrapper.StateRollingBack {
				all = append(all, evidence{at: q.gotAt})
			}
			if q.op == op && q.what == force && q.class() == wrapper.Done {
				all = append(all, evidence{at: q.gotAt, force: true})
			}
			if q.op != op || q.what != graceful {
				continue
			}
			// A graceful cancel is refused so while a force is in effect, which only a graceful
			// cancel, or a failure that the documents take for one, makes possible.
			if q.class() == wrapper.Done || q.refusedWith(wrapper.CodeInvalidTestCommandState) {
				all = append(all, evidence{at: q.gotAt, graceful: true})
			}
		}
	}
	return all
}

// doneBy says whether the cluster had carried such a request out by then, anybody's.
func (c *cluster) doneBy(op int, w what, at time.Duration) bool {
	for _, e := range c.did {
		if e.op == op && e.what == w && e.at <= at {
			return true
		}
	}
	return false
}

// sawBy says whether the operation stood so at an instant before.
func (c *cluster) sawBy(op int, state wrapper.State, at time.Duration) bool {
	for _, s := range c.seen {
		if s.op == op && s.state == state && s.at <= at {
			return true
		}
	}
	return false
}
