package soak

import (
	"errors"
	"time"

	"github.com/sfcancel/sfcancel/wrapper"
)

const (
	// enough is how long a context lasts at least in which a call gets over a silence.
	enough = 30 * time.Second
	// enoughLeft is what is left of it at least when the request leaves that is swallowed:
	// the grace of a call may have used up the rest.
	enoughLeft = 29 * time.Second
)

// silences judges a call that met one silence while all else was well. If one of its
// requests was swallowed, at any position, and it has the default attempts and a context of
// 30 s or more, it finds out what happened. If one of its gateways hangs for good, and all
// others are well, it does so before half of its context is over.
func (j *judge) silences() {
	k := j.call
	if !j.plan.strict || !k.hasTime() || k.made.each > 0 || k.made.burst > 0 || k.ledger.unread || k.ledger.unnoted || k.ledger.held > 0 {
		return
	}
	if n := len(k.requests); n == 0 || k.open(k.requests[n-1]) {
		return
	}
	swallowed, hung, gate := 0, 0, -1
	for _, q := range k.requests {
		switch {
		case q.well():
		case j.hangs(q) && (gate < 0 || gate == q.gate):
			hung++
			gate = q.gate
		case q.fate.fault.loss == hang && (k.deadline == 0 || k.deadline-q.sent >= enoughLeft):
			swallowed++
		default:
			return
		}
	}
	_, meant := meaning(k.err)
	found := !errors.Is(meant, wrapper.ErrOutcomeUnknown) && !errors.Is(meant, wrapper.ErrUnavailable) && !errors.Is(meant, wrapper.ErrNotSent)
	switch {
	case swallowed == 1 && hung == 0:
		j.say(unexplainedUnknown, found, "one request was swallowed, all else was well, and it did not find out")
	case hung > 0 && swallowed == 0 && j.onlyHangs(gate) && k.deadline > 0 && !k.takesTime():
		j.say(unexplainedUnknown, found, "one gateway hangs, the others are well, and it did not find out")
		j.must(k.ended-k.began < k.plan.deadline/2, "one gateway hangs, the others are well, and it took %s of %s", k.ended-k.began, k.plan.deadline)
	}
}

// well says that nothing at all happened to the request on its way.
func (q *request) well() bool {
	if q.fate.fault.name != "" || q.fate.again > 0 || q.gotAt-q.sent > time.Second {
		return false
	}
	return q.class() == classDone || q.class() == classRefused && q.got.status != 429
}

// hangs says that the request met a gateway that hangs for good.
func (j *judge) hangs(q *request) bool {
	for _, a := range j.plan.others {
		if a.do == actGate && a.home == j.call.made.home && a.gate == q.gate%gateways && a.how.forGood() {
			return a.at <= q.gotAt && (q.fate.fault.loss == hang || q.fate.fault.loss == hangingDial)
		}
	}
	return false
}

// onlyHangs says that the client knows gateways besides this one, and that nothing of its
// cluster but this one is ever in trouble.
func (j *judge) onlyHangs(gate int) bool {
	p, c := j.plan, j.call.made
	for _, a := range p.others {
		if a.home != c.home {
			continue
		}
		if a.do == actDown || a.do == actFail || a.do == actGate && a.gate != gate%gateways {
			return false
		}
	}
	return c.several && len(c.endpoints) > 1 && p.spoilt == 0 && p.slow == 0 && p.swallowed == 0
}

// takesTime says that the call has more to do than to find out.
func (k *call) takesTime() bool {
	_, sequence := k.policy.(wrapper.GracefulFirst)
	return k.waits() || k.plan.do == deedAll || k.plan.do == deedForce && sequence
}

func (c condition) forGood() bool { return c == gateSilent || c == gateMute || c == gateDeaf }
