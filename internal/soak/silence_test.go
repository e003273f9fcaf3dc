package soak

import (
	"slices"
	"time"
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
