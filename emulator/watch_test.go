package emulator_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

// told is a transition as a line of text, so that two can be compared.
func told(t emulator.Transition) string {
	record, err := json.Marshal(t.Record)
	return fmt.Sprintf("%d removed %t missed %t %s %v", t.Revision, t.Removed, t.Missed, record, err)
}

// until reads a watch up to the transition of an operation that comes last.
func until(w iter.Seq2[emulator.Transition, error], last uuid.UUID) (lines []string, err error) {
	for t, err := range w {
		if err != nil {
			return lines, err
		}
		lines = append(lines, told(t))
		if t.Record.ID == last {
			return lines, nil
		}
	}
	return lines, errors.New("it ended")
}

var lastID = uuid.UUID{0xff}

// agree starts an operation that is the last, and lets replicas watch from some revisions.
func (f *fleet) agree(from ...store.Revision) {
	ctx, stop := context.WithTimeout(context.Background(), hang)
	defer stop()
	if err := startOn(ctx, f.replicas[0], lastID, false); err != nil {
		f.t.Fatal(err)
	}
	for n, after := range from {
		var want []string
		for _, t := range f.disk.told {
			if t.Revision > after {
				want = append(want, told(t))
			}
		}
		got, err := until(f.replicas[n%len(f.replicas)].Watch(ctx, after), lastID)
		if err != nil || !slices.Equal(got, want) {
			f.t.Fatalf("after %d (%v):\n%q\nwant\n%q", after, err, got, want)
		}
	}
}

// TestWatch: every replica tells of the same transitions, from wherever it is asked to go
// on, and those are what the transactions say.
func TestWatch(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := newFleet(t, server.Runtime, rapid.Bool().Draw(t, "fails"))
		f.live(anyCalls(t, len(f.ids)))
		page, err := f.disk.List(context.Background(), "", "", 1)
		if err != nil {
			t.Fatal(err)
		}
		var all []store.Revision
		for after := store.Revision(1); after <= page.Revision; after++ {
			all = append(all, after)
		}
		f.agree(all...)
	})
}

// TestWatchMeanwhile: the same while they work, from the beginning.
func TestWatchMeanwhile(t *testing.T) {
	t.Parallel()
	disk := newObserver(server.Runtime)
	defer disk.Close()
	ctx, stop := context.WithTimeout(t.Context(), 2*hang)
	defer stop()
	var replicas [3]*emulator.Emulator
	for n := range replicas {
		replicas[n] = emulator.New(disk, emulator.WithProfile(server.Runtime), emulator.WithScenario(func(r emulator.Record) emulator.Scenario {
			s := scenarioByID(r)
			return emulator.Scenario{Queue: millisecond, LookUp: millisecond, Perform: millisecond, PerformFails: s.PerformFails}
		}), emulator.WithSettings(emulator.Settings{MaxStoredActionCount: -1, CompletedActionKeepDuration: -1}))
	}
	if err := startOn(ctx, replicas[0], uuid.UUID{0xfe}, false); err != nil { // what the watches begin with
		t.Fatal(err)
	}
	var watchers, workers, begun sync.WaitGroup
	var got [3][]string
	begun.Add(len(replicas))
	for n, e := range replicas {
		watchers.Go(func() {
			begin := sync.OnceFunc(begun.Done)
			defer begin()
			for tr, err := range e.Watch(ctx, 0) {
				if err != nil {
					t.Error(err)
					return
				}
				begin()
				if got[n] = append(got[n], told(tr)); tr.Record.ID == lastID {
					return
				}
			}
		})
	}
	begun.Wait()
	for n, e := range replicas {
		workers.Go(func() {
			for round := range 30 {
				id := uuid.UUID{byte(round % 4), byte(round)}
				_ = startOn(ctx, e, id, round%4 == 3)
				_, _ = e.CancelOperation(ctx, generated.CancelOperationRequestObject{Params: generated.CancelOperationParams{OperationID: id, Force: round%2 == n%2}})
				if round%5 == 0 {
					_ = e.CleanUp(ctx)
				} else {
					_ = e.Sweep(ctx)
				}
			}
		})
	}
	workers.Wait()
	if err := startOn(ctx, replicas[0], lastID, false); err != nil {
		t.Fatal(err)
	}
	watchers.Wait()
	var want []string
	for _, t := range disk.told {
		want = append(want, told(t))
	}
	for n, lines := range got {
		if !slices.Equal(lines, want) {
			t.Errorf("watcher %d:\n%q\nwant\n%q", n, lines, want)
		}
	}
	if len(disk.wrong) > 0 {
		t.Error(disk.wrong)
	}
}

// A watch has an end, which says why, and says it once.
func TestWatchEnds(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	soon, stop := context.WithTimeout(t.Context(), 20*millisecond)
	defer stop()
	closed := memory.New()
	_ = closed.Close()
	for _, tt := range []struct {
		name  string
		ctx   context.Context
		st    store.Store
		after store.Revision
		want  error
	}{
		{"ctx was over", ended, memory.New(), 0, context.Canceled},
		{"ctx was over, from a revision", ended, memory.New(), 7, context.Canceled},
		{"ctx ends", soon, memory.New(), 0, context.DeadlineExceeded},
		{"a revision that is still to come", soon, memory.New(), 1000, context.DeadlineExceeded},
		{"the store was closed", t.Context(), closed, 0, store.ErrClosed},
		{"the store was closed, from a revision", t.Context(), closed, 1, store.ErrClosed},
		{"no revision", t.Context(), memory.New(), -1, store.ErrInvalid},
		{"the list fails", t.Context(), &downStore{Store: memory.New(), down: true}, 0, store.ErrUnavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var errs []error
			for tr, err := range emulator.New(tt.st).Watch(tt.ctx, tt.after) {
				if tr != (emulator.Transition{}) {
					t.Errorf("%+v", tr)
				}
				errs = append(errs, err)
			}
			if len(errs) != 1 || !errors.Is(errs[0], tt.want) {
				t.Errorf("%v, want %v", errs, tt.want)
			}
		})
	}
}

// A record that cannot be read is told as that, and does not keep the others from being told.
func TestWatchOfABrokenRecord(t *testing.T) {
	for _, table := range []string{"active", "history"} {
		st := memory.New()
		c := newCluster(t, server.Runtime, st)
		broken := uuid.UUID{7}
		write(t, st, "operations/"+table+"/"+broken.String(), "x")
		write(t, st, "operations/"+table+"/notes", "dear diary") // nobody's
		id := c.start(0)
		for _, after := range []store.Revision{0, 1} { // from a list, and from a change
			if after == 1 {
				write(t, st, "operations/"+table+"/"+broken.String(), "y")
				c.cancel(id, "false")
			}
			n := 0
			for tr, err := range c.engine.Watch(t.Context(), after) {
				if isBroken := tr.Record.ID == broken; (err != nil) != isBroken || !isBroken && tr.Record.ID != id {
					t.Fatalf("%+v, %v", tr, err)
				}
				if n++; n == 2 {
					break
				}
			}
		}
		_ = st.Close()
	}
}

// A record of a version that did not note what is a transition can be read, and every write
// of it counts.
func TestWatchOfOldRecords(t *testing.T) {
	st := memory.New()
	defer st.Close()
	old := `{"id":"01000000-0000-0000-0000-000000000000","kind":"PartitionDataLoss","step":"LookingUpState","rollback":"NotRollingBack",` +
		`"errorCode":0,"due":"2027-01-01T00:00:01Z","received":"2026-01-01T00:00:00Z","target":{}}`
	for range 3 {
		write(t, st, "operations/active/01000000-0000-0000-0000-000000000000", old)
	}
	c, n := newCluster(t, server.Runtime, st), store.Revision(1)
	for tr, err := range c.engine.Watch(t.Context(), 1) {
		if n++; err != nil || tr.Revision != n || tr.Record.Step != emulator.StepLookingUpState {
			t.Fatalf("%+v, %v", tr, err)
		}
		if n == 3 {
			break
		}
	}
}

// forgetful is a store that does not know what came after a revision.
type forgetful struct {
	store.Store
	floor store.Revision
	lists int
}

func (f *forgetful) Watch(ctx context.Context, prefix string, after store.Revision) iter.Seq2[store.Change, error] {
	return func(yield func(store.Change, error) bool) {
		for change, err := range f.Store.Watch(ctx, prefix, after) {
			if err == nil && change.Revision <= f.floor {
				change, err = store.Change{}, fmt.Errorf("test: %w", store.ErrCompacted)
			}
			if !yield(change, err) || err != nil {
				return
			}
		}
	}
}

func (f *forgetful) List(ctx context.Context, prefix, after string, limit int) (store.Page, error) {
	f.lists++
	return f.Store.List(ctx, prefix, after, limit)
}

// What a store has forgotten is made up for by what there is, and said to be missed.
func TestWatchOfAStoreThatForgets(t *testing.T) {
	st := &forgetful{Store: memory.New()}
	defer st.Close()
	c := newCluster(t, server.Runtime, st, emulator.WithSettings(emulator.Settings{MaxStoredActionCount: 1, CompletedActionKeepDuration: -1}))
	ctx, stop := context.WithTimeout(t.Context(), hang)
	defer stop()
	untouched, removed, ended := uuid.UUID{1}, uuid.UUID{2}, uuid.UUID{3}
	short := func(t emulator.Transition) string {
		return fmt.Sprintf("%d: %d %s %t %t", t.Revision, t.Record.ID[0], t.Record.Step, t.Removed, t.Missed)
	}
	next, end := iter.Pull2(c.engine.Watch(ctx, 0))
	defer end()
	one := func() string {
		tr, err, ok := next()
		if err != nil || !ok {
			t.Fatal(err, ok)
		}
		return short(tr)
	}
	var got []string
	now := func() store.Revision {
		page, err := st.List(ctx, "", "", 1)
		if err != nil {
			t.Fatal(err)
		}
		return page.Revision
	}
	for _, id := range []uuid.UUID{untouched, removed, ended} {
		c.startAs(map[bool]int{true: 0, false: 1}[id == removed], id)
	}
	if err := c.engine.SetScenario(ctx, untouched, emulator.Scenario{Queue: 10 * time.Hour, LookUp: time.Hour}); err != nil { // no transition
		t.Fatal(err)
	}
	listed := now()
	got = append(got, one(), one(), one()) // a list: only the last has a revision
	want := []string{"0: 2 IntentSaved false false", "0: 3 IntentSaved false false", fmt.Sprintf("%d: 1 IntentSaved false false", listed)}

	c.pass(second)
	c.sweep() // the untouched one looks up for an hour now
	before := now()
	got = append(got, one(), one(), one())
	want = append(want, fmt.Sprintf("%d: 1 LookingUpState false false", before-2), fmt.Sprintf("%d: 2 LookingUpState false false", before-1),
		fmt.Sprintf("%d: 3 LookingUpState false false", before))

	c.pass(10 * second)
	c.cleanUp() // the second and the third end, and the first of them is removed
	st.floor = now()
	got = append(got, one(), one())
	want = append(want, fmt.Sprintf("%d: 3 CompletedSuccessfully false true", before), fmt.Sprintf("%d: 2  true true", st.floor))
	c.cancel(untouched, "false")
	got = append(got, one())
	want = append(want, fmt.Sprintf("%d: 1 LookingUpState false false", st.floor+1))
	if !slices.Equal(got, want) {
		t.Errorf("%q\nwant\n%q", got, want)
	}

	// Who broke off within what was missed misses the same again, on any replica.
	for tr, err := range newCluster(t, server.Runtime, st).engine.Watch(ctx, before) {
		if want := fmt.Sprintf("%d: 3 CompletedSuccessfully false true", before); err != nil || short(tr) != want {
			t.Errorf("%v, %v; want %s", short(tr), err, want)
		}
		break
	}
	lists := st.lists
	for tr, err := range c.engine.Watch(ctx, st.floor) {
		if want := fmt.Sprintf("%d: 1 LookingUpState false false", st.floor+1); err != nil || short(tr) != want || st.lists != lists {
			t.Errorf("%v, %v; want %s, without a list", short(tr), err, want)
		}
		break
	}
}
