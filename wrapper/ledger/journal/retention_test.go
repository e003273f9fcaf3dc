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

// Append cleans up its file, and no other, once an entry has been older than the retention for a day.
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
					t.Errorf("%s: got %q, want %q", tc.name, got, want)
				}
			}
			must(t, l.Append(t.Context(), now(opA, "old")))
			must(t, l.Append(t.Context(), now(opC, "elsewhere")))
			time.Sleep(tc.stays)
			must(t, l.Append(t.Context(), now(opA, "new"))) // now "old" has exactly the maximum age
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
			if got := reasons(entriesOf(t, l, opC)); !slices.Equal(got, []string{"elsewhere"}) { // no Append to that file
				t.Errorf("%s: other file: got %q, want elsewhere", tc.name, got)
			}
			if _, err := os.Stat(filepath.Join(dir, "5b.tmp")); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s: draft: got %v, want %v", tc.name, err, os.ErrNotExist)
			}
		})
	}
}

// A damaged line and all lines after it stay, an entry with a future time keeps only entries of its own operation, and
// a left-over draft does no harm.
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
			t.Errorf("got %q, %v and\n%s\nwant held, after it, new, of a wrong clock, one error, and the damaged line in the file", reasons(got), errs, content(t, path))
		}
		before, err := os.Stat(path)
		if err != nil || before.Mode().Perm() != 0o600 {
			t.Errorf("got mode %v, %v, want 0600", before.Mode(), err)
		}
		must(t, l.Append(t.Context(), now(opA, "newer")))
		if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) {
			t.Errorf("got a new file, %v, want the same: lines that stay must not cause a clean-up each time", err)
		}
	})
}

// A start that was recorded by a slow clock stays as long as the graceful cancel of the life before it, and is removed
// together with it. Any number of such entries does not delay the clean-up of another operation.
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
			t.Errorf("got %d entries of opA and %q of opB, want 21 and new", len(a), b)
		}
		path := filepath.Join(dir, fileA)
		before, err := os.Stat(path)
		must(t, err)
		must(t, l.Append(t.Context(), now(opB, "newer")))
		if after, err := os.Stat(path); err != nil || !os.SameFile(before, after) {
			t.Errorf("got a new file, %v, want the same: lines that stay must not cause a clean-up each time", err)
		}
		time.Sleep(92 * day)
		must(t, l.Append(t.Context(), now(opB, "newest")))
		if a, b := entriesOf(t, l, opA), reasons(entriesOf(t, l, opB)); len(a) != 0 || !slices.Equal(b, []string{"newest"}) {
			t.Errorf("got %d entries of opA and %q of opB, want 0 and newest", len(a), b)
		}
	})
}
