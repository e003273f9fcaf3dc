package soak

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/sfcancel/sfcancel/wrapper"
)

// An id has a new life whenever a start of it is carried out, which a cluster allows once it
// has forgotten the operation before (runtime §5.7, §5.8). Evidence counts only for the life
// that it was got in. Nobody can know of a life that somebody else began, so that what the
// ledger shows is what counts: evidence is stale if a call that was over when this one began,
// and that could note it, was told of a later life by an accepted start, or of the end of
// the evidence's own life.

// lifeAt is the life of an id at an instant.
func (c *cluster) lifeAt(op int, at time.Duration) (life int) {
	for _, e := range c.did {
		if e.op == op && e.what == start && e.at <= at {
			life = e.life
		}
	}
	return life
}

// life is that of which the last answer told that the call got, 0 if none told of any.
func (k *call) life(op int) int {
	for _, q := range slices.Backward(k.requests) {
		switch q.class() {
		case classDone, classRefused:
			if q.op == op && q.served > 0 {
				return q.life
			}
			for _, s := range q.listed {
				if s.op == op {
					return s.life
				}
			}
		default:
		}
	}
	return 0
}

// stale says that the call could know that evidence is not of this life.
func (j *judge) stale(e evidence, op, life int) bool {
	if e.call == j.call || e.life >= life {
		return false
	}
	for _, k := range j.calls {
		if k.shares(j.call) && k.sameName(j.call) && k.ended < j.call.began && k.buries(op, e.life) {
			return true
		}
	}
	return false
}

// buries says that the call was told, and could note, that a life of an id is over.
func (k *call) buries(op, life int) bool {
	if k.plan.op != op || k.err != nil || k.ledger.missing {
		return false
	}
	switch k.plan.do {
	case deedStart:
		return k.result.Verdict == wrapper.Accepted && k.life(op) > life
	case deedCancel, deedStop:
		return (k.result.Verdict == wrapper.Finished || k.result.Verdict == wrapper.NotFound) && k.life(op) >= life
	default:
		return false
	}
}

// seemedOver says that something which may have been noted since a call began told of the end
// of a life, or of a new one, or of a start that may have begun one: what the call noted need not
// be known then. One that could not read the ledger does not know which life it began in. A list that showed Running may be noted after a graceful cancel
// that came after it, and looks then as if it were of the next life.
func (j *judge) seemedOver(op int, told *call) bool {
	since := told.began
	if told.ledger.unread {
		since = 0
	}
	for _, k := range j.calls {
		if !k.shares(j.call) || k.ended < since || k.began > j.call.ended {
			continue
		}
		if k.plan.do == deedStart && k.plan.op == op && (k.result.Verdict == wrapper.Accepted || errors.Is(k.err, wrapper.ErrOutcomeUnknown)) {
			return true
		}
		for _, q := range k.requests {
			if s, ok := q.shows(op); ok && (s.over || !s.found || s.state == wrapper.StateRunning) { // the ledger may have heard of it only when the call was over
				return true
			}
		}
	}
	return false
}

// sameName says that the clients of two calls call their cluster the same: one that has no
// name is known by the gateways of the client. What was noted of a cluster by another name
// need not be known.
func (k *call) sameName(other *call) bool { return k.made.cluster() == other.made.cluster() }

func (c clientPlan) cluster() string {
	if c.name != "" {
		return c.name
	}
	used := c.endpoints[:1]
	if c.several {
		used = c.endpoints
	}
	var all []string
	for _, gate := range used {
		all = append(all, endpoint(gate))
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}
