package emulator_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

// slowStore takes a second to list, at the end of which the context counts.
type slowStore struct {
	store.Store
	lists atomic.Int64
	panic bool
}

func (s *slowStore) List(ctx context.Context, prefix, after string, limit int) (store.Page, error) {
	if limit == 1 { // for the revision
		return s.Store.List(ctx, prefix, after, limit)
	}
	s.lists.Add(1)
	if s.panic {
		panic("at the disco")
	}
	page, err := s.Store.List(ctx, prefix, after, limit)
	select {
	case <-time.After(time.Second):
		return page, err
	case <-ctx.Done():
		return store.Page{}, ctx.Err()
	}
}

// active asks for what is running, which reads one table.
func active(ctx context.Context, e *emulator.Emulator, kinds int) (int, error) {
	answer, err := e.GetFaultOperationList(ctx, generated.GetFaultOperationListRequestObject{
		Params: generated.GetFaultOperationListParams{TypeFilter: kinds, StateFilter: 1},
	})
	if err != nil {
		return 0, err
	}
	return answer.(emulator.List).Len(), nil
}

// A list is kept until something is written or falls due; one with other filters is another list.
func TestListsAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := &slowStore{Store: memory.New()}
		e := emulator.New(st, emulator.WithSharedLists())
		step := func(what string, kinds, want int, lists int64) {
			t.Helper()
			switch n, err := active(t.Context(), e, kinds); {
			case err != nil:
				t.Fatalf("%s: %v", what, err)
			case n != want || st.lists.Load() != lists:
				t.Errorf("%s: got %d operations after %d lists, want %d after %d", what, n, st.lists.Load(), want, lists)
			}
		}
		put(t, e)
		step("at first", 0, 1, 1)
		step("again", 0, 1, 1)
		put(t, e)
		step("after a write", 0, 2, 2)
		step("again", 0, 2, 2)
		step("of another kind", 2, 0, 3)
		step("and again of all", 0, 2, 3)
	})
}

// However many ask at the same time, two lists are made: the one that was begun before the others came,
// and one for all of them, which shows what was written before they came.
func TestListsAreShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := &slowStore{Store: memory.New()}
		e := emulator.New(st, emulator.WithSharedLists())
		var found [100]int
		var done atomic.Int64
		ask := func(i int) {
			var err error
			if found[i], err = active(t.Context(), e, 0); err != nil {
				t.Error(err)
			}
			done.Add(1)
		}
		go ask(0)
		synctest.Wait()
		put(t, e)
		for i := 1; i < len(found); i++ {
			go ask(i)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if n := st.lists.Load(); n != 2 || done.Load() != int64(len(found)) {
			t.Errorf("the store was listed %d times for %d, want 2 for %d", n, done.Load(), len(found))
		}
		for i, n := range found {
			if want := min(i, 1); n != want {
				t.Fatalf("caller %d found %d, want %d", i, n, want)
			}
		}
	})
}

func put(t *testing.T, e *emulator.Emulator) {
	t.Helper()
	if err := e.Put(t.Context(), emulator.Record{
		ID: uuid.New(), Kind: generated.OperationTypePartitionDataLoss, Step: emulator.StepPerformingActions, Rollback: emulator.NotRollingBack,
	}); err != nil {
		t.Fatal(err)
	}
}

// Other filters make another list.
func TestListsOfOtherFiltersAreNotShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := &slowStore{Store: memory.New()}
		e := emulator.New(st, emulator.WithSharedLists())
		for kinds := range 3 {
			go func() { _, _ = active(t.Context(), e, kinds) }()
		}
		synctest.Wait()
		if n := st.lists.Load(); n != 3 {
			t.Errorf("the store was listed %d times, want 3", n)
		}
		time.Sleep(time.Second)
	})
}

// Whoever goes leaves the others what they wait for; with the last one the work ends.
func TestSharedListEndsWithTheLastOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := &slowStore{Store: memory.New()}
		e := emulator.New(st, emulator.WithSharedLists())
		begin := time.Now()
		ask := func() (context.CancelFunc, <-chan error) {
			ctx, leave := context.WithCancel(t.Context())
			got := make(chan error, 1)
			go func() { _, err := active(ctx, e, 0); got <- err }()
			synctest.Wait()
			return leave, got
		}
		leaveFirst, first := ask()
		leaveSecond, second := ask() // waits for the next one
		leaveThird, third := ask()   // with this one
		defer leaveThird()
		time.Sleep(time.Millisecond)
		leaveSecond()
		leaveFirst()
		for _, got := range []<-chan error{first, second} {
			if err := <-got; !errors.Is(err, context.Canceled) {
				t.Errorf("who left got %v", err)
			}
		}
		if err := <-third; err != nil {
			t.Errorf("who stayed got %v", err)
		}
		// A millisecond of the list that was given up, and a second of the other.
		if took := time.Since(begin); took != time.Second+time.Millisecond {
			t.Errorf("it took %v", took)
		}
		leaveFourth, fourth := ask()
		leaveFifth, fifth := ask()
		leaveFifth()
		leaveFourth()
		for _, got := range []<-chan error{fourth, fifth} {
			if err := <-got; !errors.Is(err, context.Canceled) {
				t.Errorf("who left got %v", err)
			}
		}
		synctest.Wait()
		if n := st.lists.Load(); n != 3 { // nobody waits for that of the fifth
			t.Errorf("the store was listed %d times, want 3", n)
		}
		if leave, got := ask(); <-got != nil { // and the next one gets his own
			t.Error("the list after that failed")
			leave()
		}
	})
}

// A panic is an error of the list, and of no more.
func TestSharedListPanics(t *testing.T) {
	st := &slowStore{Store: memory.New(), panic: true}
	if _, err := active(t.Context(), emulator.New(st, emulator.WithSharedLists()), 0); err == nil {
		t.Error("no error")
	}
}

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
