package soak

import (
	"slices"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/wrapper"
)

// action is what somebody else does, or what happens to the cluster.
type action struct {
	at   time.Duration
	home int // the cluster
	do   act
	op   int
	kind wrapper.Kind // of a start
	gate int
	how  condition
	cond emulator.Availability
}

type act string

const (
	actCancel  act = "cancels"
	actForce   act = "forces"
	actStart   act = "starts"
	actDown    act = "server down"
	actUp      act = "server up, with a new engine"
	actFail    act = "fault service unavailable"
	actRecover act = "fault service ready"
	actGate    act = "gateway"
	actSweep   act = "sweep"
	actCleanUp act = "clean-up"
)

// condition is how a gateway is.
type condition string

const (
	gateWell    condition = "well"
	gateRefuses condition = "refuses connections"
	gate502     condition = "answers 502"
	gate503     condition = "answers 503"
	serverDown  condition = "has no server behind it"

	// These three are for good.
	gateSilent condition = "takes requests and does nothing"
	gateMute   condition = "carries requests out and never answers"
	gateDeaf   condition = "takes no connection"
)

func byTime(a, b action) int { return int(a.at - b.at) }

func (p plan) planOthers(d dice, starts bool) []action {
	var all []action
	when := func() time.Duration { return d.between(time.Millisecond, 100*time.Second) }
	add := func(a action) { all = append(all, a) }
	for range d.IntN(5) {
		op, at := d.IntN(len(p.operations)), when()
		switch d.IntN(6) {
		case 0, 1:
			add(action{at: at, do: actCancel, op: op})
		case 2:
			add(action{at: at, do: actForce, op: op})
		case 3, 4:
			add(action{at: at, do: actCancel, op: op})
			add(action{at: at + d.between(time.Millisecond, 10*time.Second), do: actForce, op: op})
		case 5:
			if starts {
				add(action{at: at, do: actStart, op: op, kind: p.operations[op].kind})
			}
		}
	}
	if d.chance(25) {
		at := when()
		add(action{at: at, do: actDown})
		add(action{at: at + d.between(time.Millisecond, 20*time.Second), do: actUp})
	}
	if d.chance(25) {
		at := when()
		add(action{at: at, do: actFail, cond: pick(d, emulator.NotPrimary, emulator.Starting, emulator.NoWriteQuorum,
			emulator.HostingDeploymentInProgress, emulator.GatewayCannotReachNaming)})
		add(action{at: at + d.between(time.Millisecond, 20*time.Second), do: actRecover})
	}
	for gate := range gateways {
		if d.chance(15) {
			at := when()
			add(action{at: at, do: actGate, gate: gate, how: pick(d, gateRefuses, gate502, gate503)})
			add(action{at: at + d.between(time.Millisecond, 30*time.Second), do: actGate, gate: gate, how: gateWell})
		}
	}
	if d.chance(20) {
		add(action{at: when(), do: actSweep})
	}
	if !starts && d.chance(20) { // an id that is used twice is two operations
		add(action{at: when(), do: actCleanUp})
	}
	slices.SortFunc(all, byTime)
	return all
}
