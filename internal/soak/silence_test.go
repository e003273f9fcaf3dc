package soak

import (
	"errors"
	"slices"
	"time"

	"github.com/sfcancel/sfcancel/wrapper"
)

// Silence: a request is swallowed. The server carries it out or does not, and nobody ever
// answers, not even with a reset, until the client gives the attempt up.

// silent is what may become of a request that is swallowed.
var silent = []fault{
	{name: "swallowed before", often: 1, loss: hang},
	{name: "swallowed after", often: 1, apply: inTime, loss: hang},
	{name: "swallowed and late", often: 1, apply: late, loss: hang},
}

// planSilence makes one call after the other lose one request while all else is well, or a
// gateway hang for good, or any request be swallowed. The first two are what a call has to
// get over (see [judge.silences]), the third is for everything that nobody thought of.
func planSilence(p *plan, d dice, _ bool) {
	switch d.IntN(4) {
	case 0, 1:
		p.calm(d)
		for c := range p.clients {
			for n := range p.clients[c].calls {
				p.clients[c].calls[n].swallow = 1 + d.IntN(7)
			}
		}
	case 2:
		if d.chance(60) {
			p.calm(d)
		}
		p.hangGateway(d)
	default:
		p.swallowed = pick(d, 5, 10, 25, 50)
	}
}

// calm takes away whatever else may go wrong on the wire, and gives calls the time and the
// attempts to show what they can do.
func (p *plan) calm(d dice) {
	p.spoilt, p.slow = 0, 0
	p.others = slices.DeleteFunc(p.others, func(a action) bool {
		return a.do == actDown || a.do == actUp || a.do == actFail || a.do == actRecover || a.do == actGate
	})
	for n := range p.clients {
		c := &p.clients[n]
		c.attempts, c.each, c.burst = 8, 0, 0
		for n := range c.calls {
			if k := &c.calls[n]; d.chance(70) {
				k.deadline, k.cancel = d.between(30*time.Second, 100*time.Second)+tick/2, 0
			}
		}
	}
}

// hangGateway makes the first gateway of a client hang for good, and others know another one.
func (p *plan) hangGateway(d dice) {
	at := time.Duration(0)
	if d.chance(30) {
		at = d.between(time.Millisecond, 100*time.Second)
	}
	first := p.clients[d.IntN(len(p.clients))].endpoints[0]
	p.others = append(p.others, action{at: at, do: actGate, gate: first, how: pick(d, gateSilent, gateMute, gateDeaf)})
	slices.SortStableFunc(p.others, byTime)
	for n := range p.clients {
		c := &p.clients[n]
		c.several = !p.exact && d.chance(80)
		if d.chance(50) {
			c.endpoints = c.endpoints[:2]
		}
	}
}

// deaf says that every gateway which a call can ask hung for good before it began.
func (p *plan) deaf(k *call) bool {
	used := k.made.endpoints
	if !k.made.several {
		used = used[:1]
	}
	return !slices.ContainsFunc(used, func(gate int) bool {
		return !slices.ContainsFunc(p.others, func(a action) bool {
			return a.do == actGate && a.home == k.made.home && a.gate == gate%gateways && a.how.forGood() && a.at <= k.began
		})
	})
}

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
