package emulator_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
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
