package soak

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store/memory"
	"github.com/sfcancel/sfcancel/wrapper"
)

// desk is a server whose engine can be exchanged: making a server takes longer than a run.
type desk struct {
	generated.StrictServerInterface
	handler http.Handler
}

func newDesk(p server.Profile) (*desk, error) {
	d := &desk{StrictServerInterface: emulator.New(memory.New())}
	var err error
	d.handler, err = server.New(d, server.WithProfile(p))
	return d, err
}

// cluster is the server of one run, and what it really did. [run.mu] guards it.
type cluster struct {
	*run
	home   int
	desk   *desk
	store  *memory.Store
	engine *emulator.Emulator
	down   bool
	gates  [gateways]condition

	seen  []sight
	did   []effect
	lives []int // of each operation
}

// sight is how an operation stood at an instant.
type sight struct {
	at     time.Duration
	op     int
	found  bool
	state  wrapper.State
	kind   wrapper.Kind
	forced bool // a force is in effect
	over   bool
	life   int // of the id: how many starts had been carried out by then
}

// effect is a cancel or a start that the server carried out.
type effect struct {
	at   time.Duration
	op   int
	what what
	call *call // nil for somebody else
	life int   // of the id, a start's own included
}

// what a request asks for.
type what string

const (
	graceful what = "graceful"
	force    what = "force"
	list     what = "list"
	start    what = "start"
)

func newCluster(run *run, home int, d *desk) *cluster {
	c := &cluster{run: run, home: home, desk: d, store: memory.New(), lives: make([]int, len(run.plan.operations))}
	for n := range c.gates {
		c.gates[n] = gateWell
	}
	c.boot()
	for n, o := range run.plan.operations {
		if o.present[home] {
			c.otherDoes(action{do: actStart, op: n, kind: o.kind})
		} else {
			c.look(n)
		}
	}
	return c
}

// boot puts a new engine at the store.
func (c *cluster) boot() {
	c.engine = emulator.New(c.store,
		emulator.WithProfile(c.plan.profile),
		emulator.WithSettings(emulator.Settings{MaxStoredActionCount: -1, CompletedActionKeepDuration: time.Second}),
		emulator.WithScenario(func(r emulator.Record) emulator.Scenario {
			return c.plan.operations[c.plan.number(r.ID)].scenario
		}))
	c.desk.StrictServerInterface = c.engine
}

// number is which operation has an id, -1 for none.
func (p *plan) number(id uuid.UUID) int {
	return slices.IndexFunc(p.operations, func(o operationPlan) bool { return o.id == id })
}

// look notes how an operation stands at this instant, as the server would say.
func (c *cluster) look(op int) sight {
	s := sight{at: c.now(), op: op, life: c.lives[op]}
	r, err := c.engine.Record(context.Background(), c.plan.operations[op].id)
	if err == nil {
		s.found, s.state, s.kind = true, wrapper.State(r.State()), wrapper.Kind(r.Kind)
		s.over = r.Terminal()
		s.forced = r.Rollback == emulator.RollingBackForce && !s.over
	}
	c.seen = append(c.seen, s)
	return s
}

// lookAll is the same of all of them.
func (c *cluster) lookAll() {
	for n := range c.plan.operations {
		c.look(n)
	}
}

// otherDoes carries out what others do, behind the clients' backs.
func (c *cluster) otherDoes(a action) {
	ctx, id := context.Background(), c.plan.operations[a.op].id
	note := func(w what, err error) {
		text := "refused"
		if err == nil {
			c.does(w, a.op, nil)
			text = "done"
		}
		c.tell("somebody %s operation %d: %s, now %s", a.do, a.op, text, c.look(a.op))
	}
	switch a.do {
	case actCancel, actForce:
		_, err := c.engine.CancelOperation(ctx, generated.CancelOperationRequestObject{
			Params: generated.CancelOperationParams{OperationID: id, Force: a.do == actForce},
		})
		if a.do == actForce {
			note(force, err)
		} else {
			note(graceful, err)
		}
	case actStart:
		note(start, c.otherStarts(a.op, a.kind))
	case actDown:
		c.down = true
		c.tell("the server goes down")
	case actUp:
		c.down = false
		c.boot()
		c.tell("the server comes up")
	case actFail:
		c.engine.SetAvailability(a.cond)
		c.tell("the fault service is %s", a.cond)
	case actRecover:
		c.engine.SetAvailability(emulator.Ready)
		c.tell("the fault service is ready")
	case actGate:
		c.gates[a.gate] = a.how
		c.tell("gateway %d: %s", a.gate, a.how)
	case actSweep:
		c.tell("sweep, error %v", c.engine.Sweep(ctx))
	case actCleanUp:
		c.lookAll()
		c.tell("clean-up, error %v", c.engine.CleanUp(ctx))
		c.lookAll()
	}
}

// does notes that something was carried out.
func (c *cluster) does(w what, op int, k *call) {
	if w == start {
		c.lives[op]++
	}
	c.did = append(c.did, effect{at: c.now(), op: op, what: w, call: k, life: c.lives[op]})
}

func (c *cluster) otherStarts(op int, kind wrapper.Kind) error {
	ctx, o := context.Background(), c.plan.operations[op]
	switch kind {
	case wrapper.KindQuorumLoss:
		_, err := c.engine.StartQuorumLoss(ctx, generated.StartQuorumLossRequestObject{ServiceID: "shop~orders",
			Params: generated.StartQuorumLossParams{OperationID: o.id, QuorumLossMode: generated.QuorumLossModeAllReplicas, QuorumLossDuration: 5}})
		return err
	case wrapper.KindPartitionRestart:
		_, err := c.engine.StartPartitionRestart(ctx, generated.StartPartitionRestartRequestObject{ServiceID: "shop~orders",
			Params: generated.StartPartitionRestartParams{OperationID: o.id, RestartPartitionMode: generated.RestartPartitionModeAllReplicasOrInstances}})
		return err
	case wrapper.KindNodeTransition:
		_, err := c.engine.StartNodeTransition(ctx, generated.StartNodeTransitionRequestObject{NodeName: o.node,
			Params: generated.StartNodeTransitionParams{OperationID: o.id, NodeInstanceID: nodeInstance,
				NodeTransitionType: generated.NodeTransitionTypeStop, StopDurationInSeconds: 600}})
		return err
	default:
		_, err := c.engine.StartDataLoss(ctx, generated.StartDataLossRequestObject{ServiceID: "shop~orders",
			Params: generated.StartDataLossParams{OperationID: o.id, DataLossMode: generated.DataLossModePartialDataLoss}})
		return err
	}
}

const nodeInstance = "17"
