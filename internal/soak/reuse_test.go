package soak

import (
	"slices"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/wrapper"
)

// Reused ids: an operation ends, the cluster forgets it (runtime §5.8), and a client or
// somebody else starts one with the same id, of the same kind or another. That is a new
// life of the id, and what was known of the one before is true of that one only.

// planReuse lets operations end soon, cleans up again and again, and makes clients go
// through the lives of one id.
func planReuse(p *plan, d dice, _ bool) {
	soon := func(d dice) time.Duration { return d.between(time.Millisecond, 3*time.Second) }
	for n := range p.operations {
		o := &p.operations[n]
		o.scenario = emulator.Scenario{LookUp: soon(d), Perform: d.between(time.Millisecond, 30*time.Second), Undo: soon(d)}
	}
	when := func() time.Duration { return d.between(500*time.Millisecond, 150*time.Second) }
	for range 6 + d.IntN(8) {
		p.others = append(p.others, action{at: when(), do: actCleanUp})
	}
	for range d.IntN(4) {
		op := d.IntN(len(p.operations))
		p.others = append(p.others, action{at: when(), do: actStart, op: op, kind: p.anyKind(op, d)})
	}
	slices.SortStableFunc(p.others, byTime)
	if d.chance(50) {
		p.spoilt = min(p.spoilt, 10)
	}
	for n := range p.clients {
		if d.chance(60) {
			p.clients[n].calls = p.lives(d)
		}
	}
}

// lives are the calls of a client that ends an operation, starts one with its id again,
// and cancels that.
func (p plan) lives(d dice) (all []callPlan) {
	op, kind := d.IntN(len(p.operations)), wrapper.Kind("")
	for _, do := range []deed{
		deedCancel, pick(d, deedCancel, deedForce, deedWait, deedStop), pick(d, deedStart, deedStart, deedStart, deedRead),
		pick(d, deedForce, deedForce, deedCancel, deedStop), pick(d, deedForce, deedCancel),
	} {
		k := p.planCall(d, true)
		k.do, k.op = do, op
		if kind == "" {
			kind = p.anyKind(op, d)
		}
		k.kind = kind
		if k.deadline == 0 {
			k.deadline = d.between(10*time.Second, 100*time.Second) + tick/2
		}
		all = append(all, k)
	}
	return all
}

// anyKind is that of the operation more often than not.
func (p plan) anyKind(op int, d dice) wrapper.Kind {
	if d.chance(70) {
		return p.operations[op].kind
	}
	return pick(d, wrapper.KindDataLoss, wrapper.KindQuorumLoss, wrapper.KindPartitionRestart, wrapper.KindNodeTransition)
}
