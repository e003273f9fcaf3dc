package emulator_test

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
)

// doomed is the store of a replica that dies at its n-th call, the first being 0: whoever
// makes that call never returns from it, and what it was about to do was done or was not.
type doomed struct {
	store.Store
	n     int
	after bool
}

func (d *doomed) call(do func()) {
	if d.n--; d.n != -1 {
		do()
		return
	}
	if d.after {
		do()
	}
	runtime.Goexit()
}

func (d *doomed) Get(ctx context.Context, key string) (item store.Item, err error) {
	d.call(func() { item, err = d.Store.Get(ctx, key) })
	return item, err
}

func (d *doomed) List(ctx context.Context, prefix, after string, limit int) (page store.Page, err error) {
	d.call(func() { page, err = d.Store.List(ctx, prefix, after, limit) })
	return page, err
}

func (d *doomed) Commit(ctx context.Context, txn store.Txn) (at store.Revision, err error) {
	d.call(func() { at, err = d.Store.Commit(ctx, txn) })
	return at, err
}

// TestAReplicaDies at any of its calls of the store: another one goes on, nothing is left
// half done, and what was answered holds.
func TestAReplicaDies(t *testing.T) {
	t.Parallel()
	const never = 1_000_000
	calls := never - theLifeOf(t, never, false)
	if calls < 30 {
		t.Fatalf("only %d calls of the store", calls)
	}
	for n := range calls {
		for _, after := range []bool{false, true} {
			theLifeOf(t, n, after)
		}
	}
}

// theLifeOf is a history whose replica dies at the n-th call, and what another one makes of
// it. It returns how many calls were left.
func theLifeOf(t *testing.T, n int, after bool) int {
	t.Helper()
	disk := newObserver(server.Runtime)
	defer disk.Close()
	ctx, stop := context.WithTimeout(t.Context(), hang)
	defer stop()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	replica := func(st store.Store, ahead time.Duration) *emulator.Emulator {
		return emulator.New(st, emulator.WithProfile(server.Runtime), emulator.WithClock(func() time.Time { return now.Add(ahead) }),
			emulator.WithScenario(scenarioByID), emulator.WithSettings(emulator.Settings{MaxStoredActionCount: -1, CompletedActionKeepDuration: time.Hour}))
	}
	fatal := &doomed{Store: disk, n: n, after: after}
	first, next := replica(fatal, 300*time.Millisecond), replica(disk, 0)
	stopped, failing, cancelled := uuid.UUID{4}, uuid.UUID{2}, uuid.UUID{1}
	cancel := func(e *emulator.Emulator, force bool) error {
		_, err := e.CancelOperation(ctx, generated.CancelOperationRequestObject{Params: generated.CancelOperationParams{OperationID: cancelled, Force: force}})
		return err
	}
	var begun, answered []string
	life := []struct {
		name string
		do   func() error
	}{
		{"start", func() error { return startOn(ctx, first, cancelled, false) }},
		{"start failing", func() error { return startOn(ctx, first, failing, false) }},
		{"stop node", func() error { return startOn(ctx, first, stopped, true) }},
		{"sweep", func() error { now = now.Add(1500 * time.Millisecond); return first.Sweep(ctx) }},
		{"graceful", func() error { return cancel(first, false) }},
		{"force", func() error { return cancel(first, true) }},
		{"ask", func() error { now = now.Add(10 * time.Second); _, err := first.Record(ctx, failing); return err }},
		{"next transition", func() error { return startOn(ctx, first, uuid.UUID{5}, true) }},
		{"list", func() error {
			_, err := first.GetFaultOperationList(ctx, generated.GetFaultOperationListRequestObject{Params: generated.GetFaultOperationListParams{StateFilter: 0xFFFF}})
			return err
		}},
		{"clean up", func() error { now = now.Add(2 * time.Hour); return first.CleanUp(ctx) }},
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, step := range life {
			begun = append(begun, step.name)
			if err := step.do(); err != nil {
				t.Errorf("%s: %v", step.name, err)
			}
			answered = append(answered, step.name)
		}
	}()
	<-done
	at := fmt.Sprintf("death at call %d (after it: %t), in %s", n, after, begun[len(begun)-1])

	was, did := func(s string) bool { return slices.Contains(begun, s) }, func(s string) bool { return slices.Contains(answered, s) }
	// What the next one finds at once, and what it comes to.
	for _, later := range []time.Duration{0, second, time.Hour} {
		now = now.Add(later)
		if err := next.Sweep(ctx); err != nil {
			t.Errorf("%s: the next sweep: %v", at, err)
		}
	}
	for _, o := range []struct {
		id      uuid.UUID
		started string
		ends    []generated.OperationState
	}{
		{stopped, "stop node", []generated.OperationState{"Completed"}},
		{failing, "start failing", []generated.OperationState{"Faulted"}},
		{cancelled, "start", map[bool][]generated.OperationState{
			true: {"ForceCancelled"}, false: {"Completed", "Cancelled", "ForceCancelled"},
		}[did("force")]},
		{uuid.UUID{5}, "next transition", []generated.OperationState{"Faulted"}}, // it is stopped already
	} {
		r, err := next.Record(ctx, o.id)
		gone := codeOf(err) == string(generated.ErrorCodeKeyNotFound)
		switch {
		case gone && (!did(o.started) || was("clean up")):
		case err != nil, !was(o.started), !slices.Contains(o.ends, r.State()):
			t.Errorf("%s: %s is %s (%v), want %v", at, o.id, r.State(), err, o.ends)
		case o.id == cancelled && did("graceful") && r.State() == generated.OperationStateCompleted:
			t.Errorf("%s: a cancel that was answered is forgotten", at)
		case o.id == cancelled && !was("force") && r.State() == generated.OperationStateForceCancelled:
			t.Errorf("%s: nobody forced it", at)
		}
	}
	if err := startOn(ctx, next, uuid.UUID{9}, true); err != nil {
		t.Errorf("%s: the node is not free: %v", at, err)
	}
	if len(disk.wrong) > 0 {
		t.Errorf("%s: %v", at, disk.wrong)
	}
	return fatal.n
}
