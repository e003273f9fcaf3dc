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

// What is created is a ledger as any other, with the same bytes, in whatever order the entries come.
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
				t.Errorf("%s: %s is\n%swant\n%s", name, file, got, want)
			}
			if info, err := os.Stat(filepath.Join(made, file)); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%v, %v", info.Mode(), err)
			}
		}
		if info, err := os.Stat(made); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
	}
	must(t, journal.Create(t.Context(), filepath.Join(t.TempDir(), "empty"), all()))
}

// It is there whole, or not at all, and a next call does it.
func TestCreateFails(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "ledger")
	errRead := errors.New("it cannot be read")
	broken := func(yield func(wrapper.Entry, error) bool) {
		_ = yield(entry(opA, 0, "1"), nil) && yield(wrapper.Entry{}, errRead)
	}
	unread := func(func(wrapper.Entry, error) bool) { t.Error("the source is read for nothing") }
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tc := range map[string]struct {
		err  error
		want error
	}{
		"no directory":           {journal.Create(t.Context(), "", all()), store.ErrInvalid},
		"no source":              {journal.Create(t.Context(), dir, broken), errRead},
		"no time":                {journal.Create(over, dir, all()), context.Canceled},
		"a time without a form":  {journal.Create(t.Context(), dir, all(wrapper.Entry{Time: at.AddDate(9000, 0, 0)})), store.ErrInvalid},
		"the source ends it all": {journal.Create(t.Context(), dir, func(func(wrapper.Entry, error) bool) {}), nil},
		"something is there":     {journal.Create(t.Context(), t.TempDir(), unread), fs.ErrExist},
	} {
		if !errors.Is(tc.err, tc.want) {
			t.Errorf("%s: %v", name, tc.err)
		}
	}
	dir = filepath.Join(t.TempDir(), "ledger")
	must(t, os.Mkdir(dir+".new", 0o700)) // of one that died
	put(t, filepath.Join(dir+".new", fileA), "half a line")
	if err := journal.Create(t.Context(), dir, broken); !errors.Is(err, errRead) {
		t.Errorf("got %v", err)
	}
	for _, path := range []string{dir, dir + ".new"} {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", path, err)
		}
	}
	held := flock.New(dir + ".lock")
	must(t, held.Lock())
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := journal.Create(ctx, dir, all()); !errors.Is(err, store.ErrLocked) {
			t.Errorf("got %v", err)
		}
	})
	must(t, held.Unlock())
	must(t, journal.Create(t.Context(), dir, all(three...)))
	same(t, entriesOf(t, open(t, dir), opA), ofA(3))
}

// Of many at once, one makes it, and the others find it made.
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
				t.Errorf("%d entries, %v", len(entries), err)
			}
		})
	}
	group.Wait()
	if made.Load() != 1 {
		t.Errorf("made %d times", made.Load())
	}
}
