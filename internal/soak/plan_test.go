package soak

import (
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

const (
	gateways   = 3 // of a cluster
	operations = 3 // at most
	homes      = 2 // clusters, at most
)

// plan is everything about a run that is decided before it begins.
type plan struct {
	profile    server.Profile
	parts      []string // of the rough world
	strict     bool     // the rules hold that came with the rough world
	homes      int      // how many clusters there are
	operations []operationPlan
	clients    []clientPlan
	others     []action // by other actors and the world, in order of time
	spoilt     int      // percent of the requests that meet a fault
	faults     []fault  // which
	slow       int      // percent of the requests that take long

	swallowed   int               // percent of the requests that are
	replayed    int               // percent of the requests that are sent again below the client
	ledgerFails int               // percent of the calls of a ledger
	closes      [gateways]closing // zero for gateways that keep connections

	// exact says that the wrapper draws nothing that matters, and a replay is the same to
	// the nanosecond. Its own random numbers cannot be seeded; in an exact run there is
	// one gateway a client, and the wire, not an interval, keeps looks apart.
	exact bool
}

type operationPlan struct {
	id       uuid.UUID
	kind     wrapper.Kind
	node     string
	present  [homes]bool // in each cluster, from the beginning
	scenario emulator.Scenario
}

type clientPlan struct {
	home      int    // its cluster
	name      string // of the cluster, if the client gives it one
	ledger    int
	shift     time.Duration // how far its clock is ahead
	version   generated.APIVersion
	policy    wrapper.ForcePolicy
	attempts  int
	each      time.Duration // for an attempt; 0 for no bound
	burst     int           // 0 for the default
	rate      float64
	endpoints []int
	several   bool // of the endpoints; else the first
	calls     []callPlan
}

type callPlan struct {
	after    time.Duration // the end of the one before
	do       deed
	op       int
	kind     wrapper.Kind        // of a start
	policy   wrapper.ForcePolicy // nil for the client's
	deadline time.Duration       // 0 for none
	cancel   time.Duration       // 0 for never
	timeout  time.Duration       // of the server
	interval time.Duration       // of a wait
	grace    time.Duration       // of a stop
	gentle   bool                // a stop that never forces
	width    int                 // of a cancel of all
	swallow  int                 // which of its requests is swallowed, from 1; 0 for none
	ownID    bool                // of a start, which makes its id
}

// deed is what a call is for.
type deed string

const (
	deedCancel deed = "Cancel"
	deedForce  deed = "ForceCancel"
	deedStart  deed = "Start"
	deedRead   deed = "Operation"
	deedList   deed = "Operations"
	deedWait   deed = "Wait"
	deedWatch  deed = "Watch"
	deedStop   deed = "Stop"
	deedAll    deed = "CancelAll"
)

// aboutAll says that the call is about every operation, and not about one.
func (d deed) aboutAll() bool { return d == deedList || d == deedAll }

func newPlan(seed uint64, w world) plan {
	d := newDice(seed, 1)
	p := plan{
		homes:   1,
		strict:  w != 0,
		profile: pick(d, server.Documented, server.Runtime),
		faults:  pick(d, faults, faults, faults, tardy),
		spoilt:  pick(d, 0, 10, 25, 25, 50, 80),
		slow:    pick(d, 0, 0, 10, 40),
		exact:   d.chance(50),
	}
	for n := range 1 + d.IntN(operations) {
		p.operations = append(p.operations, planOperation(newDice(seed, 2, uint64(n))))
	}
	starts := d.chance(50)
	for n := range 2 + d.IntN(2) {
		p.clients = append(p.clients, p.planClient(newDice(seed, 3, uint64(n)), starts))
	}
	p.others = p.planOthers(newDice(seed, 4), starts)
	w.roughen(&p, seed, starts)
	return p
}

func planOperation(d dice) operationPlan {
	o := operationPlan{
		kind: pick(d, wrapper.KindDataLoss, wrapper.KindQuorumLoss, wrapper.KindPartitionRestart, wrapper.KindNodeTransition),
		node: pick(d, "n1", "n2"), present: [homes]bool{d.chance(80)},
	}
	for at := range o.id {
		o.id[at] = byte(d.Uint32())
	}
	// Never zero: what is over at the instant at which it begins was never to be seen.
	last := func() time.Duration { return d.between(time.Millisecond, 100*time.Second) }
	o.scenario = emulator.Scenario{LookUp: last(), Perform: last(), Undo: last()}
	if d.chance(30) {
		o.scenario.Queue = last()
	}
	fails := func(percent int) (f emulator.Failure) {
		if d.chance(percent) {
			f.Times = pick(d, 1, 2, emulator.Always)
			f.Code = pick[int32](d, serviceDoesNotExist, serviceDoesNotExist, timedOut, notPrimary)
		}
		return f
	}
	o.scenario.LookUpFails, o.scenario.PerformFails, o.scenario.UndoFails = fails(15), fails(35), fails(35)
	return o
}

// A failure that ends an operation, one that starts it over, and one that a new primary
// would meet (runtime §5.5).
const (
	serviceDoesNotExist = -2147017779
	timedOut            = -2147017729
	notPrimary          = -2147017786
)

func (p plan) policy(d dice) wrapper.ForcePolicy {
	grace := time.Duration(0)
	if d.chance(60) {
		grace = d.between(time.Millisecond, 20*time.Second)
	}
	switch d.IntN(5) {
	case 0, 1:
		return wrapper.RequireGraceful{MinGrace: grace, Look: d.chance(50)}
	case 2:
		if p.exact {
			grace = min(grace, 200*time.Millisecond) // before the first pause between looks is over
		}
		return wrapper.GracefulFirst{Grace: grace}
	default:
		return wrapper.ServerDecides{}
	}
}

func (p plan) planClient(d dice, starts bool) clientPlan {
	c := clientPlan{
		ledger: d.IntN(2), policy: p.policy(d),
		version:  pick(d, generated.APIVersion60, generated.APIVersion60, generated.APIVersion30),
		attempts: pick(d, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8),
	}
	c.endpoints = d.Perm(gateways)
	c.several = !p.exact && d.chance(60)
	if d.chance(20) {
		c.each = d.between(500*time.Millisecond, 10*time.Second) + tick/8
	}
	if d.chance(20) {
		c.burst, c.rate = 1+d.IntN(4), float64(1+d.IntN(20))/4
	}
	for range 1 + d.IntN(4) {
		one := p.planCall(d, starts)
		if n := len(c.calls); n > 0 && d.chance(50) { // more is asked of one than of many
			one.op = c.calls[n-1].op
		}
		c.calls = append(c.calls, one)
	}
	return c
}

func (p plan) planCall(d dice, starts bool) callPlan {
	c := callPlan{
		after: d.between(time.Millisecond, 30*time.Second),
		op:    d.IntN(len(p.operations)),
		do:    pick(d, deeds...),
	}
	c.kind = p.operations[c.op].kind
	if d.chance(20) {
		c.kind = pick(d, wrapper.KindDataLoss, wrapper.KindQuorumLoss, wrapper.KindPartitionRestart, wrapper.KindNodeTransition)
	}
	if c.do == deedStart && !starts {
		c.do = deedForce
	}
	if d.chance(40) {
		c.policy = p.policy(d)
	}
	if d.chance(60) {
		c.deadline = d.between(time.Millisecond, 100*time.Second) + tick/2 // never when an answer comes
	}
	if d.chance(10) {
		c.cancel = d.between(time.Millisecond, 30*time.Second) + tick/4
	}
	if d.chance(8) {
		c.timeout = time.Duration(1+d.IntN(10)) * time.Second
	}
	if c.do == deedWait || c.do == deedWatch || c.do == deedStop || c.do == deedAll { // some operations never end
		c.deadline = d.between(100*time.Millisecond, 100*time.Second) + tick/2
	}
	c.interval = nothing
	if !p.exact {
		c.interval = d.between(500*time.Millisecond, 20*time.Second)
	}
	c.grace = d.between(time.Millisecond, 20*time.Second)
	c.gentle, c.width = d.chance(30), 1+d.IntN(3)
	return c
}

// nothing is an interval so short that nothing is drawn from it.
const nothing = time.Millisecond

// deeds are what a call may be for, as often as they are here.
var deeds = []deed{
	deedCancel, deedCancel, deedCancel, deedCancel,
	deedForce, deedForce, deedForce, deedForce, deedForce,
	deedStart, deedStart, deedRead, deedList, deedWait, deedWatch, deedStop, deedStop, deedAll,
}
