package emulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

// failing is a store whose n-th commit fails, the first being 0, and only that one.
type failing struct {
	store.Store
	n int
}

var errDisk = errors.New("the disk is full")

func (f *failing) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	f.n--
	if f.n == -1 {
		return 0, errDisk
	}
	return f.Store.Commit(ctx, txn)
}

// contents is what a store holds, without the revisions.
func contents(t *testing.T, st store.Store) map[string]string {
	t.Helper()
	page, err := st.List(t.Context(), "", "", 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string, len(page.Items))
	for _, item := range page.Items {
		all[item.Key] = string(item.Value)
	}
	return all
}

func (c *cluster) record(id uuid.UUID) emulator.Record {
	c.t.Helper()
	r, err := c.engine.Record(c.t.Context(), id)
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

// shaped is a record to put, of the n-th kind.
func shaped(n int, step emulator.Step, flag emulator.Rollback) emulator.Record {
	r := emulator.Record{ID: uuid.New(), Kind: kinds[n].kind, Step: step, Rollback: flag}
	if n == transitionKind {
		r.Target = emulator.Target{NodeName: "_Node_0", NodeInstanceID: "5", Transition: generated.NodeTransitionTypeStop, Duration: time.Hour}
	} else {
		r.Target = emulator.Target{ServiceName: "fabric:/shop/orders", PartitionID: uuid.MustParse(aPartition)}
	}
	return r
}

var (
	steps = []emulator.Step{
		emulator.StepIntentSaved, emulator.StepLookingUpState, emulator.StepPerformingActions,
		emulator.StepCompletedSuccessfully, emulator.StepFailed,
	}
	flags = []emulator.Rollback{
		emulator.NotRollingBack, emulator.RollingBackAndWillRetry, emulator.RollingBackAndWillFail,
		emulator.RollingBackDueToUserCancel, emulator.RollingBackForce,
	}
)

// TestPut is the table of runtime §5.1: what is put is shown as that, and goes on from
// there (§5.8: from its persisted step and flag).
func TestPut(t *testing.T) {
	const (
		running   = generated.OperationStateRunning
		rolling   = generated.OperationStateRollingBack
		completed = generated.OperationStateCompleted
		faulted   = generated.OperationStateFaulted
		cancelled = generated.OperationStateCancelled
		forced    = generated.OperationStateForceCancelled
	)
	visible := map[emulator.Step][5]generated.OperationState{
		emulator.StepIntentSaved:           {running, running, rolling, rolling, rolling},
		emulator.StepLookingUpState:        {running, running, rolling, rolling, rolling},
		emulator.StepPerformingActions:     {running, running, rolling, rolling, rolling},
		emulator.StepCompletedSuccessfully: {completed, completed, completed, cancelled, forced},
		emulator.StepFailed:                {faulted, faulted, faulted, cancelled, forced},
	}
	for n, k := range kinds {
		for _, step := range steps {
			for i, flag := range flags {
				t.Run(fmt.Sprintf("%s/%s/%s", k.kind, step, flag), func(t *testing.T) {
					c := newCluster(t, server.Documented, nil, emulator.WithScenario(func(emulator.Record) emulator.Scenario { return emulator.Scenario{} }))
					r := shaped(n, step, flag)
					if err := c.engine.Put(t.Context(), r); err != nil {
						t.Fatal(err)
					}
					if got := c.progress(n, r.ID).State; got != visible[step][i] {
						t.Errorf("shown as %s, want %s", got, visible[step][i])
					}
					c.pass(second - 1)
					if got := c.progress(n, r.ID).State; got != visible[step][i] {
						t.Errorf("less than a second later it is shown as %s", got)
					}
					c.pass(time.Hour)
					end := map[emulator.Rollback]generated.OperationState{
						emulator.NotRollingBack: completed, emulator.RollingBackAndWillRetry: completed,
						emulator.RollingBackAndWillFail: faulted, emulator.RollingBackDueToUserCancel: cancelled, emulator.RollingBackForce: forced,
					}[flag]
					if step == emulator.StepCompletedSuccessfully || step == emulator.StepFailed {
						end = visible[step][i]
					}
					if got := c.progress(n, r.ID).State; got != end {
						t.Errorf("it ended %s, want %s", got, end)
					}
				})
			}
		}
	}
}

func TestPutFillsInWhatIsEmpty(t *testing.T) {
	chosen := emulator.Scenario{Perform: 7 * second, LookUp: 3 * second}
	c := newCluster(t, server.Documented, nil, emulator.WithScenario(func(emulator.Record) emulator.Scenario { return chosen }))
	c.setCluster(emulator.Cluster{Nodes: []emulator.Node{{Name: "_Node_0", InstanceID: "5"}}})
	put := func(r emulator.Record) emulator.Record {
		t.Helper()
		if err := c.engine.Put(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		return c.record(r.ID)
	}

	active := put(shaped(0, emulator.StepPerformingActions, emulator.NotRollingBack))
	if !active.Received.Equal(c.clock()) || !active.Due.Equal(c.clock().Add(7*second)) || active.Scenario != chosen || !active.LookedUp || !active.Stopped.IsZero() {
		t.Errorf("active: %+v", active)
	}
	if queued := put(shaped(0, emulator.StepIntentSaved, emulator.NotRollingBack)); !queued.Due.Equal(c.clock().Add(second)) || queued.LookedUp {
		t.Errorf("what takes no time is seen for a second: %+v", queued)
	}
	if lost := put(shaped(1, emulator.StepLookingUpState, emulator.NotRollingBack)); lost.Found.Fault != serviceDoesNotExist {
		t.Errorf("what there is of the target is looked up: %+v", lost.Found)
	}
	if moving := put(shaped(3, emulator.StepLookingUpState, emulator.NotRollingBack)); moving.Found.Node.InstanceID != "5" {
		t.Errorf("what there is of the node is looked up: %+v", moving.Found)
	}
	if over := put(shaped(0, emulator.StepFailed, emulator.NotRollingBack)); !over.Stopped.Equal(c.clock()) || !over.LookedUp {
		t.Errorf("over: %+v", over)
	}

	own := shaped(0, emulator.StepLookingUpState, emulator.NotRollingBack)
	own.Received, own.Due, own.Scenario = c.clock().Add(-time.Hour), c.clock().Add(time.Minute), emulator.Scenario{Undo: 1}
	own.Found.Fault, own.Failed.LookUp = partitionNotFound, 3
	if got := put(own); got != own {
		t.Errorf("what is said stays: %+v, want %+v", got, own)
	}
	ended := shaped(2, emulator.StepFailed, emulator.NotRollingBack)
	ended.Phase = emulator.PhaseUndoing // but of what is over nothing is undone
	ended.Stopped, ended.ErrorCode = c.clock().Add(-time.Hour), partitionNotFound
	if got := put(ended); !got.Stopped.Equal(ended.Stopped) || got.Phase != emulator.PhaseForward {
		t.Errorf("what is said stays: %+v", got)
	}
	if got := c.ends(2, ended.ID, generated.OperationStateFaulted, partitionNotFound); got.SelectedPartition.PartitionID != aPartition {
		t.Errorf("%+v", got)
	}
}

// §5.3: in the pause a flag counts only when the pause is over, also in one that was put.
func TestPutInThePause(t *testing.T) {
	c := newCluster(t, server.Documented, nil)
	r := shaped(0, emulator.StepLookingUpState, emulator.RollingBackDueToUserCancel)
	r.Phase, r.Due = emulator.PhasePausing, c.clock().Add(10*second)
	if err := c.engine.Put(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	c.pass(10 * second)
	if got := c.record(r.ID); got.Phase != emulator.PhaseUndoing {
		t.Errorf("when the pause is over nothing is undone: %+v", got)
	}
}

func TestPutRefuses(t *testing.T) {
	c := newCluster(t, server.Documented, nil)
	for _, tt := range []struct {
		name string
		edit func(*emulator.Record)
		says []string
	}{
		{"no kind", func(r *emulator.Record) { r.Kind = "" }, []string{`kind ""`, "PartitionDataLoss", "PartitionQuorumLoss", "PartitionRestart", "NodeTransition"}},
		{"another kind", func(r *emulator.Record) { r.Kind = "Invalid" }, []string{`kind "Invalid"`, "NodeTransition"}},
		{"no step", func(r *emulator.Record) { r.Step = "" }, []string{`step ""`, "IntentSaved", "LookingUpState", "PerformingActions", "CompletedSuccessfully", "Failed"}},
		{"no flag", func(r *emulator.Record) { r.Rollback = "" }, []string{`rollback ""`, "NotRollingBack", "RollingBackAndWillRetryAction", "RollingBackForce"}},
		{"a state for a flag", func(r *emulator.Record) { r.Rollback = "RollingBack" }, []string{`rollback "RollingBack"`}},
		{"a phase of nobody's", func(r *emulator.Record) { r.Phase = "Waiting" }, []string{`phase "Waiting"`, "Undoing", "Pausing"}},
		{"fewer failures than none", func(r *emulator.Record) { r.Failed.Undo = -1 }, []string{"-1 failed tries"}},
		{"more failures than can be counted on", func(r *emulator.Record) { r.Failed.LookUp = math.MaxInt64/2 + 1 }, []string{"failed tries"}},
		{"no node", func(r *emulator.Record) { r.Kind = generated.OperationTypeNodeTransition }, []string{"a node transition needs one"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := shaped(0, emulator.StepIntentSaved, emulator.NotRollingBack)
			tt.edit(&r)
			err := c.engine.Put(t.Context(), r)
			if err == nil {
				t.Fatal("it was put")
			}
			for _, part := range append(tt.says, r.ID.String()) {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%v does not say %q", err, part)
				}
			}
		})
	}
	if listed := c.list("65535", "65535"); len(listed) != 0 {
		t.Errorf("%v", listed)
	}
}

func TestPutWhatExists(t *testing.T) {
	c := newCluster(t, server.Documented, nil)
	active, over := c.start(0), c.over(1, 0)
	holder := shaped(transitionKind, emulator.StepLookingUpState, emulator.NotRollingBack)
	if err := c.engine.Put(t.Context(), holder); err != nil {
		t.Fatal(err)
	}
	for name, id := range map[string]uuid.UUID{"active": active, "over": over} {
		for _, step := range steps {
			r := shaped(2, step, emulator.NotRollingBack)
			r.ID = id
			if err := c.engine.Put(t.Context(), r); !errors.Is(err, emulator.ErrExists) || !strings.Contains(err.Error(), id.String()) {
				t.Errorf("%s again, as %s: %v", name, step, err)
			}
		}
	}
	if err := c.engine.Put(t.Context(), shaped(transitionKind, emulator.StepIntentSaved, emulator.NotRollingBack)); !errors.Is(err, emulator.ErrExists) {
		t.Errorf("a second transition of a node: %v", err)
	}
	if err := c.engine.Put(t.Context(), shaped(transitionKind, emulator.StepFailed, emulator.NotRollingBack)); err != nil {
		t.Errorf("one that is over holds no node: %v", err)
	}
	c.pass(time.Hour)
	if err := c.engine.Put(t.Context(), shaped(transitionKind, emulator.StepIntentSaved, emulator.NotRollingBack)); err != nil {
		t.Errorf("the node is free again: %v", err)
	}
	if r := c.record(active); r.Kind != kinds[0].kind {
		t.Errorf("what was there was changed: %+v", r)
	}
}

func TestPutIntoAFailingStore(t *testing.T) {
	shared := memory.New()
	c := newCluster(t, server.Documented, &failing{Store: shared})
	if err := c.engine.Put(t.Context(), shaped(0, emulator.StepIntentSaved, emulator.NotRollingBack)); !errors.Is(err, errDisk) {
		t.Errorf("%v", err)
	}
	_ = shared.Close()
	for n := range kinds {
		for _, step := range steps {
			if err := c.engine.Put(t.Context(), shaped(n, step, emulator.NotRollingBack)); !errors.Is(err, store.ErrClosed) {
				t.Errorf("%s: %v", step, err)
			}
		}
	}
}

// SetCluster takes more nodes than a transaction holds, and takes away all that were.
func TestSetClusterOfMany(t *testing.T) {
	shared := memory.New()
	defer shared.Close()
	c := newCluster(t, server.Documented, shared)
	const many = 1234
	nodes := make([]emulator.Node, many)
	for n := range nodes {
		nodes[n] = emulator.Node{Name: fmt.Sprintf("node %d", n), InstanceID: "5"}
	}
	c.setCluster(emulator.Cluster{Nodes: nodes})
	if got := len(contents(t, shared)); got != many+1 {
		t.Errorf("%d items, want %d", got, many+1)
	}
	if n, ok := c.node("node 1233"); !ok || n != nodes[1233] {
		t.Errorf("%+v, %t", n, ok)
	}
	c.setCluster(emulator.Cluster{Nodes: nodes[1000:1001]})
	if got := len(contents(t, shared)); got != 2 {
		t.Errorf("%d items, want 2", got)
	}
	if _, ok := c.node("node 1"); ok {
		t.Error("a node that was taken away is there")
	}
}

func TestSetClusterIntoAFailingStore(t *testing.T) {
	c := newCluster(t, server.Documented, &failing{Store: memory.New()})
	if err := c.engine.SetCluster(t.Context(), emulator.DefaultCluster()); !errors.Is(err, errDisk) {
		t.Errorf("%v", err)
	}
}

// Of two nodes of one name in a literal nobody can say which is meant.
func TestSetClusterNamesANodeThatIsThereTwice(t *testing.T) {
	c := newCluster(t, server.Documented, nil)
	err := c.engine.SetCluster(t.Context(), emulator.Cluster{Nodes: []emulator.Node{{Name: "_Node_7", InstanceID: "1"}, {Name: "_Node_7", InstanceID: "2"}}})
	if err == nil || !strings.Contains(err.Error(), "_Node_7") {
		t.Errorf("the error does not name the node: %v", err)
	}
}

// A transition names the instance of its node, so that a node without one is none.
func TestSetClusterRefusesANodeWithoutAnInstance(t *testing.T) {
	c := newCluster(t, server.Documented, nil)
	for _, n := range []emulator.Node{{Name: "_Node_7"}, {InstanceID: "7"}} {
		if err := c.engine.SetCluster(t.Context(), emulator.Cluster{Nodes: []emulator.Node{n}}); err == nil || !strings.Contains(err.Error(), "node 0") {
			t.Errorf("%+v: %v", n, err)
		}
	}
}

// As many bytes of services as a store takes are taken, and no more.
func TestSetClusterToTheBrim(t *testing.T) {
	c := newCluster(t, server.Documented, nil)
	for _, more := range []int{0, 1} {
		name := strings.Repeat("x", store.MaxValue-len(`[{"name":""}]`)+more)
		err := c.engine.SetCluster(t.Context(), emulator.Cluster{Services: []emulator.Service{{Name: name}}})
		if (err != nil) != (more > 0) || errors.Is(err, store.ErrInvalid) {
			t.Errorf("%d bytes too many: %v", more, err)
		}
	}
}

// aSeed is a seed file with one operation of each step, flag and kind, and two nodes.
func aSeed(t *testing.T) emulator.Seed {
	t.Helper()
	type op struct {
		ID         string `json:"id"`
		Kind       string `json:"kind"`
		Step       string `json:"step"`
		Rollback   string `json:"rollback"`
		Node       string `json:"node,omitempty"`
		AgeSeconds int    `json:"ageSeconds"`
	}
	var ops []op
	for n, k := range kinds {
		for i, step := range steps {
			for j, flag := range flags {
				o := op{uuid.UUID{byte(n), byte(i), byte(j)}.String(), string(k.kind), string(step), string(flag), "", len(ops)}
				if n == transitionKind {
					o.Node = fmt.Sprintf("_Node_%d%d", i, j) // one transition a node
				}
				ops = append(ops, o)
			}
		}
	}
	data, err := json.Marshal(map[string]any{"operations": ops, "nodes": []map[string]string{{"name": "_Node_00"}, {"name": "_Node_2", "instance": "7"}}})
	if err != nil {
		t.Fatal(err)
	}
	return parsed(t, string(data))
}

func parsed(t *testing.T, file string) emulator.Seed {
	t.Helper()
	s, err := emulator.ParseSeed([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Interrupted at whatever commit, planting goes on and ends as if it had not been.
func TestPlantGoesOn(t *testing.T) {
	seed := aSeed(t)
	seed.Operations = slices.Collect(func(yield func(emulator.SeedOperation) bool) {
		for n := 0; n < len(seed.Operations); n += 4 {
			if !yield(seed.Operations[n]) {
				return
			}
		}
	})
	whole := memory.New()
	defer whole.Close()
	if err := newCluster(t, server.Documented, whole).engine.Plant(t.Context(), seed); err != nil {
		t.Fatal(err)
	}
	want := contents(t, whole)
	for n := 0; ; n++ {
		st := memory.New()
		c := newCluster(t, server.Documented, st)
		err := emulator.New(&failing{st, n}, emulator.WithClock(c.clock)).Plant(t.Context(), seed)
		if err == nil {
			if n < len(seed.Operations) {
				t.Errorf("planting took %d commits", n)
			}
			break
		}
		if !errors.Is(err, errDisk) {
			t.Fatalf("commit %d: %v", n, err)
		}
		if err := c.engine.Plant(t.Context(), parsed(t, `{"nodes":[]}`)); n > 0 && !errors.Is(err, emulator.ErrPlanted) {
			t.Errorf("commit %d: another seed on top: %v", n, err)
		} else if n == 0 {
			continue // that one had nothing before it
		}
		for range 2 { // the second one changes nothing
			if err := c.engine.Plant(t.Context(), seed); err != nil {
				t.Fatalf("after commit %d: %v", n, err)
			}
			if got := contents(t, st); !sameButScenario(t, got, want) {
				t.Fatalf("after commit %d it is not what it would have been", n)
			}
		}
		_ = st.Close()
	}
}

// sameButScenario compares what two plantings left. The interrupted one had another
// [emulator.WithScenario], which decides when things are due.
func sameButScenario(t *testing.T, a, b map[string]string) bool {
	t.Helper()
	plain := func(all map[string]string) map[string]string {
		out := maps.Clone(all)
		for key, value := range all {
			if !strings.HasPrefix(key, "operations/active/") && !strings.HasPrefix(key, "operations/history/") {
				continue
			}
			var r emulator.Record
			if err := json.Unmarshal([]byte(value), &r); err != nil {
				t.Fatal(err)
			}
			r.Scenario, r.Due = emulator.Scenario{}, time.Time{}
			out[key] = fmt.Sprintf("%+v", r)
		}
		return out
	}
	return maps.Equal(plain(a), plain(b))
}

func TestPlantAgain(t *testing.T) {
	st := memory.New()
	defer st.Close()
	c := newCluster(t, server.Documented, st)
	seed := aSeed(t)
	plant := func(s emulator.Seed) error { return c.engine.Plant(t.Context(), s) }
	if err := plant(seed); err != nil {
		t.Fatal(err)
	}
	// The same seed, in a server that has gone on meanwhile.
	c.cancel(uuid.UUID{0, 2, 0}, "false")
	stop := c.transition("_Node_2", "Stop", "7")
	c.pass(time.Minute)
	if err := c.engine.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := contents(t, st)
	if err := plant(seed); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(before, contents(t, st)) {
		t.Error("the same seed changed something")
	}
	if n, _ := c.node("_Node_2"); !n.Down {
		t.Errorf("after %s the node is %+v", stop, n)
	}
	if err := plant(parsed(t, `{"operations": []}`)); !errors.Is(err, emulator.ErrPlanted) {
		t.Errorf("another seed: %v", err)
	}
	if !maps.Equal(before, contents(t, st)) {
		t.Error("another seed changed something")
	}
}

// A store that holds anything that a server put there is not empty.
func TestPlantNeedsAnEmptyStore(t *testing.T) {
	seed := parsed(t, `{}`)
	for _, tt := range []struct {
		name string
		fill func(c *cluster)
	}{
		{"an active operation", func(c *cluster) { c.start(0) }},
		{"a finished operation", func(c *cluster) { c.over(1, 0) }},
		{"a cluster", func(c *cluster) { c.setCluster(emulator.Cluster{}) }},
		{"a node that was stopped, by an operation that was removed since", func(c *cluster) {
			c.start(transitionKind)
			c.pass(20 * 24 * time.Hour)
			c.cleanUp()
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			st := memory.New()
			defer st.Close()
			c := newCluster(t, server.Documented, st, emulator.WithSettings(emulator.Settings{MaxStoredActionCount: -1}))
			tt.fill(c)
			before := contents(t, st)
			if err := c.engine.Plant(t.Context(), seed); !errors.Is(err, emulator.ErrPlanted) {
				t.Errorf("%v, want ErrPlanted", err)
			}
			if !maps.Equal(before, contents(t, st)) {
				t.Error("it did not stay as it was")
			}
		})
	}
	t.Run("a clock is nothing of the sort", func(t *testing.T) {
		st := memory.New()
		defer st.Close()
		if _, err := emulator.StartClock(t.Context(), st, 10, nil); err != nil {
			t.Fatal(err)
		}
		if err := emulator.New(st).Plant(t.Context(), seed); err != nil {
			t.Error(err)
		}
	})
	t.Run("a clock, and an active operation", func(t *testing.T) {
		st := memory.New()
		defer st.Close()
		if _, err := emulator.StartClock(t.Context(), st, 10, nil); err != nil {
			t.Fatal(err)
		}
		c := newCluster(t, server.Documented, st)
		c.start(0)
		if err := c.engine.Plant(t.Context(), seed); !errors.Is(err, emulator.ErrPlanted) {
			t.Errorf("%v, want ErrPlanted", err)
		}
	})
}

// Of two servers that plant the same seed at once, at whatever commit, neither fails.
func TestPlantWhileAnotherPlantsTheSame(t *testing.T) {
	seed := parsed(t, `{"operations":[{"id":"11111111-1111-4111-8111-111111111111","kind":"PartitionRestart","step":"Failed"}]}`)
	for n, planted := 0, true; planted; n++ {
		ours, other, m := two(t)
		planted = false
		var before func(commits int) func()
		before = func(commits int) func() {
			return func() {
				if commits > 0 {
					m.beforeCommit = before(commits - 1)
					return
				}
				planted = true
				if err := other.engine.Plant(t.Context(), seed); err != nil {
					t.Errorf("commit %d: they: %v", n, err)
				}
			}
		}
		m.beforeCommit = before(n)
		if err := ours.engine.Plant(t.Context(), seed); err != nil {
			t.Errorf("commit %d: we: %v", n, err)
		}
		if got := ours.list("65535", "65535"); len(got) != 1 {
			t.Errorf("commit %d: %v", n, got)
		}
	}
}

// Of two servers that plant different seeds at once, one is told so.
func TestPlantWhileAnotherPlants(t *testing.T) {
	shared := memory.New()
	defer shared.Close()
	m := &meddled{Store: shared}
	ours, other := newCluster(t, server.Documented, m), newCluster(t, server.Documented, shared)
	var theirs error
	m.beforeCommit = func() {
		theirs = other.engine.Plant(t.Context(), parsed(t, `{"nodes":[{"name":"theirs"}]}`))
	}
	err := ours.engine.Plant(t.Context(), parsed(t, `{"nodes":[{"name":"ours"}]}`))
	if theirs != nil || !errors.Is(err, emulator.ErrPlanted) {
		t.Errorf("they: %v, we: %v, want ErrPlanted", theirs, err)
	}
	if _, ok := other.node("theirs"); !ok {
		t.Error("what they planted is gone")
	}
}

// A literal works as well as a file.
func TestPlantALiteral(t *testing.T) {
	literal := emulator.Seed{
		Cluster: emulator.Cluster{Nodes: []emulator.Node{{Name: "a", InstanceID: "1"}}},
		Operations: []emulator.SeedOperation{
			{Record: shaped(0, emulator.StepIntentSaved, emulator.NotRollingBack)},
			{Record: shaped(1, emulator.StepFailed, emulator.NotRollingBack), Age: time.Hour},
			{Record: shaped(2, emulator.StepFailed, emulator.NotRollingBack), Age: time.Hour},
		},
	}
	stopped := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	literal.Operations[2].Stopped = stopped
	t.Run("once", func(t *testing.T) {
		c := newCluster(t, server.Documented, nil)
		if err := c.engine.Plant(t.Context(), literal); err != nil {
			t.Fatal(err)
		}
		if r := c.record(literal.Operations[1].ID); !r.Stopped.Equal(c.clock().Add(-time.Hour)) {
			t.Errorf("Age: it ended at %v", r.Stopped)
		}
		if r := c.record(literal.Operations[2].ID); !r.Stopped.Equal(stopped) {
			t.Errorf("Stopped comes before Age: it ended at %v", r.Stopped)
		}
		if _, ok := c.node("_Node_0"); ok {
			t.Error("a literal has the default cluster")
		}
		if err := c.engine.Plant(t.Context(), literal); err != nil {
			t.Errorf("again: %v", err)
		}
	})
	t.Run("another one is another", func(t *testing.T) {
		c := newCluster(t, server.Documented, nil)
		if err := c.engine.Plant(t.Context(), literal); err != nil {
			t.Fatal(err)
		}
		if err := c.engine.Plant(t.Context(), emulator.Seed{}); !errors.Is(err, emulator.ErrPlanted) {
			t.Errorf("%v", err)
		}
	})
	t.Run("goes on after an interruption", func(t *testing.T) {
		for n := range 5 {
			st := memory.New()
			if err := emulator.New(&failing{st, n}).Plant(t.Context(), literal); !errors.Is(err, errDisk) {
				t.Fatal(err)
			}
			if err := emulator.New(st).Plant(t.Context(), literal); err != nil {
				t.Errorf("after commit %d: %v", n, err)
			}
		}
	})
	t.Run("with an operation that is none", func(t *testing.T) {
		st := memory.New()
		defer st.Close()
		none := emulator.Seed{Operations: []emulator.SeedOperation{literal.Operations[0], {}}}
		err := newCluster(t, server.Documented, st).engine.Plant(t.Context(), none)
		if held := contents(t, st); err == nil || len(held) != 0 {
			t.Errorf("%v, and it left %v", err, held)
		}
	})
	t.Run("with the same id twice", func(t *testing.T) {
		c := newCluster(t, server.Documented, nil)
		twice := emulator.Seed{Operations: []emulator.SeedOperation{literal.Operations[0], literal.Operations[0]}}
		if err := c.engine.Plant(t.Context(), twice); err == nil || !strings.Contains(err.Error(), literal.Operations[0].ID.String()) {
			t.Errorf("%v", err)
		}
	})
}

// More operations, nodes and partitions than fit a transaction or a page.
func TestPlantMany(t *testing.T) {
	const many = 620
	var ops, nodes, partitions []string
	for n := range many {
		id := uuid.UUID{byte(n), byte(n >> 8), 1}
		ops = append(ops, fmt.Sprintf(`{"id":"%s","kind":"PartitionDataLoss","step":"%s"}`, id, steps[n%len(steps)]))
		nodes = append(nodes, fmt.Sprintf(`{"name":"n%d"}`, n))
		if n < 120 {
			partitions = append(partitions, `"`+id.String()+`"`)
		}
	}
	seed := parsed(t, `{"operations":[`+strings.Join(ops, ",\n")+`],"nodes":[`+strings.Join(nodes, ",")+`],
		"services":[{"name":"fabric:/app/svc","partitions":[`+strings.Join(partitions, ",")+`]}]}`)
	c := newCluster(t, server.Documented, nil)
	if err := c.engine.Plant(t.Context(), seed); err != nil {
		t.Fatal(err)
	}
	if got := len(c.list("65535", "65535")); got != many {
		t.Errorf("%d are listed, want %d", got, many)
	}
	for _, n := range []string{"n0", "n99", "n100", "n101", "n619"} {
		if _, ok := c.node(n); !ok {
			t.Errorf("node %s is not there", n)
		}
	}
}

// A service record has a bound, as every value of a store has. Whoever exceeds it is told
// so before anything is planted, or could not plant a smaller seed in its place.
func TestPlantTooMuch(t *testing.T) {
	services := []emulator.Service{{Name: "fabric:/big", Partitions: make([]uuid.UUID, store.MaxValue/36)}}
	st := memory.New()
	defer st.Close()
	c := newCluster(t, server.Documented, st)
	if err := c.engine.Plant(t.Context(), emulator.Seed{Cluster: emulator.Cluster{Services: services}}); err == nil {
		return // all the better
	}
	if held := contents(t, st); len(held) != 0 {
		t.Errorf("%d items were left", len(held))
	}
}

// Two live transitions of a node cannot be (§5.7), not even in a seed: none may be left
// out without a word.
func TestPlantLosesNothing(t *testing.T) {
	const file = `{"operations":[
		{"id":"11111111-1111-4111-8111-111111111111","kind":"NodeTransition","step":"IntentSaved"},
		{"id":"22222222-2222-4222-8222-222222222222","kind":"NodeTransition","step":"PerformingActions"}]}`
	seed, err := emulator.ParseSeed([]byte(file))
	if err != nil {
		return // said before anything was planted
	}
	c := newCluster(t, server.Documented, nil)
	err = c.engine.Plant(t.Context(), seed)
	if listed := c.list("65535", "65535"); err == nil && len(listed) != 2 {
		t.Errorf("of 2 operations %d were planted, and there was no error", len(listed))
	}
}

// What was planted is under way: it can be cancelled and forced (§5.2).
func TestPlantedOperationsAreLive(t *testing.T) {
	c := newCluster(t, server.Runtime, nil)
	if err := c.engine.Plant(t.Context(), aSeed(t)); err != nil {
		t.Fatal(err)
	}
	for n := range kinds {
		for i, step := range steps {
			for j, flag := range flags {
				id := uuid.UUID{byte(n), byte(i), byte(j)}
				over := step == emulator.StepCompletedSuccessfully || step == emulator.StepFailed
				force := c.cancel(id, "true")
				switch {
				case over && force.code != generated.ErrorCodeKeyNotFound,
					!over && (flag == emulator.RollingBackDueToUserCancel) != (force.status == http.StatusOK):
					t.Errorf("%s %s %s: force gave %+v", kinds[n].kind, step, flag, force)
				}
				graceful := c.cancel(id, "false")
				forced := flag == emulator.RollingBackForce || flag == emulator.RollingBackDueToUserCancel
				switch {
				case over && graceful.code != generated.ErrorCodeKeyNotFound,
					!over && forced != (graceful.code == generated.ErrorCodeInvalidTestCommandState),
					!over && !forced && graceful.status != http.StatusOK:
					t.Errorf("%s %s %s: graceful gave %+v", kinds[n].kind, step, flag, graceful)
				}
			}
		}
	}
}
