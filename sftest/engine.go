package sftest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
)

// Engine returns the engine, for methods that Cluster does not have, such as
// [emulator.Emulator.Plant] and [emulator.Emulator.CleanUp]. A call of an API operation on it is like
// a call of another client that the script does not affect.
func (c *Cluster) Engine() *emulator.Emulator { return c.engine }

// Put stores an operation in the given state, and returns
// its id. Empty fields get a default, so that Put(emulator.Record{}) is a
// running data loss that is not cancelled:
//
//   - ID: 00000000-0000-4000-8000-000000000001 and so on,
//   - Kind: PartitionDataLoss,
//   - Step: PerformingActions,
//   - Rollback: NotRollingBack,
//   - Target: the first service or node of [WithCluster], or of [emulator.DefaultCluster];
//     a node is stopped, for 10 minutes,
//
// and the rest is as in [emulator.Emulator.Put]. It fails the test if that returns an error.
func (c *Cluster) Put(r emulator.Record) uuid.UUID {
	c.tb.Helper()
	if r.ID == (uuid.UUID{}) {
		r.ID = c.newID()
	}
	r.Kind = cmp.Or(r.Kind, generated.OperationTypePartitionDataLoss)
	r.Step = cmp.Or(r.Step, emulator.StepPerformingActions)
	r.Rollback = cmp.Or(r.Rollback, emulator.NotRollingBack)
	if r.Target == (emulator.Target{}) {
		r.Target = c.target(r.Kind)
	}
	if err := c.engine.Put(context.Background(), r); err != nil {
		c.tb.Fatalf("sftest: Put: %v", err)
	}
	return r.ID
}

func (c *Cluster) newID() uuid.UUID {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.named++
	id := uuid.UUID{6: 0x40, 8: 0x80} // of version 4
	binary.BigEndian.PutUint32(id[12:], c.named)
	return id
}

// target returns the default target of an operation.
func (c *Cluster) target(kind generated.OperationType) (t emulator.Target) {
	things := emulator.DefaultCluster()
	if c.config.things != nil {
		things = *c.config.things
	}
	switch {
	case kind == generated.OperationTypeNodeTransition && len(things.Nodes) > 0:
		t.NodeName, t.NodeInstanceID = things.Nodes[0].Name, things.Nodes[0].InstanceID
		t.Transition, t.Duration = generated.NodeTransitionTypeStop, 10*time.Minute
	case kind != generated.OperationTypeNodeTransition && len(things.Services) > 0:
		t.ServiceName = things.Services[0].Name
		if ids := things.Services[0].Partitions; len(ids) > 0 {
			t.PartitionID = ids[0]
		}
	}
	return t
}

// Operation returns the current record of an operation in the engine. The
// script and [Cluster.SetAvailability] do not affect it. It fails the test if there is no such operation.
func (c *Cluster) Operation(id uuid.UUID) emulator.Record {
	c.tb.Helper()
	r, err := c.viewer.Record(context.Background(), id)
	if err != nil {
		c.tb.Fatalf("sftest: operation %s: %v", id, err)
	}
	return r
}

// Operations returns the current records of all operations, running or over, in the order in
// which they were received.
func (c *Cluster) Operations() []emulator.Record {
	c.tb.Helper()
	const all = 0xFFFF
	ctx := context.Background()
	answer, err := c.viewer.GetFaultOperationList(ctx, generated.GetFaultOperationListRequestObject{
		Params: generated.GetFaultOperationListParams{TypeFilter: all, StateFilter: all},
	})
	if err != nil {
		c.tb.Fatalf("sftest: %v", err)
	}
	listed, _ := answer.(emulator.List)
	records := make([]emulator.Record, 0, listed.Len())
	for status := range listed.All() {
		records = append(records, c.Operation(status.OperationID))
	}
	slices.SortFunc(records, func(a, b emulator.Record) int {
		return cmp.Or(a.Received.Compare(b.Received), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return records
}

// Node returns the current state of a node. It fails the test if there is no such node; without
// [WithCluster] every node exists.
func (c *Cluster) Node(name string) emulator.Node {
	c.tb.Helper()
	n, found, err := c.viewer.Node(context.Background(), name)
	if err != nil {
		c.tb.Fatalf("sftest: node %s: %v", name, err)
	}
	if !found {
		c.tb.Fatalf("sftest: node %s: there is none of that name", name)
	}
	return n
}

// SetScenario changes the scenario of a running operation, for example to let a failing undo
// succeed. It fails the test if the operation is unknown or over.
func (c *Cluster) SetScenario(id uuid.UUID, s emulator.Scenario) {
	c.tb.Helper()
	if err := c.engine.SetScenario(context.Background(), id, s); err != nil {
		c.tb.Fatalf("sftest: operation %s: %v", id, err)
	}
}

// SetAvailability makes the fault service refuse every
// call, until it is [emulator.Ready] again. Running operations continue meanwhile. It
// fails the test if the value is unknown.
func (c *Cluster) SetAvailability(a emulator.Availability) {
	c.tb.Helper()
	if _, err := emulator.ParseAvailability(string(a)); err != nil {
		c.tb.Fatalf("sftest: %v", err)
	}
	c.engine.SetAvailability(a)
}

// start returns the default start time of the engine.
func start() time.Time { return time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC) }

// clock is a clock that only a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (k *clock) Now() time.Time {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.now
}

// Now returns the time of the engine.
func (c *Cluster) Now() time.Time { return c.now() }

// Advance moves the clock of the engine forward, and running operations with it. It fails the test if d
// is negative, and if the cluster has [WithClock]: in a synctest bubble,
// call [time.Sleep] instead.
func (c *Cluster) Advance(d time.Duration) {
	c.tb.Helper()
	if c.clock == nil {
		c.tb.Fatalf("sftest: Advance(%v): the engine follows the clock of WithClock; in a synctest bubble time.Sleep moves it", d)
	}
	if d < 0 {
		c.tb.Fatalf("sftest: Advance(%v): the time of an engine never goes back", d)
	}
	c.clock.mu.Lock()
	defer c.clock.mu.Unlock()
	c.clock.now = c.clock.now.Add(d)
}
