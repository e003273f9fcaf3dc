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

// Engine is the engine itself, for what has no method here, such as
// [emulator.Emulator.Plant] and [emulator.Emulator.CleanUp]. Calling an operation of the
// API on it is what somebody else does, past the wire and its script.
func (c *Cluster) Engine() *emulator.Emulator { return c.engine }

// Put writes an operation down as if it had come to this point by itself, and returns
// its id. What is empty gets the commonest value, so that Put(emulator.Record{}) is a
// data loss under way that nobody has cancelled:
//
//   - ID: 00000000-0000-4000-8000-000000000001 and so on,
//   - Kind: PartitionDataLoss,
//   - Step: PerformingActions,
//   - Rollback: NotRollingBack,
//   - Target: the first service or node of [WithCluster], or of [emulator.DefaultCluster];
//     a node is stopped, for 10 minutes,
//
// and the rest is as in [emulator.Emulator.Put]. It fails the test if that refuses.
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

// target is what an operation works on that does not say it.
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

// Operation is an operation as it stands now, in the engine's own terms, and past the
// script and [Cluster.SetAvailability]. It fails the test if there is none.
func (c *Cluster) Operation(id uuid.UUID) emulator.Record {
	c.tb.Helper()
	r, err := c.viewer.Record(context.Background(), id)
	if err != nil {
		c.tb.Fatalf("sftest: operation %s: %v", id, err)
	}
	return r
}

// Operations are all operations, running or over, as they stand now, in the order in
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

// Node is a node as it is now. It fails the test if there is none of that name; without
// [WithCluster] there is every one.
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

// SetScenario changes how an operation under way goes on, such as an undo that was stuck
// and gets free. It fails the test if the operation is unknown or over.
func (c *Cluster) SetScenario(id uuid.UUID, s emulator.Scenario) {
	c.tb.Helper()
	if err := c.engine.SetScenario(context.Background(), id, s); err != nil {
		c.tb.Fatalf("sftest: operation %s: %v", id, err)
	}
}

// SetAvailability puts the fault service into a condition in which it refuses every
// call, until it is [emulator.Ready] again. Operations under way get on meanwhile. It
// fails the test if there is no such condition.
func (c *Cluster) SetAvailability(a emulator.Availability) {
	c.tb.Helper()
	if _, err := emulator.ParseAvailability(string(a)); err != nil {
		c.tb.Fatalf("sftest: %v", err)
	}
	c.engine.SetAvailability(a)
}

// start is when the time of a cluster begins.
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

// Now is the time of the engine.
func (c *Cluster) Now() time.Time { return c.now() }

// Advance moves the time of the engine on: operations under way get on by as much. d
// must not be negative. A cluster with [WithClock] cannot be moved; in a synctest bubble,
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
