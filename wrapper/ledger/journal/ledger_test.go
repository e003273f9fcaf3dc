package journal_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/uuid"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
	"github.com/sfcancel/sfcancel/wrapper/ledger/journal"
	"pgregory.net/rapid"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func() (*journal.Ledger, error){
		"no directory":       func() (*journal.Ledger, error) { return journal.New("") },
		"a nil option":       func() (*journal.Ledger, error) { return journal.New("x", nil) },
		"no retention":       func() (*journal.Ledger, error) { return journal.New("x", journal.WithRetention(0)) },
		"a nil warning":      func() (*journal.Ledger, error) { return journal.New("x", journal.WithWarning(nil)) },
		"negative retention": func() (*journal.Ledger, error) { return journal.New("x", journal.WithRetention(-1)) },
	} {
		if l, err := make(); !errors.Is(err, store.ErrInvalid) || l != nil {
			t.Errorf("%s: got %v, %v, want no ledger, %v", name, l, err, store.ErrInvalid)
		}
	}
}

// The files are as in the package comment, for programs that read them directly.
func TestFormat(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "above", "ledger")
	l := open(t, dir, journal.WithBy("ann@ops-1"))
	same(t, entriesOf(t, l, opA), nil)
	if _, err := os.Stat(filepath.Dir(dir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("directory after a read: got %v, want %v", err, os.ErrNotExist)
	}
	must(t, l.Append(t.Context(), entry(opA, 0, "why")))
	const want = `{"format":"sfcancel ledger","version":1,"shard":"5b","crc":"99f783bf"}` + "\n" +
		`{"time":"2200-03-01T12:00:00.123456789Z","operationId":"5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01",` +
		`"action":"graceful","verdict":"Accepted","state":"RollingBack","reason":"why","by":"ann@ops-1","crc":"1d6e0a43"}` + "\n"
	if got := content(t, filepath.Join(dir, fileA)); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for name, mode := range map[string]os.FileMode{"..": 0o700, ".": 0o700, fileA: 0o600, "5b.lock": 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: got mode %v, %v, want %v", name, info.Mode(), err, mode)
		}
	}
}

// WithBy applies only to entries without a By of their own.
func TestBy(t *testing.T) {
	t.Parallel()
	l := open(t, filepath.Join(t.TempDir(), "ledger"), journal.WithBy("ann"))
	other := entry(opA, 1, "")
	other.By = "bob"
	must(t, l.Append(t.Context(), entry(opA, 0, "")))
	must(t, l.Append(t.Context(), other))
	if got := entriesOf(t, l, opA); got[0].By != "ann" || got[1].By != "bob" {
		t.Errorf("got %+v, want by ann, then by bob", got)
	}
}

// Append waits for the lock of its file until its context ends; other files are not affected.
func TestLocked(t *testing.T) {
	t.Parallel()
	l, dir := filled(t, entry(opA, 0, "before"))
	held := flock.New(filepath.Join(dir, "5b.lock"))
	must(t, held.Lock())
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begin := time.Now()
		err := l.Append(ctx, entry(opA, 1, "in vain"))
		if !errors.Is(err, store.ErrLocked) || !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Minute {
			t.Errorf("got %v after %v, want %v and %v after a minute", err, time.Since(begin), store.ErrLocked, context.DeadlineExceeded)
		}
	})
	must(t, l.Append(t.Context(), entry(opC, 1, "elsewhere")))
	same(t, entriesOf(t, l, opA), []wrapper.Entry{entry(opA, 0, "before")})
	done := make(chan error)
	go func() { done <- l.Append(t.Context(), entry(opA, 1, "patient")) }()
	must(t, held.Unlock())
	must(t, <-done)
	same(t, entriesOf(t, l, opA), []wrapper.Entry{entry(opA, 0, "before"), entry(opA, 1, "patient")})
}

// Every call fails with a cancelled context, and Append stores nothing.
func TestContextEnds(t *testing.T) {
	t.Parallel()
	l, _ := filled(t, entry(opA, 0, ""))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Append(ctx, entry(opA, 1, "")); !errors.Is(err, context.Canceled) {
		t.Errorf("append: got %v, want %v", err, context.Canceled)
	}
	if got, err := l.Entries(ctx, opA); !errors.Is(err, context.Canceled) || got != nil {
		t.Errorf("entries: got %v, %v, want none, %v", got, err, context.Canceled)
	}
	n := 0
	for _, err := range l.Trail(ctx, ledger.Query{}) {
		if n++; !errors.Is(err, context.Canceled) || n > 1 {
			t.Errorf("trail: got %v at %d, want %v alone", err, n, context.Canceled)
		}
	}
	if got := len(entriesOf(t, l, opA)); got != 1 || n != 1 {
		t.Errorf("got %d entries and %d errors from Trail, want 1 and 1", got, n)
	}
}

// With concurrent writers, and unfinished lines in between, the ledger holds exactly the entries that were
// acknowledged, those of each writer in order.
func TestEntriesAreWhatWasAppended(t *testing.T) {
	t.Parallel()
	ids := []uuid.UUID{opA, opB, opC}
	rapid.Check(t, func(rt *rapid.T) {
		dir := filepath.Join(t.TempDir(), "ledger")
		l := open(t, dir)
		want := make(map[uuid.UUID]map[int][]string) // of each writer
		for round := range rapid.IntRange(1, 3).Draw(rt, "rounds") {
			var all sync.WaitGroup
			for writer := range rapid.IntRange(1, 3).Draw(rt, "writers") {
				var entries []wrapper.Entry
				for i := range rapid.IntRange(0, 3).Draw(rt, "entries") {
					id := rapid.SampledFrom(ids).Draw(rt, "operation")
					// The longest lines exceed the block in which the end of a file is read.
					long := rapid.SampledFrom([]int{0, 10, 4000, 70_000}).Draw(rt, "long")
					reason := fmt.Sprintf("%d %d.%d %s", writer, round, i, rapid.StringN(0, long, long).Draw(rt, "reason"))
					after := time.Duration(rapid.IntRange(0, 3).Draw(rt, "time"))
					entries = append(entries, entry(id, after, reason))
					if want[id] == nil {
						want[id] = make(map[int][]string)
					}
					want[id][writer] = append(want[id][writer], reason)
				}
				all.Go(func() {
					for _, e := range entries {
						if err := l.Append(context.Background(), e); err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
			for _, file := range []string{fileA, "c0.jsonl"} {
				cut(rt, t, filepath.Join(dir, file))
			}
		}
		total := 0
		for _, id := range ids {
			got := make(map[int][]string)
			for _, e := range entriesOf(t, l, id) {
				var writer int
				_, err := fmt.Sscan(e.Reason, &writer)
				must(t, err)
				got[writer] = append(got[writer], e.Reason)
				total++
			}
			if len(got) != len(want[id]) {
				rt.Fatalf("%s: got entries of %d writers, want %d", id, len(got), len(want[id]))
			}
			for writer, reasons := range want[id] {
				if !slices.Equal(got[writer], reasons) {
					rt.Fatalf("%s: writer %d: got %.300q, want %.300q", id, writer, got[writer], reasons)
				}
			}
		}
		trail, errs := trailOf(t, l, ledger.Query{})
		if errs != nil || len(trail) != total || !slices.IsSortedFunc(trail, func(a, b wrapper.Entry) int { return a.Time.Compare(b.Time) }) {
			rt.Fatalf("trail: got %d entries, %v, want %d in order, no errors", len(trail), errs, total)
		}
	})
}

// cut appends a part of a line to a file, as an Append that was killed would.
func cut(rt *rapid.T, t *testing.T, path string) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return // the file does not exist yet
	}
	part := rapid.SampledFrom([]string{"", "{", `{"time":"2200-03-01T12:00:00Z","operationId":"5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01"`}).Draw(rt, "part")
	_, err = file.WriteString(part)
	must(t, err)
	must(t, file.Close())
}
