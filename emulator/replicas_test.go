package emulator_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
)

// The model of one operation, without a look at the engine: where it is, where time may
// take it (§5.4), and what a call does there (§5.2, §5.7).
const unheard, running, ailing, byUser, byForce = "unheard", "running", "failing", "by user", "by force"

var (
	timeTakesIt = map[string][]string{
		running: {ailing, "Completed"}, ailing: {"Faulted"}, byUser: {"Cancelled"}, byForce: {"ForceCancelled"},
		"Completed": {unheard}, "Faulted": {unheard}, "Cancelled": {unheard}, "ForceCancelled": {unheard}, // by a clean-up
	}
	shownAs = map[string]string{unheard: "", running: "Running", ailing: "RollingBack", byUser: "RollingBack", byForce: "RollingBack"}
	// What a call makes of it. What is not here is refused with what follows.
	accepted = map[string]map[string]string{
		"start":  {unheard: running},
		"cancel": {running: byUser, ailing: byUser, byUser: byUser},
		"force":  {byUser: byForce},
	}
	acceptedByDocument = map[string]string{byUser: byForce, ailing: byForce, byForce: byForce}
)

const (
	exists, inTransition = "FABRIC_E_TEST_COMMAND_OPERATION_ID_ALREADY_EXISTS", "FABRIC_E_NODE_TRANSITION_IN_PROGRESS"
	notNow, unknownID    = "FABRIC_E_INVALID_TEST_COMMAND_STATE", "FABRIC_E_KEY_NOT_FOUND"
	noQuorum, timedOut   = "FABRIC_E_NO_WRITE_QUORUM", "FABRIC_E_TIMEOUT"
)

// model says what a call may answer. Only a clean-up takes an operation away.
func model(profile server.Profile, removes bool) porcupine.Model {
	takes := map[string]map[string]string{"start": accepted["start"], "cancel": accepted["cancel"], "force": accepted["force"]}
	if profile == server.Documented {
		takes["force"] = acceptedByDocument
	}
	return (&porcupine.NondeterministicModel{
		Init: func() []any { return []any{unheard} },
		Step: func(state, input, output any) (states []any) {
			call, answer := input.(string), output.(string)
			reached := []string{state.(string)}
			for i := 0; i < len(reached); i++ {
				for _, next := range timeTakesIt[reached[i]] {
					if next != unheard || removes {
						reached = append(reached, next)
					}
				}
			}
			for _, s := range reached {
				next, ok := takes[call][s]
				refusal := unknownID
				switch shown, under := shownAs[s]; {
				case call == "start":
					refusal = exists
				case under && shown != "":
					refusal = notNow
				}
				switch {
				case answer == timedOut && ok: // it happened, or did not
					states = append(states, next, s)
				case answer == timedOut, answer == noQuorum, answer == inTransition && call == "start":
					states = append(states, s)
				case call == "list" || call == "progress":
					shown, is := shownAs[s]
					if !is {
						shown = s
					}
					if answer == shown || call == "progress" && s == unheard && answer == unknownID {
						states = append(states, s)
					}
				case ok && (answer == "202" || answer == "200"):
					states = append(states, next)
				case !ok && answer == refusal:
					states = append(states, s)
				}
			}
			return states
		},
	}).ToModel()
}

// TestReplicasAreOneServer: whichever replica is called, in whatever order their calls of
// the store come, however their clocks differ and whether the store fails or not: after
// every transaction everything is as it should be, and all answers are those of one server.
func TestReplicasAreOneServer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		profile server.Profile
		fails   bool
	}{
		{"runtime", server.Runtime, false}, {"runtime, on a store that fails", server.Runtime, true},
		{"documented, on a store that fails", server.Documented, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				f := newFleet(t, tt.profile, tt.fails)
				f.live(anyCalls(t, len(f.ids)))
				f.answersOfOneServer(tt.profile)
			})
		})
	}
}

// anyCalls is what four clients do, two of them at the same replica.
func anyCalls(t *rapid.T, ids int) [][]call {
	names := []string{"start", "start", "start", "cancel", "cancel", "force", "force", "progress", "progress", "list", "sweep", "clean up"}
	calls := make([][]call, 4)
	few := rapid.IntRange(1, ids).Draw(t, "ids") // the fewer, the more they are in each other's way
	first := rapid.IntRange(0, ids-few).Draw(t, "the first of them")
	for client := range calls {
		for range rapid.IntRange(1, 6).Draw(t, "calls") {
			calls[client] = append(calls[client], call{
				what:  rapid.SampledFrom(names).Draw(t, "call"),
				which: first + rapid.IntRange(0, few-1).Draw(t, "of"),
			})
		}
	}
	return calls
}

func (f *fleet) answersOfOneServer(profile server.Profile) {
	for id, history := range f.history {
		switch porcupine.CheckOperationsTimeout(model(profile, f.removes), history, 10*time.Second) {
		case porcupine.Illegal:
			f.t.Errorf("%s: no one server answers like this: %+v", id, history)
		case porcupine.Unknown:
			f.t.Logf("%s: %d calls are too many to judge", id, len(history))
		case porcupine.Ok:
		}
	}
}

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

// fleet is replicas over one store, each with a clock of its own, and clients that call
// them. Every call of the store waits for its turn, and the test says whose it is.
type fleet struct {
	t        *rapid.T
	disk     *observer
	replicas []*emulator.Emulator
	clocks   []time.Time
	fails    bool // whether the store fails now and then

	turns   chan turn
	waiting map[int]turn // the clients whose store call waits
	late    []store.Txn  // sent, with an outcome that nobody knows; may still happen
	ids     []uuid.UUID
	history map[uuid.UUID][]porcupine.Operation
	stamp   int64
	removes bool
	moments []map[uuid.UUID]string // what was stored after each transaction, as it is shown
	lists   int                    // that were looked at
}

// turn is what a client does next.
type turn struct {
	client int
	ended  bool
	commit bool
	is     chan fate
}

type fate int

const (
	happens fate = iota
	unavailable
	unknownDone  // it happened
	unknownNever // it did not
	unknownLate  // it may, some time
)

type clientKey struct{}

// scheduled is the store of one replica.
type scheduled struct {
	store.Store
	f *fleet
}

func (s scheduled) wait(ctx context.Context, commit bool) (fate, error) {
	client, ok := ctx.Value(clientKey{}).(int)
	if !ok {
		return happens, nil // the test itself
	}
	is := make(chan fate)
	select {
	case s.f.turns <- turn{client: client, commit: commit, is: is}:
	case <-ctx.Done():
		return happens, ctx.Err()
	}
	select {
	case f := <-is:
		if f == unavailable {
			return f, fmt.Errorf("test: %w", store.ErrUnavailable)
		}
		return f, nil
	case <-ctx.Done():
		return happens, ctx.Err()
	}
}

func (s scheduled) Get(ctx context.Context, key string) (store.Item, error) {
	if _, err := s.wait(ctx, false); err != nil {
		return store.Item{}, err
	}
	return s.Store.Get(ctx, key)
}

func (s scheduled) List(ctx context.Context, prefix, after string, limit int) (store.Page, error) {
	if _, err := s.wait(ctx, false); err != nil {
		return store.Page{}, err
	}
	return s.Store.List(ctx, prefix, after, limit)
}

// scanning is scheduled over a store that can be scanned.
type scanning struct{ scheduled }

func (s scanning) Scan(ctx context.Context, prefix, after string, limit int, see func(key, value []byte, at store.Revision) bool) (store.Revision, error) {
	if _, err := s.wait(ctx, false); err != nil {
		return 0, err
	}
	return store.Scan(ctx, s.Store, prefix, after, limit, see)
}

func (s scheduled) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	f, err := s.wait(ctx, true)
	switch {
	case err != nil:
		return 0, err
	case f == happens:
		return s.f.commit(ctx, txn)
	case f == unknownDone:
		if _, err := s.f.commit(ctx, txn); errors.Is(err, store.ErrConflict) {
			return 0, err
		}
	case f == unknownLate:
		s.f.late = append(s.f.late, txn)
	}
	return 0, fmt.Errorf("test: %w", store.ErrOutcomeUnknown)
}

// commit carries out a transaction, and remembers what was stored after it.
func (f *fleet) commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	at, err := f.disk.Commit(ctx, txn)
	if err == nil {
		now := map[uuid.UUID]string{}
		for id, r := range f.disk.before {
			now[id] = string(r.State())
		}
		f.moments = append(f.moments, now)
	}
	return at, err
}

// ofOneMoment: a list is what was stored at one moment since the n-th, all of it, but for
// what was removed after that moment.
func (f *fleet) ofOneMoment(n int, listed map[uuid.UUID]string) {
	f.lists++
	for m, stored := range f.moments[n:] {
		is := true
		for _, id := range f.ids {
			removed := listed[id] == "" && slices.ContainsFunc(f.moments[n+m:], func(later map[uuid.UUID]string) bool { return later[id] == "" })
			is = is && (listed[id] == stored[id] || removed)
		}
		if is {
			return
		}
	}
	f.t.Errorf("a list shows %v, and since it began there was %v", listed, f.moments[n:])
}

// newFleet: the first operation succeeds, the second fails, the third starts over twice,
// and the others are transitions of one node.
func newFleet(t *rapid.T, profile server.Profile, fails bool) *fleet {
	f := &fleet{t: t, disk: newObserver(profile), fails: fails, turns: make(chan turn), waiting: map[int]turn{}, history: map[uuid.UUID][]porcupine.Operation{},
		moments: []map[uuid.UUID]string{{}}}
	t.Cleanup(func() { _ = f.disk.Close() })
	for n := range 5 {
		f.ids = append(f.ids, uuid.UUID{byte(n + 1)})
	}
	scans := rapid.Bool().Draw(t, "scans")
	for n, ahead := range []time.Duration{0, 400 * time.Millisecond, -700 * time.Millisecond} {
		f.clocks = append(f.clocks, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(ahead))
		var st store.Store = scheduled{f.disk, f}
		if scans {
			st = scanning{scheduled{f.disk, f}}
		}
		f.replicas = append(f.replicas, emulator.New(st, emulator.WithProfile(profile),
			emulator.WithClock(func() time.Time { return f.clocks[n] }),
			emulator.WithSettings(emulator.Settings{MaxStoredActionCount: -1, CompletedActionKeepDuration: -1}),
			emulator.WithScenario(scenarioByID)))
	}
	return f
}

func scenarioByID(r emulator.Record) emulator.Scenario {
	s := emulator.Scenario{Queue: second, LookUp: second, Perform: second, Undo: second}
	switch r.ID[0] {
	case 2:
		s.PerformFails = always(partitionNotFound)
	case 3:
		s.LookUpFails = emulator.Failure{Times: 2, Code: -2147017729} // FABRIC_E_TIMEOUT
	}
	return s
}

// call is one call of a client.
type call struct {
	what  string // start, cancel, force, progress, list, sweep, clean up
	which int    // of the ids
}

// live lets each of the clients make its calls, and returns when all have.
func (f *fleet) live(calls [][]call) {
	ctx, stop := context.WithCancel(context.Background())
	var all sync.WaitGroup
	defer all.Wait()
	defer stop()
	running := 0
	receive := func() {
		if next := <-f.turns; next.ended {
			running--
		} else {
			f.waiting[next.client] = next
		}
	}
	for client := range calls {
		running++
		all.Go(func() {
			own := context.WithValue(ctx, clientKey{}, client)
			for _, c := range calls[client] {
				if f.call(own, client, c); ctx.Err() != nil {
					return // the test is over, and nobody gives turns any more
				}
			}
			select {
			case f.turns <- turn{client: client, ended: true}:
			case <-ctx.Done():
			}
		})
		receive()
	}
	for running > 0 {
		f.happen()
		var ready []int
		for client := range calls {
			if _, is := f.waiting[client]; is {
				ready = append(ready, client)
			}
		}
		client := rapid.SampledFrom(ready).Draw(f.t, "whose turn")
		is := happens
		next := f.waiting[client]
		if f.fails && next.commit {
			is = rapid.SampledFrom([]fate{happens, happens, happens, happens, happens, unavailable, unknownDone, unknownNever, unknownLate}).Draw(f.t, "fate")
		}
		delete(f.waiting, client)
		next.is <- is
		receive()
		if len(f.disk.wrong) > 0 {
			f.t.Fatal(f.disk.wrong)
		}
	}
}

// happen is what happens besides: time passes, and a transaction comes late.
func (f *fleet) happen() {
	if d := rapid.SampledFrom([]time.Duration{0, 0, 0, 0, 300 * time.Millisecond, second, second, 20 * second}).Draw(f.t, "passes"); d > 0 {
		for n := range f.clocks {
			f.clocks[n] = f.clocks[n].Add(d)
		}
	}
	if n := len(f.late); n > 0 && rapid.IntRange(0, 3).Draw(f.t, "late") == 0 {
		i := rapid.IntRange(0, n-1).Draw(f.t, "which")
		_, _ = f.commit(context.Background(), f.late[i])
		f.late = slices.Delete(f.late, i, i+1)
	}
}

// call makes a call and writes down how it went.
func (f *fleet) call(ctx context.Context, client int, c call) {
	e, id := f.replicas[client%len(f.replicas)], f.ids[c.which]
	// Only one client runs at a time, so all of this is nobody else's.
	f.stamp++
	began, moment := f.stamp, len(f.moments)-1
	var err error
	var listed generated.GetFaultOperationListResponseObject
	answers := map[uuid.UUID]string{}
	switch c.what {
	case "start":
		answers[id] = "202"
		err = startOn(ctx, e, id, c.which >= 3)
	case "cancel", "force":
		answers[id] = "200"
		_, err = e.CancelOperation(ctx, generated.CancelOperationRequestObject{Params: generated.CancelOperationParams{OperationID: id, Force: c.what == "force"}})
	case "progress":
		answers[id], err = progressOn(ctx, e, id, c.which >= 3)
	case "list":
		listed, err = e.GetFaultOperationList(ctx, generated.GetFaultOperationListRequestObject{
			Params: generated.GetFaultOperationListParams{TypeFilter: 0xFFFF, StateFilter: 0xFFFF}})
		if shown, ok := listed.(emulator.List); ok {
			for _, id := range f.ids {
				answers[id] = ""
			}
			for status := range shown.All() {
				answers[status.OperationID] = string(status.State)
			}
			f.ofOneMoment(moment, answers)
		}
	case "sweep":
		err = e.Sweep(ctx)
	case "clean up":
		f.removes = true
		err = e.CleanUp(ctx)
	}
	if ctx.Err() != nil {
		return
	}
	f.stamp++
	for id, answer := range answers {
		op := porcupine.Operation{ClientId: client, Input: c.what, Call: began, Output: answer, Return: f.stamp}
		if err != nil {
			op.Output = codeOf(err)
		}
		if op.Output == string(generated.ErrorCodeTimeout) {
			op.Return = math.MaxInt64 // it may happen at any time
		}
		f.history[id] = append(f.history[id], op)
	}
}
