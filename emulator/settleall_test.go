package emulator_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

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
