package emulator_test

import (
	"context"
	"encoding/json"
	"net/http"
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

// meddled lets somebody else act at the worst moment: after a record was read and
// judged, just before what follows from it is written or read.
type meddled struct {
	store.Store
	beforeCommit, beforeHistory func() // each called once
	afterGet                    func() // likewise, after the first read of a key that begins with getPrefix
	getPrefix                   string
}

func once(f *func()) {
	if g := *f; g != nil {
		*f = nil
		g()
	}
}

func (m *meddled) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	once(&m.beforeCommit)
	return m.Store.Commit(ctx, txn)
}

func (m *meddled) List(ctx context.Context, prefix, after string, limit int) (store.Page, error) {
	if strings.Contains(prefix, "history") {
		once(&m.beforeHistory)
	}
	return m.Store.List(ctx, prefix, after, limit)
}

func (m *meddled) Get(ctx context.Context, key string) (store.Item, error) {
	if strings.HasPrefix(key, m.getPrefix) {
		defer once(&m.afterGet)
	}
	return m.Store.Get(ctx, key)
}

// two are two servers on one store; the first one's is meddled with.
func two(t *testing.T) (ours, other *cluster, m *meddled) {
	shared := memory.New()
	t.Cleanup(func() { _ = shared.Close() })
	m = &meddled{Store: shared}
	return newCluster(t, server.Runtime, m), newCluster(t, server.Runtime, shared), m
}

// The judgement of §5.2 is part of the transaction: what changed meanwhile is judged anew.
func TestForceAfterAnotherForce(t *testing.T) {
	ours, other, m := two(t)
	id := ours.start(0)
	ours.cancel(id, "false")
	m.beforeCommit = func() { other.cancel(id, "true") }
	if a := ours.cancel(id, "true"); a.code != generated.ErrorCodeInvalidTestCommandState {
		t.Errorf("a second force was answered %+v", a)
	}
}

// A graceful cancel that is repeated writes nothing, so that it takes back no force that comes
// when it has been judged.
func TestGracefulAfterAForce(t *testing.T) {
	ours, other, m := two(t)
	id := ours.start(0)
	ours.cancel(id, "false")
	m.getPrefix, m.afterGet = "operations/active/", func() { other.cancel(id, "true") }
	if a := ours.cancel(id, "false"); a.status != http.StatusOK || m.afterGet != nil {
		t.Errorf("it was judged before the force, and answered %+v", a)
	}
	if a := ours.cancel(id, "false"); a.code != generated.ErrorCodeInvalidTestCommandState {
		t.Errorf("a graceful cancel took a force back: %+v", a)
	}
}

// §5.7: an id is used once and a node is in one transition, whoever comes first.
func TestStartAfterAnotherStart(t *testing.T) {
	t.Run("of the same id", func(t *testing.T) {
		ours, other, m := two(t)
		id := uuid.New()
		m.beforeCommit = func() { other.startAs(1, id) }
		if a := ours.startAs(0, id); a.code != generated.ErrorCodeTestCommandOperationIDAlreadyExists {
			t.Errorf("%+v", a)
		}
		if r, err := ours.engine.Record(t.Context(), id); err != nil || r.Kind != kinds[1].kind {
			t.Errorf("the record is %+v (%v)", r, err)
		}
	})
	t.Run("of the same id, over meanwhile", func(t *testing.T) {
		ours, other, m := two(t)
		id := uuid.New()
		m.beforeCommit = func() {
			other.startAs(1, id)
			other.pass(10 * second)
			if err := other.engine.Sweep(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if a := ours.startAs(0, id); a.code != generated.ErrorCodeTestCommandOperationIDAlreadyExists {
			t.Errorf("%+v", a)
		}
	})
	t.Run("on the same node", func(t *testing.T) {
		ours, other, m := two(t)
		m.beforeCommit = func() { other.start(3) }
		if a := ours.startAs(3, uuid.New()); a.code != generated.ErrorCodeNodeTransitionInProgress {
			t.Errorf("%+v", a)
		}
	})
}

// A sweep that finds a transition over frees the node, but not for one that came after it.
func TestSweepFreesTheNodeOfItsOwn(t *testing.T) {
	shared := memory.New()
	defer shared.Close()
	c := newCluster(t, server.Runtime, shared)
	keys := func() (n int) {
		page, err := shared.List(t.Context(), "operations/node/", "", 10)
		if err != nil {
			t.Fatal(err)
		}
		return len(page.Items)
	}
	first := c.start(3)
	c.pass(10 * second)
	second := c.start(3)
	if err := c.engine.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a := c.startAs(3, uuid.New()); a.code != generated.ErrorCodeNodeTransitionInProgress || keys() != 1 {
		t.Errorf("after %s ended, the node that %s holds was given away: %+v", first, second, a)
	}
	c.pass(20e9)
	if err := c.engine.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := keys(); n != 0 {
		t.Errorf("%d nodes are still held", n)
	}
}

// A record that moves to the history between the two reads is listed once.
func TestListWhileARecordMoves(t *testing.T) {
	ours, _, m := two(t)
	id := ours.start(0)
	ours.pass(10 * second)
	m.beforeHistory = func() {
		if err := ours.engine.Sweep(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if got := ours.state(id); got != generated.OperationStateCompleted { // which fails if it is there twice
		t.Errorf("shown as %q", got)
	}
}

// §5.10: 10 000 at most, from as many pages as it takes.
func TestListSize(t *testing.T) {
	const more = 10_003
	shared := memory.New()
	defer shared.Close()
	for n := 0; n < more; {
		var txn store.Txn
		for ; len(txn.Then) < store.MaxOps && n < more; n++ {
			id := uuid.UUID{byte(n >> 8), byte(n)}
			value, err := json.Marshal(emulator.Record{ID: id, Kind: kinds[0].kind, Step: emulator.StepFailed, Rollback: emulator.NotRollingBack})
			if err != nil {
				t.Fatal(err)
			}
			txn.Then = append(txn.Then, store.Write{Key: "operations/history/" + id.String(), Value: value})
		}
		if _, err := shared.Commit(t.Context(), txn); err != nil {
			t.Fatal(err)
		}
	}
	c := newCluster(t, server.Documented, shared)
	running := c.start(0)
	listed := c.list("65535", "65535")
	if len(listed) != 10_000 || listed[0].OperationID != running {
		t.Errorf("%d are listed, and the first is not the active one: %v", len(listed), listed[0])
	}
}

// A record that moves to the history between the reads of the two tables is found.
func TestFindWhileARecordMoves(t *testing.T) {
	ours, _, m := two(t)
	id := ours.start(0)
	ours.pass(10 * second)
	m.getPrefix, m.afterGet = "operations/", func() { ours.sweep() }
	ours.ends(0, id, generated.OperationStateCompleted, 0)
}

func (c *cluster) sweep() {
	c.t.Helper()
	if err := c.engine.Sweep(c.t.Context()); err != nil {
		c.t.Error(err)
	}
}

// What two write down at once is the same, so that it is no failure for either.
func TestTwoWriteDownTheSame(t *testing.T) {
	for name, do := range map[string]func(ours *cluster){
		"two sweeps":            func(ours *cluster) { ours.sweep() },
		"two clean-ups":         func(ours *cluster) { ours.cleanUp() },
		"a start and a sweep":   func(ours *cluster) { ours.start(transitionKind) },
		"the node, and a sweep": func(ours *cluster) { ours.node("_Node_0") },
	} {
		t.Run(name, func(t *testing.T) {
			ours, other, m := two(t)
			ours.start(transitionKind)
			ours.pass(10 * second)
			other.pass(10 * second)
			m.beforeCommit = func() { other.sweep() }
			do(ours)
		})
	}
}

// A removed id is free (§5.8), and what has it next is not removed in its place.
func TestCleanUpRemovesWhatItRead(t *testing.T) {
	shared := memory.New()
	defer shared.Close()
	m := &meddled{Store: shared}
	least := emulator.WithSettings(emulator.Settings{MaxStoredActionCount: -1, CompletedActionKeepDuration: -1})
	ours, other := newCluster(t, server.Runtime, m, least), newCluster(t, server.Runtime, shared, least)
	id := ours.over(1, time.Hour)
	m.beforeCommit = func() {
		other.cleanUp()
		if a := other.startAs(1, id); a.status != http.StatusAccepted {
			t.Errorf("%+v", a)
		}
		other.pass(10 * second)
		other.sweep()
	}
	ours.cleanUp()
	if got := other.state(id); got != generated.OperationStateCompleted {
		t.Errorf("shown as %q", got)
	}
}

// A node that is described anew while a transition of it is written down stays so.
func TestSetClusterWhileATransitionEnds(t *testing.T) {
	ours, other, m := two(t)
	ours.setCluster(emulator.Cluster{Nodes: []emulator.Node{{Name: "_Node_0", InstanceID: "5"}}})
	ours.start(transitionKind)
	ours.pass(10 * second)
	anew := emulator.Node{Name: "_Node_0", InstanceID: "77"}
	m.beforeCommit = func() { other.setCluster(emulator.Cluster{Nodes: []emulator.Node{anew}}) }
	ours.sweep()
	if n, _ := ours.node("_Node_0"); n != anew {
		t.Errorf("the node is %+v", n)
	}
}

// The same for a node that nothing was known of when a transition of it was judged.
func TestSetClusterWhileATransitionStarts(t *testing.T) {
	ours, other, m := two(t)
	anew := emulator.Node{Name: "_Node_0", InstanceID: "77"}
	m.beforeCommit = func() { other.setCluster(emulator.Cluster{Nodes: []emulator.Node{anew}}) }
	id := ours.start(transitionKind) // of instance 5
	if n, _ := other.node("_Node_0"); n != anew {
		t.Errorf("the node is %+v", n)
	}
	ours.pass(10 * second)
	ours.ends(transitionKind, id, generated.OperationStateFaulted, instanceIDMismatch)
}

// Whoever finds a node held by a transition that has let go of it meanwhile looks again.
func TestPutWhileANodeIsLetGo(t *testing.T) {
	ours, other, m := two(t)
	ours.start(transitionKind)
	ours.pass(10 * second)
	other.pass(10 * second)
	m.getPrefix, m.afterGet = "operations/node/", func() { other.sweep() }
	if err := ours.engine.Put(t.Context(), shaped(transitionKind, emulator.StepIntentSaved, emulator.NotRollingBack)); err != nil {
		t.Error(err)
	}
}

// A sweep writes down what is due, and nothing else.
func TestSweepOfWhatIsNotDue(t *testing.T) {
	c := newCluster(t, server.Runtime, &failing{Store: memory.New(), n: 1}) // the commit after the start
	c.start(0)
	c.pass(second / 2)
	c.sweep()
}

// Of two servers that plant one seed, the slower one does not undo what has become of the
// nodes since the faster one was done.
func TestPlantWhileAnotherServes(t *testing.T) {
	ours, other, m := two(t)
	seed := emulator.Seed{Cluster: emulator.DefaultCluster()}
	interrupted := newCluster(t, server.Runtime, &failing{Store: m.Store, n: 1}) // after its mark
	if err := interrupted.engine.Plant(t.Context(), seed); err == nil {
		t.Fatal("it was not interrupted")
	}
	m.beforeCommit = func() {
		if err := other.engine.Plant(t.Context(), seed); err != nil {
			t.Error(err)
		}
		other.start(transitionKind)
		other.pass(10 * second)
		other.sweep()
	}
	if err := ours.engine.Plant(t.Context(), seed); err != nil {
		t.Error(err)
	}
	if n, _ := other.node("_Node_0"); !n.Down {
		t.Errorf("the node was stopped, and is %+v", n)
	}
}
