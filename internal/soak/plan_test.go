package soak

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
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

// Twins: two clusters have operations with the same ids, and the clients of both share one
// ledger. A cluster is known by its gateways, and by its name if its clients give it one.

// planTwins adds the second cluster, with actors of its own, and gives clients to it.
func planTwins(p *plan, d dice, starts bool) {
	p.homes = homes
	for n := range p.operations {
		p.operations[n].present[1] = d.chance(80)
	}
	for _, a := range p.planOthers(d, starts) {
		a.home = 1
		p.others = append(p.others, a)
	}
	slices.SortStableFunc(p.others, byTime)
	for n := range p.clients {
		c := &p.clients[n]
		c.ledger, c.home = 0, d.IntN(homes)
		for i := range c.endpoints {
			c.endpoints[i] += c.home * gateways
		}
		if d.chance(40) {
			c.name = fmt.Sprintf("cluster %d", c.home)
		}
	}
}

// dice are the random decisions of one actor or one request. Each has its own, so that
// what one draws does not depend on when another does.
type dice struct{ *rand.Rand }

func newDice(seed uint64, parts ...uint64) dice {
	h := mixed(seed)
	for _, p := range parts {
		h = mixed(h ^ p)
	}
	return dice{rand.New(rand.NewPCG(seed, h))}
}

// mixed is splitmix64, so that seeds in a row have nothing in common.
func mixed(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// chance is true in so many of 100 cases.
func (d dice) chance(percent int) bool { return d.IntN(100) < percent }

// between is a duration of any order of magnitude between the two, in whole tick.
func (d dice) between(least, most time.Duration) time.Duration {
	low, high := math.Log(float64(least)), math.Log(float64(most))
	return time.Duration(math.Exp(low + d.Float64()*(high-low))).Truncate(tick)
}

// tick is what all instants of a run are multiples of. The wrapper's own pauses have a
// jitter that no seed governs; kept to a nanosecond, it is rounded away by every request.
const tick = time.Microsecond

func pick[T any](d dice, from ...T) T { return from[d.IntN(len(from))] }

// Replays: something below the client, such as a proxy, sends a request again after it was
// carried out, and the client gets only the second answer. It sees a start refused as
// existing, or a force refused as not allowed now, that is its own.

// planReplays also makes some calls start operations whose id the call makes itself: such a
// start cannot be refused as existing by anybody else's.
func planReplays(p *plan, d dice, _ bool) {
	p.replayed = pick(d, 5, 20, 50)
	for c := range p.clients {
		for n := range p.clients[c].calls {
			k := &p.clients[c].calls[n]
			if k.do != deedStart || d.chance(50) {
				continue
			}
			o := p.operations[k.op]
			o.id, o.present = uuid.UUID{}, [homes]bool{}
			k.op, k.ownID = len(p.operations), true
			p.operations = append(p.operations, o)
			p.exact = false // an id that the wrapper makes comes from no seed
		}
	}
}

// replay is how long after it was carried out the request is sent again, 0 for never.
func (p plan) replay(q *request, d dice) time.Duration {
	if p.replayed > 0 && q.changes() && d.chance(p.replayed) {
		return d.between(50*time.Microsecond, 5*time.Second)
	}
	return 0
}
