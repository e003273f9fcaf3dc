package bolt_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
)

// openReadOnly opens a store for reading.
func openReadOnly(t *testing.T, path string) *bolt.Store {
	t.Helper()
	s, err := bolt.Open(path, bolt.ReadOnly())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// Several read at once, nobody writes, and the file stays as it is.
func TestReadOnly(t *testing.T) {
	s, dir := backedUp(t)
	path := filepath.Join(dir, "state.db")
	want := fmt.Sprint(present(t, s))
	if _, err := bolt.Open(path, bolt.ReadOnly(), bolt.WithLockWait(0)); !errors.Is(err, store.ErrLocked) {
		t.Errorf("while somebody writes: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*bolt.Store{openReadOnly(t, path), openReadOnly(t, path)} {
		if got := fmt.Sprint(present(t, s)); got != want {
			t.Errorf("it holds %s, want %s", got, want)
		}
		if item, err := s.Get(t.Context(), "0"); err != nil || len(item.Value) != 5000 {
			t.Errorf("%d bytes, %v", len(item.Value), err)
		}
		if _, err := s.Commit(t.Context(), writeOf("a")); !errors.Is(err, fs.ErrPermission) {
			t.Errorf("Commit: %v", err)
		}
		if err := s.Backup(t.Context(), filepath.Join(t.TempDir(), "copy.db")); err != nil {
			t.Errorf("Backup: %v", err)
		}
	}
	if _, err := bolt.Open(path, bolt.WithLockWait(0)); !errors.Is(err, store.ErrLocked) {
		t.Errorf("while somebody reads: %v", err)
	}
	after, err := os.Stat(path)
	if err != nil || !after.ModTime().Equal(before.ModTime()) || after.Size() != before.Size() {
		t.Errorf("the file has changed: %v, %v", after, err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != string(content) {
		t.Errorf("the file has changed: %v", err)
	}
}

// Where there is no store none is made.
func TestReadOnlyMakesNothing(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(t *testing.T, path string)
		want    error
	}{
		"nothing":             {func(*testing.T, string) {}, fs.ErrNotExist},
		"an empty file":       {func(t *testing.T, path string) { write(t, path, nil) }, fs.ErrNotExist},
		"an empty bbolt file": {func(t *testing.T, path string) { editBolt(t, path, func(*bbolt.Tx) error { return nil }) }, fs.ErrNotExist},
		"a text":              {func(t *testing.T, path string) { write(t, path, []byte("text")) }, store.ErrForeign},
		"a directory": {func(t *testing.T, path string) {
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}, store.ErrForeign},
	} {
		path := filepath.Join(t.TempDir(), "state.db")
		c.prepare(t, path)
		before, _ := os.Stat(path)
		if _, err := bolt.Open(path, bolt.ReadOnly(), bolt.WithLockWait(time.Second)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if after, _ := os.Stat(path); (before == nil) != (after == nil) || after != nil && (after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime())) {
			t.Errorf("%s: it has changed", name)
		}
	}
}
