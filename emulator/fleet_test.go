package emulator_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
)

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
