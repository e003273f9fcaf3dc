package emulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

// looks is every way to see or judge an operation, by what it tells.
var looks = map[string]func(c *cluster, id uuid.UUID) string{
	"record": func(c *cluster, id uuid.UUID) string { return string(c.record(id).State()) },
	"progress": func(c *cluster, id uuid.UUID) string {
		return string(c.progress(transitionKind, id).State)
	},
	"list": func(c *cluster, id uuid.UUID) string { return string(c.state(id)) },
	"cancel": func(c *cluster, id uuid.UUID) string {
		return map[int]string{200: "Running", 404: "Completed"}[c.cancel(id, "false").status]
	},
	"start on its node": func(c *cluster, _ uuid.UUID) string {
		return map[int]string{400: "Running", 202: "Completed"}[c.startAs(transitionKind, uuid.New()).status]
	},
	"node": func(c *cluster, _ uuid.UUID) string {
		n, _ := c.node("_Node_0")
		return map[bool]string{false: "Running", true: "Completed"}[n.Down]
	},
	"another scenario": func(c *cluster, id uuid.UUID) string {
		err := c.engine.SetScenario(c.t.Context(), id, emulator.DefaultScenario())
		return map[bool]string{true: "Running", false: "Completed"}[err == nil]
	},
}

// TestShownMeansStored: whatever one replica has shown, or judged by, is what another one
// goes by from then on, however far its clock is behind.
func TestShownMeansStored(t *testing.T) {
	for first, look := range looks {
		t.Run(first, func(t *testing.T) {
			for another, lookAgain := range looks {
				disk := newObserver(server.Runtime)
				ahead, behind := newCluster(t, server.Runtime, disk), newCluster(t, server.Runtime, disk)
				id := behind.start(transitionKind)
				ahead.pass(3 * second)
				behind.pass(3*second - millisecond) // by its own clock it is Running
				if got := look(ahead, id); got != "Completed" {
					t.Errorf("it is %s", got)
				}
				if r := disk.before[id]; r.table != "history" || r.State() != generated.OperationStateCompleted {
					t.Errorf("it was shown as over, and stored is %s, %s", r.table, r.State())
				}
				if again := lookAgain(behind, id); again != "Completed" && (first != "start on its node" || another != first) {
					t.Errorf("then %s by a slow clock says %s", another, again)
				}
				if len(disk.wrong) > 0 {
					t.Error(disk.wrong)
				}
				_ = disk.Close()
			}
		})
	}
}

// A look that finds nothing due writes nothing, whatever is under way.
func TestLooksWriteNothing(t *testing.T) {
	st := &pacedStore{Store: memory.New()}
	defer st.Close()
	c := newCluster(t, server.Runtime, st)
	id := c.start(transitionKind)
	before := st.commits.Load()
	for range 2 {
		c.record(id)
		c.progress(transitionKind, id)
		c.state(id)
		c.node("_Node_0")
		c.sweep()
		c.startAs(transitionKind, uuid.New()) // refused
		c.startAs(0, id)                      // likewise
	}
	if n := st.commits.Load() - before; n != 0 {
		t.Errorf("%d transactions", n)
	}
}

// TestATransactionForEachTransition: nobody looked for an hour, and what was due in it is
// written down one after another, in order, before anything else.
func TestATransactionForEachTransition(t *testing.T) {
	type line struct {
		step emulator.Step
		flag emulator.Rollback
	}
	const none, byUser, willFail, again = emulator.NotRollingBack, emulator.RollingBackDueToUserCancel, emulator.RollingBackAndWillFail, emulator.RollingBackAndWillRetry
	queued, lookUp, perform := emulator.StepIntentSaved, emulator.StepLookingUpState, emulator.StepPerformingActions
	for _, tt := range []struct {
		name     string
		scenario emulator.Scenario
		look     string
		want     []line
	}{
		{"it succeeds", emulator.Scenario{}, "record",
			[]line{{queued, none}, {lookUp, none}, {perform, none}, {emulator.StepCompletedSuccessfully, none}}},
		{"it fails", emulator.Scenario{PerformFails: always(partitionNotFound)}, "list",
			[]line{{queued, none}, {lookUp, none}, {perform, none}, {perform, willFail}, {lookUp, willFail}, {emulator.StepFailed, none}}},
		{"it starts over, again and again, and is cancelled", emulator.Scenario{PerformFails: always(-2147017729)}, "cancel",
			[]line{{queued, none}, {lookUp, none}, {perform, none}, {perform, again}, {lookUp, byUser}}},
		{"it acts, and is cancelled", emulator.Scenario{Perform: 2 * time.Hour}, "cancel",
			[]line{{queued, none}, {lookUp, none}, {perform, none}, {perform, byUser}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			disk := newObserver(server.Runtime)
			defer disk.Close()
			c := newCluster(t, server.Runtime, disk, emulator.WithScenario(func(emulator.Record) emulator.Scenario { return tt.scenario }))
			tt.scenario.Queue, tt.scenario.Undo = second, second
			id := c.start(0)
			c.pass(time.Hour)
			looks[tt.look](c, id)
			var got []line
			for _, tr := range disk.told {
				got = append(got, line{tr.Record.Step, tr.Record.Rollback})
			}
			if tt.look == "cancel" && tt.name != "it acts, and is cancelled" { // whichever step the round is at
				got[len(got)-1].step = lookUp
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
			if len(disk.wrong) > 0 {
				t.Error(disk.wrong)
			}
		})
	}
}

// paging counts the lists of a store, by table.
type paging struct {
	store.Store
	lists map[string]int
}

func (p *paging) List(ctx context.Context, prefix, after string, limit int) (store.Page, error) {
	p.lists[prefix]++
	return p.Store.List(ctx, prefix, after, limit)
}

// fill writes the operations with these numbers into a table, of the first two kinds by turns,
// with nothing due.
func fill(t *testing.T, st store.Store, table string, from, to int, step emulator.Step) {
	t.Helper()
	for n := from; n < to; {
		var txn store.Txn
		for ; len(txn.Then) < store.MaxOps && n < to; n++ {
			r := emulator.Record{ID: uuid.UUID{byte(n >> 8), byte(n)}, Kind: kinds[n%2].kind, Step: step,
				Rollback: emulator.NotRollingBack, Due: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}
			value, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			txn.Then = append(txn.Then, store.Write{Key: "operations/" + table + "/" + r.ID.String(), Value: value})
		}
		if _, err := st.Commit(t.Context(), txn); err != nil {
			t.Fatal(err)
		}
	}
}

// TestListReadsNoMoreThanItShows: not a page after the answer is full, and no table in which
// nothing can match (§5.10).
func TestListReadsNoMoreThanItShows(t *testing.T) {
	t.Parallel()
	st := &paging{memory.New(), map[string]int{}}
	defer st.Close()
	d := newDirect(t, st)
	list := func(kinds, states, want, active, history int) {
		t.Helper()
		clear(st.lists)
		a := d.ask(http.MethodGet, fmt.Sprintf("/Faults/?api-version=6.0&TypeFilter=%d&StateFilter=%d", kinds, states))
		var listed generated.OperationStatusList
		if err := json.Unmarshal([]byte(a.body), &listed); err != nil || listed == nil || len(listed) != want {
			t.Errorf("TypeFilter %d, StateFilter %d: %d are listed (%v), want %d", kinds, states, len(listed), err, want)
		}
		if got := [2]int{st.lists["operations/active/"], st.lists["operations/history/"]}; got != [2]int{active, history} {
			t.Errorf("TypeFilter %d, StateFilter %d: pages read of each table: %v, want %d and %d", kinds, states, got, active, history)
		}
	}
	fill(t, st, "active", 0, 300, emulator.StepPerformingActions)
	fill(t, st, "history", 300, 10_900, emulator.StepFailed)
	list(0xFFFF, 0xFFFF, 10_000, 1, 20) // 300 and 9 700
	list(0, 1, 300, 1, 0)
	list(0, 2, 0, 1, 0)
	list(0, 0, 0, 0, 0)
	list(0, 4, 0, 0, 0)
	fill(t, st, "active", 20_000, 30_200, emulator.StepPerformingActions)
	list(0xFFFF, 0xFFFF, 10_000, 1, 0) // and there are 500 more
	list(1, 0xFFFF, 10_000, 2, 19)     // half of them: 5 250, and of the first 9 500 of the history 4 750
}

// batcher is a store in memory that counts how it is written to, and may fail.
type batcher struct {
	*memory.Store
	alone, together int
	// before, if there is one, is called before each transaction of a batch.
	before func(txn store.Txn) error
}

func (b *batcher) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	b.alone++
	return b.Store.Commit(ctx, txn)
}

func (b *batcher) CommitEach(ctx context.Context, txns []store.Txn) []store.Outcome {
	b.together++
	if b.before == nil {
		return commitEach(ctx, b.Store, txns)
	}
	return commitEach(ctx, before{b.Store, b.before}, txns)
}

// before is a store that does something before each transaction.
type before struct {
	store.Store
	do func(txn store.Txn) error
}

func (b before) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	if err := b.do(txn); err != nil {
		return 0, err
	}
	return b.Store.Commit(ctx, txn)
}

// commitEach is [store.CommitEach] by one Commit after the other, whatever s can do.
func commitEach(ctx context.Context, s store.Store, txns []store.Txn) []store.Outcome {
	return store.CommitEach(ctx, struct{ store.Store }{s}, txns)
}

// TestManyAreSettledTogether: each transition has a transaction and a revision of its own, and
// they go to the store in few calls.
func TestManyAreSettledTogether(t *testing.T) {
	for _, how := range []string{"list", "sweep"} {
		t.Run(how, func(t *testing.T) {
			const n, transitions = 2_000, 3 // looking up, acting, over
			st := &batcher{Store: memory.New()}
			defer st.Close()
			c := newCluster(t, server.Runtime, st)
			for i := range n {
				c.startAs(0, uuid.UUID{byte(i), byte(i >> 8), 1})
			}
			c.pass(10 * second)
			before := revisionOf(t, st)
			st.alone, st.together = 0, 0
			if how == "list" {
				for _, op := range c.list("65535", "65535") {
					if op.State != generated.OperationStateCompleted {
						t.Fatalf("%+v, want it Completed", op)
					}
				}
			} else if err := c.engine.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := revisionOf(t, st) - before; got != n*transitions {
				t.Errorf("%d transactions for %d transitions", got, n*transitions)
			}
			if most := transitions + 1; st.alone != 0 || st.together > most {
				t.Errorf("the store was asked %d times for one and %d times for many, want 0 and %d", st.alone, st.together, most)
			}
		})
	}
}

// What hinders one operation hinders no other, and what hinders the store ends it all.
func TestManyAreSettledInSpiteOfOne(t *testing.T) {
	errOne := errors.New("this one cannot be written")
	for _, tt := range []struct {
		name  string
		err   error
		moved []int // of the five, while the third fails
	}{
		{"conflict", store.ErrConflict, []int{0, 1, 2, 3, 4}},
		{"something about it", errOne, []int{0, 1, 3, 4}},
		{"the store takes no more", store.ErrUnavailable, []int{0, 1}},
		{"the store was closed", store.ErrClosed, []int{0, 1}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			st := &batcher{Store: memory.New()}
			defer st.Close()
			c := newCluster(t, server.Runtime, st)
			ids := make([]uuid.UUID, 5)
			for i := range ids {
				ids[i] = uuid.UUID{byte(i)}
				c.startAs(0, ids[i])
			}
			c.pass(3 * second / 2) // one transition is due
			st.before = func(txn store.Txn) error {
				if txn.If[0].Key == "operations/active/"+ids[2].String() {
					return tt.err
				}
				return nil
			}
			if err := c.engine.Sweep(t.Context()); !errors.Is(err, tt.err) && !errors.Is(tt.err, store.ErrConflict) {
				t.Errorf("sweep: %v, want %v", err, tt.err)
			}
			stands := contents(t, st)
			var moved []int
			for i, id := range ids {
				if !strings.Contains(stands["operations/active/"+id.String()], string(emulator.StepIntentSaved)) {
					moved = append(moved, i)
				}
			}
			if !slices.Equal(moved, tt.moved) {
				t.Errorf("moved = %v, want %v", moved, tt.moved)
			}
		})
	}
}

func revisionOf(t *testing.T, st store.Store) store.Revision {
	t.Helper()
	page, err := st.List(t.Context(), "", "", 1)
	if err != nil {
		t.Fatal(err)
	}
	return page.Revision
}
