package ledger_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/store/memory"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
)

var everything ledger.Query

// trail returns the reasons of the entries that a query selects.
func trail(tb testing.TB, l *ledger.Ledger, which ledger.Query) (reasons []string) {
	tb.Helper()
	for e, err := range l.Trail(context.Background(), which) {
		must(tb, err)
		reasons = append(reasons, e.Reason)
	}
	return reasons
}

func TestTrail(t *testing.T) {
	t.Parallel()
	st := memory.New()
	ann, bob := newLedger(t, st, ledger.WithBy("ann")), newLedger(t, st, ledger.WithBy("bob"))
	if got := trail(t, ann, everything); len(got) != 0 {
		t.Errorf("empty ledger: got %v, want none", got)
	}
	third, first := entry(opB, 3*time.Second, "3 b bob"), entry(opB, time.Second, "1 b ann")
	third.Cluster, first.Action = "http://sf1:19080", "force"
	must(t, bob.Append(t.Context(), third))
	must(t, ann.Append(t.Context(), entry(opA, 2*time.Second, "2 a ann")))
	must(t, bob.Append(t.Context(), entry(opA, 4*time.Second, "4 a bob")))
	must(t, ann.Append(t.Context(), first))
	second := func(n int) time.Time { return at.Add(time.Duration(n) * time.Second) }
	for _, tc := range []struct {
		name  string
		which ledger.Query
		want  []string
	}{
		{"all", everything, []string{"1 b ann", "2 a ann", "3 b bob", "4 a bob"}},
		{"one operation", ledger.Query{OperationID: opA}, []string{"2 a ann", "4 a bob"}},
		{"an unknown operation", ledger.Query{OperationID: uuid.UUID{1}}, nil},
		{"since", ledger.Query{Since: second(3)}, []string{"3 b bob", "4 a bob"}},
		{"until", ledger.Query{Until: second(3)}, []string{"1 b ann", "2 a ann"}},
		{"since and until", ledger.Query{Since: second(2), Until: second(4)}, []string{"2 a ann", "3 b bob"}},
		{"since after until", ledger.Query{Since: second(4), Until: second(2)}, nil},
		{"a cluster", ledger.Query{Cluster: "http://sf1:19080"}, []string{"3 b bob"}},
		{"an action", ledger.Query{Action: "force"}, []string{"1 b ann"}},
		{"by", ledger.Query{By: "ann"}, []string{"1 b ann", "2 a ann"}},
		{"by an unknown user", ledger.Query{By: "eve"}, nil},
		{"all fields but two", ledger.Query{OperationID: opB, Since: second(2), Until: second(9), By: "bob"}, []string{"3 b bob"}},
	} {
		if got := trail(t, ann, tc.which); !slices.Equal(got, tc.want) {
			t.Errorf("%s: got %v, want %v", tc.name, got, tc.want)
		}
	}
	all := ann.Trail(t.Context(), everything)
	for range 2 { // the iterator can be left early, and used again
		for e, err := range all {
			if err != nil || e.Reason != "1 b ann" {
				t.Errorf("first entry: got %+v, %v, want 1 b ann, nil", e, err)
			}
			break
		}
	}
}

// A trail of several passes over the ledger yields each entry once, in order.
func TestLongTrail(t *testing.T) {
	t.Parallel()
	const n = 4096*2 + 1000
	l := newLedger(t, memory.New(), ledger.WithRetention(ledger.Forever))
	var want []string
	for i := range n {
		want = append(want, fmt.Sprintf("%05d", i))
	}
	for _, i := range rand.Perm(n) {
		e := wrapper.Entry{Time: at.Add(time.Duration(i)), OperationID: uuid.UUID{byte(i)}, Reason: want[i]}
		must(t, l.Append(t.Context(), e))
	}
	if got := trail(t, l, everything); !slices.Equal(got, want) {
		t.Errorf("got %d entries, want %d in order", len(got), n)
	}
	if got := trail(t, l, ledger.Query{Since: at.Add(5000)}); !slices.Equal(got, want[5000:]) {
		t.Errorf("since: got %d entries, want %d in order", len(got), n-5000)
	}
}
