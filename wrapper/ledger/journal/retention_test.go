package journal_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
	"github.com/sfcancel/sfcancel/wrapper/ledger/journal"
)

const day = 24 * time.Hour

func now(id uuid.UUID, reason string) wrapper.Entry {
	return wrapper.Entry{Time: time.Now(), OperationID: id, Action: "graceful", Reason: reason}
}

// What has been older than the retention for a day goes when somebody appends to its file, and what is not stays.
func TestRetention(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		options []journal.Option
		stays   time.Duration
	}{
		{"default", nil, 91 * day},
		{"a week", []journal.Option{journal.WithRetention(7 * day)}, 8 * day},
		{"for ever", []journal.Option{journal.WithRetention(ledger.Forever)}, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			_, dir := filled(t)
			l := open(t, dir, tc.options...)
			check := func(want ...string) {
				t.Helper()
				got := append(reasons(entriesOf(t, l, opA)), reasons(entriesOf(t, l, opB))...)
				if !slices.Equal(got, want) {
					t.Errorf("%s: %q, want %q", tc.name, got, want)
				}
			}
			must(t, l.Append(t.Context(), now(opA, "old")))
			must(t, l.Append(t.Context(), now(opC, "elsewhere")))
			time.Sleep(tc.stays)
			must(t, l.Append(t.Context(), now(opA, "new"))) // exactly as old as allowed
			check("old", "new")
			time.Sleep(time.Nanosecond)
			must(t, l.Append(t.Context(), now(opB, "newer")))
			if tc.stays == 0 {
				time.Sleep(1000 * day)
				must(t, l.Append(t.Context(), now(opB, "newest")))
				check("old", "new", "newer", "newest")
				return
			}
			check("new", "newer")
			if got := reasons(entriesOf(t, l, opC)); !slices.Equal(got, []string{"elsewhere"}) { // nobody appended there
				t.Errorf("%s: elsewhere: %q", tc.name, got)
			}
			if _, err := os.Stat(filepath.Join(dir, "5b.tmp")); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s: the draft is left: %v", tc.name, err)
			}
		})
	}
}

// Damaged lines stay where they are with what comes after them, an entry of tomorrow holds up those of its
// operation alone, and a draft that was left holds nothing up.
func TestRetentionKeeps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, dir := filled(t, entry(opA, 0, "of a wrong clock"), now(opA, "held"), now(opB, "old"), now(opA, "broken"), now(opB, "after it"))
		path := filepath.Join(dir, fileA)
		put(t, path, strings.Replace(content(t, path), "broken", "BROKEN", 1))
		put(t, filepath.Join(dir, "5b.tmp"), "half a draft")
		time.Sleep(92 * day)
		must(t, l.Append(t.Context(), now(opA, "new")))
		got, errs := trailOf(t, l, ledger.Query{})
		if !slices.Equal(reasons(got), []string{"held", "after it", "new", "of a wrong clock"}) || len(errs) != 1 || !strings.Contains(content(t, path), "BROKEN") {
			t.Errorf("%q, %v", reasons(got), errs)
		}
		before, err := os.Stat(path)
		if err != nil || before.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", before.Mode(), err)
		}
		must(t, l.Append(t.Context(), now(opA, "newer")))
		if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) {
			t.Errorf("what stays has the file written anew each time: %v", err)
		}
	})
}

// A start that was noted by a clock which was far behind stays after a graceful cancel of the life before, and goes
// with it; however many such there are, they hold up nothing of another operation.
func TestRetentionOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, dir := filled(t, now(opA, "graceful"))
		start := now(opA, "start")
		start.Time = start.Time.Add(-365 * day)
		for range 20 {
			must(t, l.Append(t.Context(), start))
		}
		old := now(opB, "old")
		old.Time = old.Time.Add(-100 * day)
		must(t, l.Append(t.Context(), old))
		must(t, l.Append(t.Context(), now(opB, "new")))
		if a, b := entriesOf(t, l, opA), reasons(entriesOf(t, l, opB)); len(a) != 21 || !slices.Equal(b, []string{"new"}) {
			t.Errorf("%d entries and %q", len(a), b)
		}
		path := filepath.Join(dir, fileA)
		before, err := os.Stat(path)
		must(t, err)
		must(t, l.Append(t.Context(), now(opB, "newer")))
		if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) {
			t.Errorf("what is held has the file written anew each time: %v", err)
		}
		time.Sleep(92 * day)
		must(t, l.Append(t.Context(), now(opB, "newest")))
		if a, b := entriesOf(t, l, opA), reasons(entriesOf(t, l, opB)); len(a) != 0 || !slices.Equal(b, []string{"newest"}) {
			t.Errorf("%d entries and %q", len(a), b)
		}
	})
}
