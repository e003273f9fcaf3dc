package journal_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
	"github.com/sfcancel/sfcancel/wrapper/ledger/journal"
)

func reasons(entries []wrapper.Entry) (all []string) {
	for _, e := range entries {
		all = append(all, e.Reason)
	}
	return all
}

func TestTrail(t *testing.T) {
	t.Parallel()
	l, dir := filled(t)
	if got, errs := trailOf(t, l, ledger.Query{}); got != nil || errs != nil {
		t.Errorf("empty ledger: got %v, %v, want none", got, errs)
	}
	by := map[string]*journal.Ledger{"ann": open(t, dir, journal.WithBy("ann")), "bob": open(t, dir, journal.WithBy("bob"))}
	second := func(n int) time.Time { return at.Add(time.Duration(n) * time.Second) }
	for _, one := range []struct {
		by     string
		id     uuid.UUID
		second int
		action wrapper.Action
		on     string
	}{
		{"bob", opC, 3, "graceful", "http://sf1:19080"},
		{"ann", opA, 2, "graceful", ""},
		{"bob", opA, 4, "graceful", ""},
		{"ann", opC, 1, "force", ""},
	} {
		must(t, by[one.by].Append(t.Context(), wrapper.Entry{
			Time: second(one.second), OperationID: one.id, Action: one.action, Cluster: one.on, Reason: fmt.Sprint(one.second)}))
	}
	for _, tc := range []struct {
		name  string
		which ledger.Query
		want  []string
	}{
		{"all", ledger.Query{}, []string{"1", "2", "3", "4"}},
		{"one operation", ledger.Query{OperationID: opA}, []string{"2", "4"}},
		{"an unknown operation", ledger.Query{OperationID: uuid.UUID{1}}, nil},
		{"another operation of the same file", ledger.Query{OperationID: opB}, nil},
		{"since", ledger.Query{Since: second(3)}, []string{"3", "4"}},
		{"until", ledger.Query{Until: second(3)}, []string{"1", "2"}},
		{"a cluster", ledger.Query{Cluster: "http://sf1:19080"}, []string{"3"}},
		{"an action", ledger.Query{Action: "force"}, []string{"1"}},
		{"by", ledger.Query{By: "ann"}, []string{"1", "2"}},
		{"all fields but two", ledger.Query{OperationID: opC, Since: second(2), Until: second(9), By: "bob"}, []string{"3"}},
	} {
		got, errs := trailOf(t, l, tc.which)
		if !slices.Equal(reasons(got), tc.want) || errs != nil {
			t.Errorf("%s: got %v, %v, want %v, no errors", tc.name, reasons(got), errs, tc.want)
		}
	}
	all := l.Trail(t.Context(), ledger.Query{})
	for range 2 { // the iterator can be left early, and used again
		for e, err := range all {
			if err != nil || e.Reason != "1" {
				t.Errorf("first entry: got %+v, %v, want 1, nil", e, err)
			}
			break
		}
	}
}

// A trail yields the entries of all files once, sorted by time, and is a snapshot.
func TestLongTrail(t *testing.T) {
	t.Parallel()
	const n = 2000
	dir := t.TempDir() + "/ledger"
	order := rand.Perm(n)
	must(t, journal.Create(t.Context(), dir, func(yield func(wrapper.Entry, error) bool) {
		for shard := range 256 {
			for i := shard; i < n; i += 256 {
				if !yield(wrapper.Entry{Time: at.Add(time.Duration(order[i])), OperationID: uuid.UUID{byte(shard)}, Reason: fmt.Sprintf("%05d", order[i])}, nil) {
					return
				}
			}
		}
	}))
	l := open(t, dir)
	i := 0
	for e, err := range l.Trail(t.Context(), ledger.Query{}) {
		if want := fmt.Sprintf("%05d", i); err != nil || e.Reason != want {
			t.Fatalf("got %s, %v, want %s, nil", e.Reason, err, want)
		}
		if i == 0 { // later changes do not affect the trail
			must(t, l.Append(t.Context(), entry(opA, time.Hour, "later")))
			must(t, os.Rename(dir, dir+".away"))
		}
		i++
	}
	if i != n {
		t.Errorf("got %d entries, want %d", i, n)
	}
}
