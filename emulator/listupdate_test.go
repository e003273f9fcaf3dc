package emulator_test

import (
	"context"
	"fmt"
	"slices"
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

// scanned counts the scans of a store, but for those that ask for its revision.
type scanned struct {
	*memory.Store
	scans int
}

func (s *scanned) Scan(ctx context.Context, prefix, after string, limit int, see func(key, value []byte, at store.Revision) bool) (store.Revision, error) {
	if limit > 1 {
		s.scans++
	}
	return s.Store.Scan(ctx, prefix, after, limit, see)
}

// pair is one store with an emulator whose lists are brought up to date, and one whose lists are read.
type pair struct {
	st            *scanned
	now           time.Time
	updated, read *emulator.Emulator
	ids           []uuid.UUID

	last  emulator.List // and what it had
	shown []generated.OperationStatus
}

func newPair() *pair {
	p := &pair{st: &scanned{Store: memory.New()}, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	options := []emulator.Option{
		emulator.WithProfile(server.Runtime),
		emulator.WithClock(func() time.Time { return p.now }),
		emulator.WithScenario(func(r emulator.Record) emulator.Scenario {
			if r.Kind == generated.OperationTypePartitionRestart {
				return emulator.Scenario{Perform: second} // due at once
			}
			return emulator.Scenario{Queue: second, LookUp: second, Perform: 10 * second, Undo: 5 * second}
		}),
		emulator.WithSettings(emulator.Settings{MaxStoredActionCount: 5}),
	}
	p.updated = emulator.New(p.st, append(options, emulator.WithSharedLists())...)
	p.read = emulator.New(p.st, options...)
	return p
}

func (p *pair) start(ctx context.Context, kind generated.OperationType) error {
	id := uuid.New()
	p.ids = append(p.ids, id)
	return p.updated.Put(ctx, emulator.Record{ID: id, Kind: kind, Step: emulator.StepIntentSaved, Rollback: emulator.NotRollingBack})
}

// lists compares the two lists, checks that the last one is what it was, and returns how many operations they have and whether the store was scanned for the
// one that was brought up to date.
func (p *pair) lists(ctx context.Context, kinds, states int) (n int, scanned bool, err error) {
	list := func(e *emulator.Emulator) (emulator.List, error) {
		answer, err := e.GetFaultOperationList(ctx, generated.GetFaultOperationListRequestObject{
			Params: generated.GetFaultOperationListParams{TypeFilter: kinds, StateFilter: states},
		})
		made, _ := answer.(emulator.List)
		return made, err
	}
	before := p.st.scans
	updated, err := list(p.updated)
	if err != nil {
		return 0, false, err
	}
	scanned = p.st.scans > before
	read, err := list(p.read)
	if err != nil {
		return 0, false, err
	}
	if now := slices.Collect(p.last.All()); !slices.Equal(now, p.shown) {
		return 0, false, fmt.Errorf("a list was changed from\n%v\nto\n%v", p.shown, now)
	}
	got, want := slices.Collect(updated.All()), slices.Collect(read.All())
	p.last, p.shown = updated, got
	if !slices.Equal(got, want) {
		err = fmt.Errorf("kinds %#x, states %#x, brought up to date:\n%v\nread:\n%v", kinds, states, got, want)
	}
	return len(got), scanned, err
}

// Whatever is written, a list that is brought up to date is the one that is read.
func TestUpdatedListsAreThoseThatAreRead(t *testing.T) {
	t.Parallel()
	filters := [][2]int{{0xFFFF, 0xFFFF}, {0, 0xFFFF}, {0, 1}, {2, 0xFFFF}, {4, 3}, {0, 8 | 32 | 64}, {0, 2}}
	updated, scans := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		p := newPair()
		defer p.st.Close()
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			var err error
			switch what := rapid.IntRange(0, 9).Draw(t, "what"); {
			case what < 3 || len(p.ids) == 0:
				err = p.start(t.Context(), kinds[rapid.IntRange(0, 2).Draw(t, "kind")].kind)
			case what < 6:
				// What is over, or was not cancelled before, is refused.
				_, _ = p.updated.CancelOperation(t.Context(), generated.CancelOperationRequestObject{Params: generated.CancelOperationParams{
					OperationID: rapid.SampledFrom(p.ids).Draw(t, "id"), Force: rapid.Bool().Draw(t, "force"),
				}})
			case what == 6:
				p.now = p.now.Add(rapid.SampledFrom([]time.Duration{second / 3, second, 7 * second, time.Hour}).Draw(t, "passes"))
			case what == 7:
				err = p.updated.Sweep(t.Context())
			case what == 8:
				err = p.updated.CleanUp(t.Context())
			}
			f := rapid.SampledFrom(filters).Draw(t, "filters")
			_, scanned, listErr := p.lists(t.Context(), f[0], f[1])
			if err != nil || listErr != nil {
				t.Fatalf("%v, %v", err, listErr)
			}
			if scanned {
				scans++
			} else {
				updated++
			}
		}
	})
	if updated == 0 || scans == 0 {
		t.Errorf("got %d lists brought up to date and %d read, want some of both", updated, scans)
	}
}

// A list is read anew only if that cannot be helped.
func TestListsAreBroughtUpToDate(t *testing.T) {
	t.Parallel()
	p := newPair()
	defer p.st.Close()
	step := func(what string, want int, scans bool) {
		t.Helper()
		n, scanned, err := p.lists(t.Context(), 0, 0xFFFF)
		if err != nil || n != want || scanned != scans {
			t.Errorf("%s: got %d operations, scanned %v, %v, want %d, scanned %v", what, n, scanned, err, want, scans)
		}
	}
	put := func(n int) {
		t.Helper()
		for range n {
			if err := p.start(t.Context(), generated.OperationTypePartitionDataLoss); err != nil {
				t.Fatal(err)
			}
		}
	}
	cancel := func(force bool) {
		t.Helper()
		answer, err := p.updated.CancelOperation(t.Context(), generated.CancelOperationRequestObject{Params: generated.CancelOperationParams{OperationID: p.ids[0], Force: force}})
		if err != nil {
			t.Fatalf("%v, %v", answer, err)
		}
	}
	put(1)
	step("at first", 1, true)
	step("nothing has changed", 1, false)
	put(2)
	step("two were started", 3, false)
	cancel(false)
	step("one was cancelled", 3, false)
	cancel(true)
	step("and then forced", 3, false)
	p.now = p.now.Add(second)
	step("something has fallen due", 3, true)
	put(256)
	step("as many changes as are followed", 259, false)
	put(257)
	step("more changes", 516, true)
}

// A list that is full knows nothing of what is behind its end.
func TestFullListsAreBroughtUpToDate(t *testing.T) {
	t.Parallel()
	p := newPair()
	defer p.st.Close()
	ctx := t.Context()
	put := func(step emulator.Step, first, last byte, n int) {
		t.Helper()
		for i := range n {
			id := uuid.UUID{first, byte(i >> 8), byte(i), 15: last}
			if err := p.updated.Put(ctx, emulator.Record{ID: id, Kind: generated.OperationTypePartitionDataLoss, Step: step, Rollback: emulator.NotRollingBack}); err != nil {
				t.Fatal(err)
			}
		}
	}
	step := func(what string, scans bool) {
		t.Helper()
		n, scanned, err := p.lists(ctx, 0, 0xFFFF)
		if err != nil || n != 10_000 || scanned != scans {
			t.Errorf("%s: got %d operations, scanned %v, want 10000, scanned %v (%.500v)", what, n, scanned, scans, err)
		}
	}
	remove := func(table string, id uuid.UUID) {
		t.Helper()
		if _, err := p.st.Commit(ctx, store.Txn{Then: []store.Write{{Key: "operations/" + table + "/" + id.String(), Delete: true}}}); err != nil {
			t.Fatal(err)
		}
	}
	put(emulator.StepIntentSaved, 0x10, 0, 10)
	put(emulator.StepCompletedSuccessfully, 0x20, 0, 10_010)
	step("at first", true)
	put(emulator.StepCompletedSuccessfully, 0x30, 0, 5)
	step("more that is over, behind the end", false)
	put(emulator.StepCompletedSuccessfully, 0x20, 1, 5)
	step("more that is over, before the end", false)
	put(emulator.StepIntentSaved, 0x10, 1, 3)
	step("more that is active", false)
	remove("history", uuid.UUID{0x20, 0, 2, 15: 1})
	step("one that is over has gone, and another moves up", true)
	remove("active", uuid.UUID{0x10, 0, 2, 15: 1})
	step("one that was active has gone, and another moves up", true)
	remove("history", uuid.UUID{0x20, 0, 1, 15: 1})
	put(emulator.StepIntentSaved, 0x10, 2, 1)
	step("one has gone, and one has come", false)
	remove("history", uuid.UUID{0x20, 0, 0, 15: 1})
	put(emulator.StepCompletedSuccessfully, 0x40, 0, 1)
	step("one has gone, and one has come behind the end", true)
	put(emulator.StepIntentSaved, 0x11, 0, 250)
	step("many more that are active", false)
	for i := byte(1); i <= 39; i++ {
		put(emulator.StepIntentSaved, 0x12, i, 250)
		step("many more that are active", i == 39) // which are more than a list has
	}
}

// What is not where it belongs is listed as if it were read.
func TestRecordInTheWrongTable(t *testing.T) {
	t.Parallel()
	p := newPair()
	defer p.st.Close()
	ctx := t.Context()
	if err := p.start(ctx, generated.OperationTypePartitionDataLoss); err != nil {
		t.Fatal(err)
	}
	over := emulator.Record{ID: uuid.UUID{15: 1}, Kind: generated.OperationTypePartitionDataLoss, Step: emulator.StepCompletedSuccessfully, Rollback: emulator.NotRollingBack}
	if err := p.updated.Put(ctx, over); err != nil { // which is before all others
		t.Fatal(err)
	}
	item, err := p.st.Get(ctx, "operations/active/"+p.ids[0].String())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, _, err := p.lists(ctx, 0, 0xFFFF); err != nil {
			t.Error(err)
		}
		if _, err := p.st.Commit(ctx, store.Txn{Then: []store.Write{{Key: item.Key, Delete: true}, {Key: "operations/history/" + p.ids[0].String(), Value: item.Value}}}); err != nil {
			t.Fatal(err)
		}
	}
}
