package emulator_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

// downStore is a store that cannot be reached while it is down.
type downStore struct {
	store.Store
	down bool
}

func (d *downStore) check() error {
	if d.down {
		return fmt.Errorf("test: %w", store.ErrUnavailable)
	}
	return nil
}

func (d *downStore) Get(ctx context.Context, key string) (store.Item, error) {
	if err := d.check(); err != nil {
		return store.Item{}, err
	}
	return d.Store.Get(ctx, key)
}

func (d *downStore) List(ctx context.Context, prefix, after string, limit int) (store.Page, error) {
	if err := d.check(); err != nil {
		return store.Page{}, err
	}
	return d.Store.List(ctx, prefix, after, limit)
}

func (d *downStore) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	if err := d.check(); err != nil {
		return 0, err
	}
	return d.Store.Commit(ctx, txn)
}

// uncertain is a store that answers each of its next transactions with an error, and carries
// it out or not.
type uncertain struct {
	store.Store
	err   error
	times int
	done  bool
	seen  int
}

func (u *uncertain) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	u.seen++
	if u.times == 0 {
		return u.Store.Commit(ctx, txn)
	}
	u.times--
	if u.done {
		if _, err := u.Store.Commit(ctx, txn); err != nil {
			return 0, err
		}
	}
	return 0, fmt.Errorf("test: %w", u.err)
}

// TestStoreFailures: what a client is told when the store fails (§4.2, §4.3). Nothing of
// the failure itself is told.
func TestStoreFailures(t *testing.T) {
	calls := func(c *cluster, id uuid.UUID) map[string]answer {
		all := map[string]answer{"list": c.send(http.MethodGet, everything)}
		for n, k := range kinds {
			all["progress of a "+string(k.kind)] = c.send(http.MethodGet, k.progress+"?api-version=6.0&OperationId="+id.String())
			all["start of a "+string(k.kind)] = c.startAs(n, uuid.New())
		}
		all["cancel"], all["force"] = c.cancel(id, "false"), c.cancel(id, "true")
		return all
	}
	for _, tt := range []struct {
		name   string
		st     func(*memory.Store) store.Store
		status int
		code   generated.ErrorCode
	}{
		{"it cannot be reached", func(m *memory.Store) store.Store { return &downStore{m, true} }, 503, generated.ErrorCodeNoWriteQuorum},
		{"it was closed", func(m *memory.Store) store.Store { _ = m.Close(); return m }, 503, generated.ErrorCodeAbort},
		{"it is broken", func(*memory.Store) store.Store { return broken{} }, 500, generated.ErrorCodeFail},
		{"the time is over", func(*memory.Store) store.Store { return broken{context.DeadlineExceeded} }, 504, generated.ErrorCodeTimeout},
		{"the call was withdrawn", func(*memory.Store) store.Store { return broken{context.Canceled} }, 503, generated.ErrorCodeAbort},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := memory.New()
			defer m.Close()
			id := newCluster(t, server.Runtime, m).start(0)
			for call, a := range calls(newCluster(t, server.Runtime, tt.st(m)), id) {
				if a.status != tt.status || a.code != tt.code {
					t.Errorf("%s: %+v, want %d %s", call, a, tt.status, tt.code)
				}
			}
		})
	}
}

// broken is a store that has nothing but an error.
type broken struct{ err error }

func (b broken) failure() error {
	if b.err == nil {
		return errDisk
	}
	return b.err
}
func (b broken) Get(context.Context, string) (store.Item, error) { return store.Item{}, b.failure() }
func (b broken) List(context.Context, string, string, int) (store.Page, error) {
	return store.Page{}, b.failure()
}
func (b broken) Commit(context.Context, store.Txn) (store.Revision, error) { return 0, b.failure() }
func (b broken) Close() error                                              { return nil }
func (b broken) Watch(context.Context, string, store.Revision) iter.Seq2[store.Change, error] {
	return func(yield func(store.Change, error) bool) { yield(store.Change{}, b.failure()) }
}

// TestOutcomeUnknown: after a 504 a client asks or repeats, and learns what happened.
func TestOutcomeUnknown(t *testing.T) {
	const ok, notNow, exists, inTransition = "", generated.ErrorCodeInvalidTestCommandState,
		generated.ErrorCodeTestCommandOperationIDAlreadyExists, generated.ErrorCodeNodeTransitionInProgress
	for _, tt := range []struct {
		name     string
		kind     int
		prepare  []string // "false" and "true" are cancels
		call     string
		done     bool
		repeated generated.ErrorCode
		flag     emulator.Rollback // after the repeat
	}{
		{"a start that happened", 0, nil, "start", true, exists, emulator.NotRollingBack},
		{"a start that did not", 0, nil, "start", false, ok, emulator.NotRollingBack},
		{"a transition that happened", transitionKind, nil, "start", true, inTransition, emulator.NotRollingBack},
		{"a transition that did not", transitionKind, nil, "start", false, ok, emulator.NotRollingBack},
		{"a graceful cancel that happened", 0, []string{"start"}, "false", true, ok, emulator.RollingBackDueToUserCancel},
		{"a graceful cancel that did not", 0, []string{"start"}, "false", false, ok, emulator.RollingBackDueToUserCancel},
		{"a force that happened", 0, []string{"start", "false"}, "true", true, notNow, emulator.RollingBackForce},
		{"a force that did not", 0, []string{"start", "false"}, "true", false, ok, emulator.RollingBackForce},
	} {
		t.Run(tt.name, func(t *testing.T) {
			st := &uncertain{Store: memory.New(), err: store.ErrOutcomeUnknown, done: tt.done}
			defer st.Close()
			c, id := newCluster(t, server.Runtime, st), uuid.New()
			do := func(what string) answer {
				if what == "start" {
					return c.startAs(tt.kind, id)
				}
				return c.cancel(id, what)
			}
			for _, what := range tt.prepare {
				if a := do(what); a.status >= 400 {
					t.Fatalf("%+v", a)
				}
			}
			st.times = 1
			if a := do(tt.call); a.status != http.StatusGatewayTimeout || a.code != generated.ErrorCodeTimeout {
				t.Errorf("%+v, want 504", a)
			}
			if a := do(tt.call); a.code != tt.repeated {
				t.Errorf("repeated: %+v, want %q", a, tt.repeated)
			}
			if r := c.record(id); r.Kind != kinds[tt.kind].kind || r.Rollback != tt.flag {
				t.Errorf("it is %+v, want %s", r, tt.flag)
			}
		})
	}
}

// What is due and may have been written down, or not, is not shown.
func TestNothingIsShownThatMayNotBeStored(t *testing.T) {
	for _, err := range []error{store.ErrOutcomeUnknown, store.ErrClosed, errDisk} {
		st := &uncertain{Store: memory.New()}
		c := newCluster(t, server.Runtime, st)
		id := c.start(0)
		c.pass(10 * second)
		st.err, st.times = err, 1_000
		for _, a := range []answer{
			c.send(http.MethodGet, everything), c.send(http.MethodGet, kinds[0].progress+"?api-version=6.0&OperationId="+id.String()), c.cancel(id, "false"),
		} {
			if a.status < 500 {
				t.Errorf("%v: %+v", err, a)
			}
		}
		if err := c.engine.SetScenario(t.Context(), id, emulator.Scenario{}); err == nil {
			t.Error("its scenario was changed before what is due was written down")
		}
		st.times = 0
		if got := c.state(id); got != generated.OperationStateCompleted {
			t.Errorf("%v: afterwards it is %s", err, got)
		}
		_ = st.Close()
	}
}

// full is a store that can be read, and written only so many times.
type full struct {
	store.Store
	space, refused int
}

func (f *full) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	if f.space == 0 {
		f.refused++
		return 0, fmt.Errorf("test: %w", store.ErrUnavailable)
	}
	f.space--
	return f.Store.Commit(ctx, txn)
}

// TestReadsWithoutWrites: on a store that can be read and not written everything is shown as
// it is stored, and nothing is accepted. Once there is space again all is as ever.
func TestReadsWithoutWrites(t *testing.T) {
	for space, want := range []emulator.Step{emulator.StepIntentSaved, emulator.StepLookingUpState, emulator.StepPerformingActions, emulator.StepCompletedSuccessfully} {
		for _, first := range []string{"record", "progress", "list"} {
			t.Run(fmt.Sprintf("space for %d, %s", space, first), func(t *testing.T) {
				m := newObserver(server.Runtime)
				defer m.Close()
				st := &full{Store: m, space: 1000}
				c := newCluster(t, server.Runtime, st)
				id, later := uuid.UUID{1}, uuid.UUID{2}
				c.startAs(0, id)
				c.startAs(0, later)
				c.pass(10 * second)
				st.space = space
				looks := map[string]func(){
					"record":   func() { _ = c.record(id) },
					"progress": func() { _ = c.progress(0, id) },
					"list":     func() { _ = c.list("65535", "65535") },
				}
				looks[first]() // writes as far as there is space
				if first == "list" && st.refused != 1 {
					t.Errorf("a list asked a full store %d times", st.refused)
				}
				state := emulator.Record{Step: want, Rollback: emulator.NotRollingBack}.State()
				if got := c.record(id); got.Step != want || got != m.before[id].Record {
					t.Errorf("it is %s, and stored is %s, want %s", got.Step, m.before[id].Step, want)
				}
				if got := c.progress(0, id).State; got != state {
					t.Errorf("progress: %s, want %s", got, state)
				}
				if a, b := c.state(id), c.state(later); a != state || b != generated.OperationStateRunning {
					t.Errorf("list: %s and %s, want %s and Running", a, b, state)
				}
				for call, a := range map[string]answer{"cancel": c.cancel(later, "false"), "force": c.cancel(later, "true"), "start": c.startAs(0, uuid.New())} {
					if a.status != http.StatusServiceUnavailable || a.code != generated.ErrorCodeNoWriteQuorum {
						t.Errorf("%s: %+v", call, a)
					}
				}
				if err := c.engine.SetScenario(t.Context(), later, emulator.Scenario{}); !errors.Is(err, store.ErrUnavailable) {
					t.Errorf("another scenario: %v", err)
				}
				if err := c.engine.Sweep(t.Context()); !errors.Is(err, store.ErrUnavailable) {
					t.Errorf("sweep: %v", err)
				}
				st.space = 1000
				if a, b := c.state(id), c.state(later); a != generated.OperationStateCompleted || b != a {
					t.Errorf("afterwards: %s and %s", a, b)
				}
			})
		}
	}
}

// TestARepeatedCancelWritesNothing, and is accepted all the same, also by a store that takes no
// more writes: what it asks for is stored.
func TestARepeatedCancelWritesNothing(t *testing.T) {
	for _, tt := range []struct {
		name    string
		profile server.Profile
		before  []string // cancels
		again   string
	}{
		{"graceful", server.Runtime, []string{"false"}, "false"},
		{"graceful, by the documents", server.Documented, []string{"false"}, "false"},
		{"force, which the documents let repeat", server.Documented, []string{"false", "true"}, "true"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := memory.New()
			defer m.Close()
			st := &full{Store: m, space: 1000}
			c := newCluster(t, tt.profile, st)
			id := c.start(0)
			for _, force := range tt.before {
				if a := c.cancel(id, force); a.status != http.StatusOK {
					t.Fatalf("%+v", a)
				}
			}
			st.space = 0
			if a := c.cancel(id, tt.again); a.status != http.StatusOK || st.refused != 0 {
				t.Errorf("got %+v after %d writes, want 200 without any", a, st.refused)
			}
			c.pass(10 * second) // what is due comes before, and has to be written
			if a := c.cancel(id, tt.again); a.status != http.StatusServiceUnavailable || st.refused != 1 {
				t.Errorf("with something due: got %+v after %d writes, want 503 after 1", a, st.refused)
			}
		})
	}
}

// Who loses every time gives up: with its context, or after so many times.
func TestConflictsWithoutEnd(t *testing.T) {
	t.Parallel()
	st := &uncertain{Store: memory.New(), err: store.ErrConflict}
	defer st.Close()
	c := newCluster(t, server.Runtime, st)
	due := c.start(transitionKind)
	c.pass(10 * second)
	running := c.start(0)
	st.times = 1_000_000
	short, stop := context.WithTimeout(t.Context(), 20*millisecond)
	defer stop()
	for name, do := range map[string]func(context.Context) error{
		"record": func(ctx context.Context) error { _, err := c.engine.Record(ctx, due); return err },
		"sweep":  c.engine.Sweep,
		"node":   func(ctx context.Context) error { _, _, err := c.engine.Node(ctx, "_Node_0"); return err },
		"cancel": func(ctx context.Context) error {
			_, err := c.engine.CancelOperation(ctx, generated.CancelOperationRequestObject{Params: generated.CancelOperationParams{OperationID: running}})
			return err
		},
		"start":          func(ctx context.Context) error { return startOn(ctx, c.engine, uuid.New(), false) },
		"start, on node": func(ctx context.Context) error { return startOn(ctx, c.engine, uuid.New(), true) },
	} {
		t.Run(name, func(t *testing.T) {
			if err := do(short); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("with a context that ends: %v", err)
			}
			before := st.seen
			ctx, stop := context.WithTimeout(t.Context(), hang)
			defer stop()
			if err := do(ctx); err == nil || ctx.Err() != nil {
				t.Errorf("it goes on and on: %v", err)
			}
			if tries := st.seen - before; tries < 10 || tries > 200 {
				t.Errorf("%d tries", tries)
			}
		})
	}
	if a := c.cancel(running, "false"); a.status != http.StatusServiceUnavailable || a.code != generated.ErrorCodeAbort {
		t.Errorf("%+v", a)
	}
	st.times = 30 // and then it is calm again
	begin := time.Now()
	if a := c.cancel(running, "false"); a.status != http.StatusOK || time.Since(begin) > hang {
		t.Errorf("%+v after %v", a, time.Since(begin))
	}
}
