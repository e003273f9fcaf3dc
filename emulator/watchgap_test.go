package emulator_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
)

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
