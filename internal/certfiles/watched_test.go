package certfiles_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/internal/certfiles"
)

// What is refused is told of once, and what was there before goes on until there is something better.
func TestWatched(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "list")
		write := func(text string) {
			t.Helper()
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write("one")
		bad := errors.New("bad")
		var in string
		told := 0
		w, err := certfiles.Watch(certfiles.Files{Lists: []string{path}}, func(m *certfiles.Material) error {
			if m.Lists[0] == "bad" {
				return bad
			}
			in = m.Lists[0]
			return nil
		}, func(context.Context, error) { told++ })
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			text, in string
			stale    error
			told     int
		}{{"one", "one", nil, 0}, {"two", "two", nil, 0}, {"bad", "two", bad, 1}, {"bad", "two", bad, 1}, {"three", "three", nil, 1}, {"bad", "three", bad, 2}} {
			write(step.text)
			for range 2 {
				if err := w.Look(t.Context()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(50 * time.Millisecond)
			}
			if err := w.Stale(); in != step.in || told != step.told || !errors.Is(err, step.stale) {
				t.Errorf("%q: got %q, told %d times, stale %v; want %+v", step.text, in, told, err, step)
			}
		}
	})
}

func TestWatchRefusesAtFirst(t *testing.T) {
	bad := errors.New("bad")
	tell := func(context.Context, error) { t.Error("told of the first") }
	if _, err := certfiles.Watch(certfiles.Files{}, func(*certfiles.Material) error { return bad }, tell); !errors.Is(err, bad) {
		t.Errorf("got %v, want %v", err, bad)
	}
	missing := certfiles.Files{Lists: []string{filepath.Join(t.TempDir(), "none")}}
	if _, err := certfiles.Watch(missing, func(*certfiles.Material) error { return nil }, tell); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want %v", err, os.ErrNotExist)
	}
}
