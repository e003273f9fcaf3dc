package sftest_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// What Put fills in.
func TestPut(t *testing.T) {
	t.Parallel()
	partition := uuid.MustParse("1daae3f5-7fd6-42e9-b1ba-8c05f873994d")
	things := emulator.Cluster{
		Services: []emulator.Service{{Name: "fabric:/shop/orders", Partitions: []uuid.UUID{{7}}}},
		Nodes:    []emulator.Node{{Name: "n1", InstanceID: "42"}},
	}
	const node = generated.OperationTypeNodeTransition
	stop := emulator.Target{NodeName: "_Node_0", NodeInstanceID: "5", Transition: "Stop", Duration: 10 * time.Minute}
	stop1 := stop
	stop1.NodeName, stop1.NodeInstanceID = "n1", "42"
	cases := []struct {
		name    string
		options []sftest.Option
		put     emulator.Record
		state   generated.OperationState
		target  emulator.Target
	}{
		{"nothing", nil, emulator.Record{}, "Running", emulator.Target{ServiceName: "fabric:/app/svc", PartitionID: partition}},
		{"a flag", nil, stopping(), "RollingBack", emulator.Target{ServiceName: "fabric:/app/svc", PartitionID: partition}},
		{"a step", nil, emulator.Record{Step: emulator.StepFailed}, "Faulted", emulator.Target{ServiceName: "fabric:/app/svc", PartitionID: partition}},
		{"a node", nil, emulator.Record{Kind: node}, "Running", stop},
		{"a target", nil, emulator.Record{Target: emulator.Target{ServiceName: "fabric:/x"}}, "Running", emulator.Target{ServiceName: "fabric:/x"}},
		{"of a cluster", []sftest.Option{sftest.WithCluster(things)}, emulator.Record{}, "Running", emulator.Target{ServiceName: "fabric:/shop/orders", PartitionID: uuid.UUID{7}}},
		{"a node of a cluster", []sftest.Option{sftest.WithCluster(things)}, emulator.Record{Kind: node}, "Running", stop1},
		{"of an empty cluster", []sftest.Option{sftest.WithCluster(emulator.Cluster{})}, emulator.Record{}, "Running", emulator.Target{}},
	}
	for _, tc := range cases {
		c := sftest.NewCluster(t, tc.options...)
		id := c.Put(tc.put)
		if id.String() != "00000000-0000-4000-8000-000000000001" {
			t.Errorf("%s: the id is %s", tc.name, id)
		}
		if r := c.Operation(id); r.State() != tc.state || r.Target != tc.target {
			t.Errorf("%s: it is %s, of %+v", tc.name, r.State(), r.Target)
		}
	}
	c := sftest.NewCluster(t)
	own := uuid.UUID{9}
	if id := c.Put(emulator.Record{ID: own}); id != own || c.Operation(own).ID != own {
		t.Errorf("the id is %s", id)
	}
	if a, b := c.Put(emulator.Record{}), c.Put(emulator.Record{}); a == b {
		t.Errorf("both are %s", a)
	}
}

// What the engine refuses fails the test, with the reason.
func TestEngineRefuses(t *testing.T) {
	t.Parallel()
	id := uuid.UUID{9}
	cases := []struct {
		name string
		do   func(c *sftest.Cluster)
		says string
	}{
		{"twice", func(c *sftest.Cluster) { c.Put(emulator.Record{ID: id}); c.Put(emulator.Record{ID: id}) }, "sftest: Put: emulator: the operation exists"},
		{"no step", func(c *sftest.Cluster) { c.Put(emulator.Record{Step: "Dancing"}) }, `step "Dancing": it must be`},
		{"no condition", func(c *sftest.Cluster) { c.SetAvailability("asleep") }, "it must be one of ready"},
		{"no node", func(c *sftest.Cluster) { c.Put(emulator.Record{Kind: generated.OperationTypeNodeTransition}) }, "a node transition needs one"},
		{"an unknown operation", func(c *sftest.Cluster) { c.Operation(id) }, "operation " + id.String() + ": "},
		{"an unknown node", func(c *sftest.Cluster) { c.Node("n1") }, "node n1: there is none of that name"},
		{"a scenario of none", func(c *sftest.Cluster) { c.SetScenario(id, emulator.Scenario{}) }, "operation " + id.String() + ": "},
	}
	for _, tc := range cases {
		said := watch(func(tb sftest.TB) {
			tc.do(sftest.NewCluster(tb, sftest.WithCluster(emulator.Cluster{})))
			tb.Errorf("it returned")
		})
		saysOne(t, said, "fatal: ", tc.says)
	}
}

// Operations are all there are, in order, whatever the condition of the service.
func TestOperations(t *testing.T) {
	t.Parallel()
	c := sftest.NewCluster(t)
	if got := c.Operations(); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	var want []uuid.UUID
	for i := range 5 { // the ids go down while time goes on
		want = append(want, c.Put(emulator.Record{ID: uuid.UUID{byte(9 - i)}, Step: []emulator.Step{"", emulator.StepFailed}[i%2]}))
		c.Advance(time.Second)
	}
	same := []uuid.UUID{c.Put(emulator.Record{}), c.Put(emulator.Record{})}
	c.SetAvailability(emulator.NotDeployed)
	if _, err := c.Client().Operations(t.Context()); wrapper.CodeOf(err) != "FMFailoverUnitNotFound" {
		t.Errorf("the client gets %v", err)
	}
	var got []uuid.UUID
	for _, r := range c.Operations() {
		got = append(got, r.ID)
	}
	if !slices.Equal(got, append(want, same...)) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Time moves operations on, and with them the node.
func TestAdvance(t *testing.T) {
	t.Parallel()
	begin := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	c := sftest.NewCluster(t, sftest.WithStart(begin), sftest.WithScenario(emulator.Scenario{Perform: time.Minute}))
	id := c.Put(emulator.Record{Kind: generated.OperationTypeNodeTransition})
	c.Advance(time.Minute - 1)
	if r, n := c.Operation(id), c.Node("_Node_0"); r.Terminal() || n.Down {
		t.Errorf("too early: %s, down: %v", r.State(), n.Down)
	}
	c.Advance(1)
	if r, n := c.Operation(id), c.Node("_Node_0"); r.State() != "Completed" || !n.Down || !n.Until.Equal(begin.Add(11*time.Minute)) {
		t.Errorf("at the end: %s, %+v", r.State(), n)
	}
	if !c.Now().Equal(begin.Add(time.Minute)) {
		t.Errorf("it is %v", c.Now())
	}
	if now := sftest.NewCluster(t).Now(); !now.Equal(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("by default it is %v", now)
	}
}

// A stuck undo gets free.
func TestSetScenario(t *testing.T) {
	t.Parallel()
	c := sftest.NewCluster(t, sftest.WithScenario(stuck))
	id := c.Put(stopping())
	c.Advance(time.Hour)
	if c.Operation(id).Terminal() {
		t.Fatalf("a stuck operation after an hour: got %+v, want it not ended", c.Operation(id))
	}
	c.SetScenario(id, emulator.Scenario{})
	c.Advance(time.Minute)
	if s := c.Operation(id).State(); s != generated.OperationStateCancelled {
		t.Errorf("it is %s", s)
	}
}

// A stale answer is of when the step was written, for every sort of read, however much
// has happened since.
func TestStale(t *testing.T) {
	t.Parallel()
	c := sftest.NewCluster(t, sftest.WithProfile(server.Runtime))
	id := c.Put(emulator.Record{})
	for range 150 { // more than fits into one transaction of a store
		c.Put(emulator.Record{Step: emulator.StepFailed})
	}
	progress := fmt.Sprintf("%s/Faults/Services/app~svc/$/GetPartitions/%s/$/GetDataLossProgress?api-version=6.0&OperationId=%s", c.URL(), id, id)
	c.On(sftest.GetFaultOperationList, sftest.Stale()).Times(2)
	c.On(sftest.GetDataLossProgress.Of(id), sftest.Stale())
	if _, err := c.Client().Cancel(t.Context(), id, wrapper.CancelOptions{}); err != nil {
		t.Fatal(err)
	}
	c.Put(emulator.Record{})
	c.Advance(time.Hour)
	c.SetAvailability(emulator.NotPrimary)
	defer c.SetAvailability(emulator.Ready)

	ops, err := c.Client().Operations(t.Context())
	if err != nil || len(ops) != 151 {
		t.Errorf("%d operations, %v", len(ops), err)
	}
	op, err := c.Client().Operation(t.Context(), id)
	if err != nil || op.State != wrapper.StateRunning {
		t.Errorf("the list says %s, %v", op.State, err)
	}
	if g := send(t.Context(), c.HTTPClient(), "GET", progress); g.status != 200 || g.body != "{\"State\":\"Running\"}\n" {
		t.Errorf("the progress says %d %s", g.status, g.body)
	}
	c.SetAvailability(emulator.Ready)
	if op, err = c.Client().Operation(t.Context(), id); err != nil || op.State != wrapper.StateCancelled || len(c.Operations()) != 152 {
		t.Errorf("in truth it is %s, %v", op.State, err)
	}
}

// stuck never gets its undo done, if it is cancelled while it looks up its target.
var stuck = emulator.Scenario{LookUp: time.Second, UndoFails: emulator.Failure{Times: emulator.Always}}

// purposes are those of the requests of a call, in order.
func purposes(attempts []wrapper.Attempt) []string {
	var all []string
	for _, a := range attempts {
		all = append(all, a.Purpose())
	}
	return all
}

// A minute of grace and lost answers, in no time.
func TestGraceInABubble(t *testing.T) {
	t.Parallel()
	for _, profile := range []server.Profile{server.Documented, server.Runtime} {
		real := time.Now()
		synctest.Test(t, func(t *testing.T) {
			c := sftest.NewCluster(t, sftest.WithClock(time.Now), sftest.WithProfile(profile), sftest.WithScenario(stuck))
			id := c.Put(emulator.Record{Step: emulator.StepLookingUpState})
			c.On(sftest.Graceful, sftest.DropBefore())
			c.On(sftest.Graceful, sftest.DropAfter())
			c.On(sftest.Force, sftest.DropAfter())
			client := c.Client(wrapper.WithForcePolicy(wrapper.GracefulFirst{Grace: time.Minute}))

			begin := time.Now()
			result, err := client.ForceCancel(t.Context(), id, wrapper.ForceOptions{})
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"graceful", "graceful", "graceful", "read", "force", "probe"}
			if got := purposes(result.Attempts); result.Verdict != wrapper.Accepted || !result.Resolved || !slices.Equal(got, want) {
				t.Errorf("%s, resolved %v, by %v", result.Verdict, result.Resolved, got)
			}
			if took := time.Since(begin); took < time.Minute || took > 2*time.Minute || c.Now().Sub(begin) != took {
				t.Errorf("it took %v, the engine %v", took, c.Now().Sub(begin))
			}
			// It was stuck for the whole minute, and the force ends it with the next try.
			time.Sleep(time.Second)
			if r := c.Operation(id); r.State() != generated.OperationStateForceCancelled || r.Failed.Undo < 50 /* one a second */ {
				t.Errorf("it is %s after %d tries to undo", r.State(), r.Failed.Undo)
			}
		})
		if took := time.Since(real); took > 30*time.Second {
			t.Errorf("it took %v of real time", took)
		}
	}
}

// With the clock of the bubble, who waits moves the engine.
func TestClockOfABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := sftest.NewCluster(t, sftest.WithClock(time.Now))
		client := c.Client()
		op, err := client.StartDataLoss(t.Context(), wrapper.Partition{Service: "fabric:/app/svc"}, "FullDataLoss", wrapper.StartOptions{})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(32*time.Second - time.Nanosecond)
		if s := c.Operation(op.OperationID).State(); s != generated.OperationStateRunning {
			t.Errorf("a moment before its end it is %s", s)
		}
		time.Sleep(time.Nanosecond)
		if s := c.Operation(op.OperationID).State(); s != generated.OperationStateCompleted {
			t.Errorf("at its end it is %s", s)
		}
	})
}

// Without it the engine stands still in a bubble, too.
func TestStillInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := sftest.NewCluster(t)
		id := c.Put(emulator.Record{})
		before := c.Now()
		time.Sleep(time.Hour)
		if !c.Now().Equal(before) || c.Operation(id).Terminal() {
			t.Errorf("the engine moved by %v", c.Now().Sub(before))
		}
	})
}

// A cluster with a clock of its own cannot be moved, and says what to do.
func TestAdvanceRefuses(t *testing.T) {
	t.Parallel()
	saysOne(t, watch(func(tb sftest.TB) {
		sftest.NewCluster(tb, sftest.WithClock(time.Now)).Advance(time.Second)
	}), "fatal: ", "Advance(1s)", "WithClock", "time.Sleep")
	saysOne(t, watch(func(tb sftest.TB) { sftest.NewCluster(tb).Advance(-1) }), "fatal: ", "Advance(-1ns)", "never goes back")
}
