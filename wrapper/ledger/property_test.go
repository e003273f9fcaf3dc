package ledger_test

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/memory"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
)

var drawn = rapid.Custom(func(t *rapid.T) wrapper.Entry {
	return wrapper.Entry{
		Time:        at.Add(time.Duration(rapid.IntRange(0, 3).Draw(t, "time"))),
		OperationID: rapid.SampledFrom([]uuid.UUID{opA, opB}).Draw(t, "operation"),
		Action:      rapid.SampledFrom([]wrapper.Action{"force", "graceful", "seen", "start"}).Draw(t, "action"),
		Cluster:     rapid.SampledFrom([]string{"", "http://sf1:19080"}).Draw(t, "cluster"),
		Outcome:     rapid.SampledFrom([]wrapper.EntryOutcome{"", "done", "refused"}).Draw(t, "outcome"),
		Code:        wrapper.Code(rapid.String().Draw(t, "code")),
		Verdict:     rapid.SampledFrom([]wrapper.Verdict{"", wrapper.Accepted, wrapper.NotFound}).Draw(t, "verdict"),
		State:       wrapper.State(rapid.String().Draw(t, "state")),
		Reason:      rapid.String().Draw(t, "reason"),
		By:          rapid.StringN(1, 5, -1).Draw(t, "by"),
	}
})

// order is that of all that an entry says.
func order(a, b wrapper.Entry) int {
	return cmp.Or(a.Time.Compare(b.Time), slices.Compare(a.OperationID[:], b.OperationID[:]), cmp.Compare(a.Action, b.Action),
		cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Outcome, b.Outcome), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Verdict, b.Verdict), cmp.Compare(a.State, b.State), cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.By, b.By))
}

// safely makes a faulty store one for many goroutines.
type safely struct {
	*faulty
	mu sync.Mutex
}

func (s *safely) Commit(ctx context.Context, txn store.Txn) (store.Revision, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.faulty.Commit(ctx, txn)
}

// Whoever appends what at the same time, and whatever the store loses sight of: what is there is
// what was appended, no more and no less, in order.
func TestEntriesAreWhatWasAppended(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		writers := rapid.SliceOfN(rapid.SliceOfN(drawn, 0, 8), 1, 4).Draw(rt, "writers")
		var script []fault
		for _, happens := range rapid.SliceOfN(rapid.Bool(), 0, 2).Draw(rt, "unknown") { // one less than Append has tries
			script = append(script, fault{happens, store.ErrOutcomeUnknown})
		}
		st := &safely{faulty: &faulty{Store: memory.New(), script: script}}
		var all sync.WaitGroup
		for _, entries := range writers {
			l, err := ledger.New(st, ledger.WithRetention(ledger.Forever))
			must(t, err)
			all.Go(func() {
				for _, e := range entries {
					if err := l.Append(context.Background(), e); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		l, err := ledger.New(st)
		must(t, err)
		want := slices.Concat(writers...)
		slices.SortFunc(want, order)
		var got, told []wrapper.Entry
		for _, id := range []uuid.UUID{opA, opB} {
			got = append(got, entriesOf(t, l, id)...)
		}
		i := 0
		for e, err := range l.ByOperation(context.Background()) {
			must(t, err)
			if i >= len(got) || order(e, got[i]) != 0 {
				rt.Fatalf("by operation, at %d: %+v", i, e)
			}
			i++
		}
		if i != len(got) {
			rt.Errorf("by operation: %d of %d", i, len(got))
		}
		for e, err := range l.Trail(context.Background(), everything) {
			must(t, err)
			told = append(told, e)
		}
		if !slices.IsSortedFunc(told, func(a, b wrapper.Entry) int { return a.Time.Compare(b.Time) }) {
			rt.Errorf("the trail is not in order: %+v", told)
		}
		for _, all := range [][]wrapper.Entry{got, told} {
			slices.SortFunc(all, order)
			if !slices.EqualFunc(all, want, func(a, b wrapper.Entry) bool { return order(a, b) == 0 }) {
				rt.Errorf("got %+v, want %+v", all, want)
			}
		}
	})
}
