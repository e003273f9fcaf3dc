package emulator_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

// ending is a store that ends a context at one of its steps, which are calls and items that are shown, and
// counts what comes after it.
type ending struct {
	*memory.Store
	end context.CancelFunc
	at  int // the step

	mu            sync.Mutex
	steps, writes int // those writes that began after the end
}

// step reports whether the end came before.
func (e *ending) step() (late bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.steps++; e.steps == e.at {
		e.end()
	}
	return e.steps > e.at
}

func (e *ending) Get(ctx context.Context, key string) (store.Item, error) {
	e.step()
	return e.Store.Get(ctx, key)
}

func (e *ending) List(ctx context.Context, prefix, after string, limit int) (store.Page, error) {
	e.step()
	return e.Store.List(ctx, prefix, after, limit)
}

func (e *ending) Scan(ctx context.Context, prefix, after string, limit int, see func(key, value []byte, at store.Revision) bool) (store.Revision, error) {
	e.step()
	return e.Store.Scan(ctx, prefix, after, limit, func(key, value []byte, at store.Revision) bool {
		e.step()
		return see(key, value, at)
	})
}

func (e *ending) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	late := e.step()
	at, err := e.Store.Commit(ctx, txn)
	if err == nil && late {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.writes++
	}
	return at, err
}

// batching is an ending that takes many transactions at once.
type batching struct{ *ending }

func (b batching) CommitEach(ctx context.Context, txns []store.Txn) []store.Outcome {
	return commitEach(ctx, b.ending, txns)
}

// TestALoopEndsWithItsContext: whenever the context of a call ends, the call ends soon after it, with the error of
// the context, and without one more transaction. Soon is a page of items, of the 700 that there are in each table.
func TestALoopEndsWithItsContext(t *testing.T) {
	const each, page = 700, 500
	records := slices.Concat(many(each, true), many(each, false))
	for i := range records[each:] {
		records[each+i].ID[14] = 1
		records[each+i].Stopped = listedNow.Add(-time.Hour)
	}
	for i := range records[:each] {
		if i%4 != 0 { // something is due of them
			records[i].Due = listedNow.Add(-time.Minute)
		}
		if i%8 == 0 { // these have to be read whole
			records[i].Target.Mode = ""
		}
	}
	for _, call := range []struct {
		name string
		do   func(ctx context.Context, e *emulator.Emulator, st *ending) error
	}{
		{"list", func(ctx context.Context, e *emulator.Emulator, _ *ending) error { return listUnder(ctx, e, 0xFFFF) }},
		{"list of what is over", func(ctx context.Context, e *emulator.Emulator, _ *ending) error { return listUnder(ctx, e, 8|16|32|64) }},
		{"clean-up", func(ctx context.Context, e *emulator.Emulator, _ *ending) error { return e.CleanUp(ctx) }},
		{"sweep", func(ctx context.Context, e *emulator.Emulator, _ *ending) error { return e.Sweep(ctx) }},
		{"clear", func(ctx context.Context, e *emulator.Emulator, _ *ending) error { return e.Clear(ctx) }},
		{"watch", func(ctx context.Context, e *emulator.Emulator, st *ending) error {
			for _, err := range e.Watch(ctx, 0) {
				st.step() // what is told counts as well
				if errors.Is(err, context.Canceled) {
					return err
				}
			}
			return nil
		}},
		{"run", func(ctx context.Context, e *emulator.Emulator, _ *ending) error { return e.Run(ctx) }},
	} {
		for _, together := range []bool{false, true} {
			for _, at := range []int{1, 2, 3, 400, 900} {
				t.Run(fmt.Sprintf("%s/together=%t/%d", call.name, together, at), func(t *testing.T) {
					t.Parallel()
					ctx, end := context.WithCancel(t.Context())
					defer end()
					st := &ending{Store: memory.New(), end: end, at: at}
					defer st.Close()
					stored(t, st.Store, records, asIs)
					var kept store.Store = st
					if together {
						kept = batching{st}
					}
					e := emulator.New(kept, emulator.WithProfile(server.Runtime), emulator.WithClock(func() time.Time { return listedNow }),
						emulator.WithSettings(emulator.Settings{MaxStoredActionCount: -1, CompletedActionKeepDuration: -1}))
					err := call.do(ctx, e, st)
					if st.steps < at {
						t.Skipf("it takes %d steps", st.steps)
					}
					if !errors.Is(err, context.Canceled) {
						t.Errorf("got %v, want that of the context", err)
					}
					if late := st.steps - at; late > page {
						t.Errorf("%d steps after the end of the context, want %d at most", late, page)
					}
					if st.writes > 0 {
						t.Errorf("%d transactions after the end of the context", st.writes)
					}
				})
			}
		}
	}
}

func listUnder(ctx context.Context, e *emulator.Emulator, states int) error {
	_, err := e.GetFaultOperationList(ctx, generated.GetFaultOperationListRequestObject{Params: generated.GetFaultOperationListParams{TypeFilter: 0xFFFF, StateFilter: states}})
	return err
}
