package journal_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
	"github.com/sfcancel/sfcancel/wrapper/ledger/journal"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		child(dir, os.Getenv(childTask))
	}
	goleak.VerifyTestMain(m)
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// The entries of opA and opB are in one file, and those of opC in another.
var (
	opA = uuid.MustParse("5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01")
	opB = uuid.MustParse("5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d02")
	opC = uuid.MustParse("c01f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d03")
	at  = time.Date(2200, 3, 1, 12, 0, 0, 123456789, time.UTC) // within any retention
)

const fileA = "5b.jsonl"

// entry returns an entry of an operation, at the given time after at.
func entry(id uuid.UUID, after time.Duration, reason string) wrapper.Entry {
	return wrapper.Entry{Time: at.Add(after), OperationID: id, Action: "graceful", Verdict: wrapper.Accepted, State: wrapper.StateRollingBack, Reason: reason}
}

func open(tb testing.TB, dir string, options ...journal.Option) *journal.Ledger {
	tb.Helper()
	l, err := journal.New(dir, options...)
	must(tb, err)
	return l
}

// filled returns a ledger with entries in a new directory.
func filled(tb testing.TB, entries ...wrapper.Entry) (l *journal.Ledger, dir string) {
	tb.Helper()
	dir = filepath.Join(tb.TempDir(), "ledger")
	l = open(tb, dir)
	for _, e := range entries {
		must(tb, l.Append(tb.Context(), e))
	}
	return l, dir
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

// trailOf returns the entries and the errors that a trail yields.
func trailOf(tb testing.TB, l *journal.Ledger, which ledger.Query) (entries []wrapper.Entry, errs []error) {
	tb.Helper()
	for e, err := range l.Trail(context.Background(), which) {
		if err != nil {
			errs = append(errs, err)
			continue
		}
		entries = append(entries, e)
	}
	return entries, errs
}

func content(tb testing.TB, path string) string {
	tb.Helper()
	text, err := os.ReadFile(path)
	must(tb, err)
	return string(text)
}

func put(tb testing.TB, path, text string) {
	tb.Helper()
	must(tb, os.WriteFile(path, []byte(text), 0o600))
}
