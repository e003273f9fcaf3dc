package bolt_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
)

func TestForeignFilesAreLeftAlone(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(t *testing.T, path string)
		says    string
	}{
		{"one byte", raw([]byte{0}), ""},
		{"text", raw([]byte("remember the milk\n")), ""},
		{"much text", raw(bytes.Repeat([]byte("remember the milk\n"), 10_000)), ""},
		{"zeros", raw(make([]byte, 1<<16)), ""},
		{"noise", raw(noise(1 << 16)), ""},
		{"SQLite", raw(append([]byte("SQLite format 3\x00"), noise(1<<14)...)), ""},
		{"bbolt of another application", edited(func(tx *bbolt.Tx) error {
			b, err := tx.CreateBucket([]byte("users"))
			if err != nil {
				return err
			}
			return b.Put([]byte("root"), []byte("x"))
		}), "another application"},
		{"bbolt with a meta bucket of its own", edited(func(tx *bbolt.Tx) error {
			b, err := tx.CreateBucket([]byte("meta"))
			if err != nil {
				return err
			}
			return b.Put([]byte("format"), []byte("other"))
		}), "another application"},
		{"store of a later version", editedBuckets(func(meta, items *bbolt.Bucket) error {
			return meta.Put([]byte("version"), []byte("2"))
		}), `version "2", this program knows version 1`},
		{"store without version", editedBuckets(func(meta, items *bbolt.Bucket) error {
			return meta.Delete([]byte("version"))
		}), "version"},
		{"store without items", editedStore(func(tx *bbolt.Tx) error {
			return tx.DeleteBucket([]byte("items"))
		}), "damaged"},
		{"store without revision", editedBuckets(func(meta, items *bbolt.Bucket) error {
			return meta.Delete([]byte("revision"))
		}), "damaged"},
		{"store with half a revision", editedBuckets(func(meta, items *bbolt.Bucket) error {
			return meta.Put([]byte("revision"), []byte("half"))
		}), "damaged"},
		{"store behind its items", editedBuckets(func(meta, items *bbolt.Bucket) error {
			return meta.Put([]byte("revision"), make([]byte, 8))
		}), "damaged"},
		{"item without revision", editedBuckets(func(meta, items *bbolt.Bucket) error {
			return items.Put([]byte("b"), []byte("short"))
		}), "damaged"},
		{"item at revision 0", editedBuckets(func(meta, items *bbolt.Bucket) error {
			return items.Put([]byte("b"), make([]byte, 9))
		}), "damaged"},
		{"bucket among the items", editedBuckets(func(meta, items *bbolt.Bucket) error {
			_, err := items.CreateBucket([]byte("b"))
			return err
		}), "damaged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state.db")
			c.prepare(t, path)
			if err := refused(t, path); !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %q does not say %q", err, c.says)
			}
		})
	}
}

// refused opens a file that must be refused, and checks that it is as before
// and nothing else has come up beside it.
func refused(t *testing.T, path string) error {
	t.Helper()
	content, before := look(t, path)
	s, err := bolt.Open(path, bolt.WithLockWait(0))
	if err == nil {
		_ = s.Close()
		t.Fatal("Open accepted the file")
	}
	if !errors.Is(err, store.ErrForeign) {
		t.Errorf("Open: %v, want ErrForeign", err)
	}
	for _, panicked := range []string{"runtime error", "assertion failed"} {
		if strings.Contains(err.Error(), panicked) {
			t.Errorf("Open: %v: this was noticed by luck", err)
		}
	}
	contentNow, now := look(t, path)
	if !bytes.Equal(content, contentNow) || !before.ModTime().Equal(now.ModTime()) ||
		before.Mode() != now.Mode() || !os.SameFile(before, now) {
		t.Errorf("the file was changed from %v to %v", before, now)
	}
	entries, dirErr := os.ReadDir(filepath.Dir(path))
	if dirErr != nil || len(entries) != 1 {
		t.Errorf("directory holds %v, %v, want the file alone", entries, dirErr)
	}
	return err
}

func look(t *testing.T, path string) ([]byte, os.FileInfo) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return content, info
}

func raw(content []byte) func(*testing.T, string) {
	return func(t *testing.T, path string) { write(t, path, content) }
}

func edited(edit func(*bbolt.Tx) error) func(*testing.T, string) {
	return func(t *testing.T, path string) { editBolt(t, path, edit) }
}

// editedStore is a store with one item that was then changed through bbolt.
func editedStore(edit func(*bbolt.Tx) error) func(*testing.T, string) {
	return func(t *testing.T, path string) {
		s := open(t, path)
		if _, err := s.Commit(t.Context(), writeOf("a")); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		editBolt(t, path, edit)
	}
}

func editedBuckets(edit func(meta, items *bbolt.Bucket) error) func(*testing.T, string) {
	return editedStore(func(tx *bbolt.Tx) error {
		return edit(tx.Bucket([]byte("meta")), tx.Bucket([]byte("items")))
	})
}

func noise(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{}).Read(b)
	return b
}
