package soak

import (
	"time"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/wrapper"
)

// evidence is an answer that proves something of an operation.
type evidence struct {
	at       time.Duration
	call     *call // that got it
	life     int   // of the id, of which alone it proves anything
	graceful bool  // of a graceful cancel
	force    bool  // of a force alone; neither: RollingBack was seen
	forced   bool  // that a force is in effect
}

// evidence is all that the clients with the ledger of this call were told of its cluster.
// What they were told of another cluster proves nothing, whatever the id.
func (j *judge) evidence(op int) (all []evidence) {
	for _, k := range j.calls {
		if !k.shares(j.call) {
			continue
		}
		for _, q := range k.requests {
			if s, ok := q.shows(op); ok && s.state == wrapper.StateRollingBack {
				all = append(all, evidence{at: q.gotAt, call: k, life: s.life})
			}
			if q.op == op && q.what == force && q.class() == classDone {
				all = append(all, evidence{at: q.gotAt, call: k, life: q.life, force: true, forced: true})
			}
			if q.op != op || q.what != graceful {
				continue
			}
			// A graceful cancel is refused so while a force is in effect, which only a graceful
			// cancel, or a failure that the documents take for one, makes possible.
			if refused := q.refusedWith(wrapper.Code(generated.ErrorCodeInvalidTestCommandState)); refused || q.class() == classDone {
				all = append(all, evidence{at: q.gotAt, call: k, life: q.life, graceful: true, forced: refused})
			}
		}
	}
	return all
}

// shares says that two calls have one ledger and are about one cluster.
func (k *call) shares(other *call) bool {
	return k.made.ledger == other.made.ledger && k.home == other.home
}

// behind is how much older evidence looks to this call than it is, because the clock of who
// noted it is behind: that much of a grace may be missing. A clock that is ahead makes
// nothing look as if it were still to come: a grace begins at the latest when the call
// learns of what it counts from.
func (j *judge) behind(e evidence) time.Duration {
	return max(j.call.made.shift-e.call.made.shift, 0)
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
