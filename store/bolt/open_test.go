package bolt_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
)

func TestOpenMakesOneFile(t *testing.T) {
	dir := t.TempDir()
	open(t, filepath.Join(dir, "state.db"))
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 1 || entries[0].Name() != "state.db" {
		t.Fatalf("directory holds %v, want the store alone", entries)
	}
	info, err := entries[0].Info()
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o600 {
		t.Errorf("mode = %v, want -rw-------", info.Mode())
	}
}

// What Open finds in place of a store and may use.
func TestOpenMakesAStoreOf(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, path string){
		"an empty file": func(t *testing.T, path string) { write(t, path, nil) },
		"a bbolt file without anything in it": func(t *testing.T, path string) {
			editBolt(t, path, func(*bbolt.Tx) error { return nil })
		},
		"a symbolic link to nothing": func(t *testing.T, path string) {
			if err := os.Symlink(path+".target", path); err != nil {
				t.Skip(err)
			}
		},
		"a symbolic link to a store": func(t *testing.T, path string) {
			if err := os.Symlink(path+".target", path); err != nil {
				t.Skip(err)
			}
			if err := open(t, path+".target").Close(); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state.db")
			prepare(t, path)
			s := open(t, path)
			if _, err := s.Commit(t.Context(), writeOf("a", 0)); err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(present(t, open(t, path))); got != "[a]" {
				t.Errorf("items = %s", got)
			}
		})
	}
}

func TestOpenInTheCurrentDirectory(t *testing.T) {
	t.Chdir(t.TempDir())
	open(t, "state.db")
}

func TestOpenErrors(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "file"), []byte("text"))
	for _, c := range []struct {
		name, path string
		want       error
		says       string
	}{
		{"no path", "", store.ErrInvalid, "empty path"},
		{"no directory", filepath.Join(dir, "missing", "state.db"), fs.ErrNotExist, `missing/" does not exist, create it first`},
		{"directory", dir, store.ErrForeign, "not a regular file"},
		{"file as directory", filepath.Join(dir, "file", "state.db"), nil, "not a directory"},
		{"device", os.DevNull, store.ErrForeign, "not a regular file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := bolt.Open(c.path)
			if err == nil || s != nil {
				t.Fatalf("Open = %v, %v, want nil and an error", s, err)
			}
			if c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("Open: %v, want %v", err, c.want)
			}
			for _, part := range []string{fmt.Sprintf("%q", c.path), c.says} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %q does not say %s", err, part)
				}
			}
		})
	}
}

func TestOpenWithoutPermission(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may do everything")
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "state.db")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	if _, err := bolt.Open(path); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Open of a file that is read-only: %v, want ErrPermission", err)
	}
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) }) // for TempDir to remove it
	if _, err := bolt.Open(path + "2"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Open in a directory that is read-only: %v, want ErrPermission", err)
	}
}

// Of several that make the store at once, one has it and no other replaces it.
func TestOpenAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	const openers = 8
	var group sync.WaitGroup
	for i := range openers {
		group.Go(func() {
			s, err := bolt.Open(path, bolt.WithLockWait(time.Minute))
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := s.Commit(t.Context(), writeOf(fmt.Sprint(i), 0)); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if got := len(present(t, open(t, path))); got != openers {
		t.Errorf("%d items, want %d", got, openers)
	}
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// editBolt changes a file behind the back of the store.
func editBolt(t *testing.T, path string, edit func(*bbolt.Tx) error) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(edit), db.Close()); err != nil {
		t.Fatal(err)
	}
}

// For whoever makes commits faster: what becomes of them otherwise is in TestPowerLoss.
func TestCommitsAreSynced(t *testing.T) {
	if !bolt.Syncs(open(t, filepath.Join(t.TempDir(), "state.db"))) {
		t.Error("bbolt does not sync: commits would not survive a loss of power")
	}
}
