package journal_test

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger/journal"
)

func all(entries ...wrapper.Entry) iter.Seq2[wrapper.Entry, error] {
	return func(yield func(wrapper.Entry, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Create and Append write the same bytes, whatever the order of operations.
func TestCreate(t *testing.T) {
	t.Parallel()
	_, dir := filled(t, append(three, entry(opC, 9, "4"))...)
	for name, entries := range map[string][]wrapper.Entry{
		"in order":     append(slices.Clone(three), entry(opC, 9, "4")),
		"out of order": {three[0], entry(opC, 9, "4"), three[1], three[2]},
	} {
		made := filepath.Join(t.TempDir(), "above", "made")
		must(t, journal.Create(t.Context(), made, all(entries...)))
		for _, file := range []string{fileA, "c0.jsonl"} {
			if got, want := content(t, filepath.Join(made, file)), content(t, filepath.Join(dir, file)); got != want {
				t.Errorf("%s: %s: got\n%swant\n%s", name, file, got, want)
			}
			if info, err := os.Stat(filepath.Join(made, file)); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %s: got mode %v, %v, want 0600", name, file, info.Mode(), err)
			}
		}
		if info, err := os.Stat(made); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: directory: got mode %v, %v, want 0700", name, info.Mode(), err)
		}
	}
	must(t, journal.Create(t.Context(), filepath.Join(t.TempDir(), "empty"), all()))
}

// A failed Create leaves no ledger, and a later call succeeds.
func TestCreateFails(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "ledger")
	errRead := errors.New("it cannot be read")
	broken := func(yield func(wrapper.Entry, error) bool) {
		_ = yield(entry(opA, 0, "1"), nil) && yield(wrapper.Entry{}, errRead)
	}
	unread := func(func(wrapper.Entry, error) bool) { t.Error("the source was read, want it unread") }
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tc := range map[string]struct {
		err  error
		want error
	}{
		"no directory":        {journal.Create(t.Context(), "", all()), store.ErrInvalid},
		"an unreadable entry": {journal.Create(t.Context(), dir, broken), errRead},
		"a cancelled context": {journal.Create(over, dir, all()), context.Canceled},
		"a year after 9999":   {journal.Create(t.Context(), dir, all(wrapper.Entry{Time: at.AddDate(9000, 0, 0)})), store.ErrInvalid},
		"no entries":          {journal.Create(t.Context(), dir, func(func(wrapper.Entry, error) bool) {}), nil},
		"a directory exists":  {journal.Create(t.Context(), t.TempDir(), unread), fs.ErrExist},
	} {
		if !errors.Is(tc.err, tc.want) {
			t.Errorf("%s: got %v, want %v", name, tc.err, tc.want)
		}
	}
	dir = filepath.Join(t.TempDir(), "ledger")
	must(t, os.Mkdir(dir+".new", 0o700)) // of a Create that died
	put(t, filepath.Join(dir+".new", fileA), "half a line")
	if err := journal.Create(t.Context(), dir, broken); !errors.Is(err, errRead) {
		t.Errorf("with a draft left: got %v, want %v", err, errRead)
	}
	for _, path := range []string{dir, dir + ".new"} {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: got %v, want %v", path, err, fs.ErrNotExist)
		}
	}
	held := flock.New(dir + ".lock")
	must(t, held.Lock())
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := journal.Create(ctx, dir, all()); !errors.Is(err, store.ErrLocked) {
			t.Errorf("with the lock held: got %v, want %v", err, store.ErrLocked)
		}
	})
	must(t, held.Unlock())
	must(t, journal.Create(t.Context(), dir, all(three...)))
	same(t, entriesOf(t, open(t, dir), opA), ofA(3))
}

// One of many concurrent calls creates the ledger, and all find it complete.
func TestCreateAtOnce(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "ledger")
	var group sync.WaitGroup
	var made atomic.Int64
	for range 8 {
		group.Go(func() {
			switch err := journal.Create(t.Context(), dir, all(three...)); {
			case err == nil:
				made.Add(1)
			case !errors.Is(err, fs.ErrExist):
				t.Error(err)
			}
			if entries, err := open(t, dir).Entries(t.Context(), opA); err != nil || len(entries) != 2 {
				t.Errorf("got %d entries, %v, want 2, nil", len(entries), err)
			}
		})
	}
	group.Wait()
	if made.Load() != 1 {
		t.Errorf("got %d successful calls, want 1", made.Load())
	}
}
