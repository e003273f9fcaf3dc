package journal_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gofrs/flock"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
	"github.com/sfcancel/sfcancel/wrapper/ledger/journal"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func() (*journal.Ledger, error){
		"no directory":   func() (*journal.Ledger, error) { return journal.New("") },
		"a nil option":   func() (*journal.Ledger, error) { return journal.New("x", nil) },
		"no retention":   func() (*journal.Ledger, error) { return journal.New("x", journal.WithRetention(0)) },
		"a nil warning":  func() (*journal.Ledger, error) { return journal.New("x", journal.WithWarning(nil)) },
		"less than none": func() (*journal.Ledger, error) { return journal.New("x", journal.WithRetention(-1)) },
	} {
		if l, err := make(); !errors.Is(err, store.ErrInvalid) || l != nil {
			t.Errorf("%s: %v, %v", name, l, err)
		}
	}
}

// What is in the directory is what the package comment says, for those who read it otherwise.
func TestFormat(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "above", "ledger")
	l := open(t, dir, journal.WithBy("ann@ops-1"))
	same(t, entriesOf(t, l, opA), nil)
	if _, err := os.Stat(filepath.Dir(dir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("reading makes something: %v", err)
	}
	must(t, l.Append(t.Context(), entry(opA, 0, "why")))
	const want = `{"format":"sfcancel ledger","version":1,"shard":"5b","crc":"99f783bf"}` + "\n" +
		`{"time":"2200-03-01T12:00:00.123456789Z","operationId":"5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01",` +
		`"action":"graceful","verdict":"Accepted","state":"RollingBack","reason":"why","by":"ann@ops-1","crc":"1d6e0a43"}` + "\n"
	if got := content(t, filepath.Join(dir, fileA)); got != want {
		t.Errorf("the file is\n%s\nwant\n%s", got, want)
	}
	for name, mode := range map[string]os.FileMode{"..": 0o700, ".": 0o700, fileA: 0o600, "5b.lock": 0o600} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

// Who it was is told by the ledger, unless the entry says it.
func TestBy(t *testing.T) {
	t.Parallel()
	l := open(t, filepath.Join(t.TempDir(), "ledger"), journal.WithBy("ann"))
	other := entry(opA, 1, "")
	other.By = "bob"
	must(t, l.Append(t.Context(), entry(opA, 0, "")))
	must(t, l.Append(t.Context(), other))
	if got := entriesOf(t, l, opA); got[0].By != "ann" || got[1].By != "bob" {
		t.Errorf("%+v", got)
	}
}

// Who has to wait for a lock does so as long as its context allows, and no other file waits.
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
			t.Errorf("after %v: %v", time.Since(begin), err)
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

// A context that has ended ends each call, and nothing is noted.
func TestContextEnds(t *testing.T) {
	t.Parallel()
	l, _ := filled(t, entry(opA, 0, ""))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Append(ctx, entry(opA, 1, "")); !errors.Is(err, context.Canceled) {
		t.Errorf("append: %v", err)
	}
	if got, err := l.Entries(ctx, opA); !errors.Is(err, context.Canceled) || got != nil {
		t.Errorf("entries: %v, %v", got, err)
	}
	n := 0
	for _, err := range l.Trail(ctx, ledger.Query{}) {
		if n++; !errors.Is(err, context.Canceled) || n > 1 {
			t.Errorf("trail: %v", err)
		}
	}
	if got := len(entriesOf(t, l, opA)); got != 1 || n != 1 {
		t.Errorf("%d entries, a trail of %d", got, n)
	}
}
