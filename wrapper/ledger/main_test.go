package ledger_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func newLedger(tb testing.TB, st store.Store, options ...ledger.Option) *ledger.Ledger {
	tb.Helper()
	l, err := ledger.New(st, options...)
	must(tb, err)
	return l
}

var (
	opA = uuid.MustParse("5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01")
	opB = uuid.MustParse("5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d02")
	at  = time.Date(2200, 3, 1, 12, 0, 0, 123456789, time.UTC) // within any retention
)

// entry returns an entry of an operation, at the given time after at.
func entry(id uuid.UUID, after time.Duration, reason string) wrapper.Entry {
	return wrapper.Entry{Time: at.Add(after), OperationID: id, Action: "graceful", Verdict: wrapper.Accepted, State: wrapper.StateRollingBack, Reason: reason}
}

// same compares entries; times are equal if they are the same instant.
func same(tb testing.TB, got, want []wrapper.Entry) {
	tb.Helper()
	if diff := cmp.Diff(want, got, cmp.Comparer(time.Time.Equal)); diff != "" {
		tb.Errorf("want (-), got (+):\n%s", diff)
	}
}

func entriesOf(tb testing.TB, l wrapper.Ledger, id uuid.UUID) []wrapper.Entry {
	tb.Helper()
	entries, err := l.Entries(context.Background(), id)
	must(tb, err)
	return entries
}

// keys returns all keys of a store.
func keys(tb testing.TB, st store.Store) (all []string) {
	tb.Helper()
	page, err := st.List(context.Background(), "", "", 100_000)
	must(tb, err)
	for _, item := range page.Items {
		all = append(all, item.Key)
	}
	return all
}

// entryKeys returns the keys of all entries of a store.
func entryKeys(tb testing.TB, st store.Store) []string {
	tb.Helper()
	return slices.DeleteFunc(keys(tb, st), func(key string) bool { return key == "ledger-retention" })
}
