package bolt_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
)

// What a large clean-up leaves free is not written again with every transaction, and the file
// says what it is once it has been closed.
func TestCommitsDoNotPayForFreePages(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path)
	written := 0
	count := func(s *bolt.Store) {
		if err := bolt.AroundWrites(s, func(b []byte, at int64, write bolt.WriteAt) (int, error) {
			written += len(b)
			return write(b, at)
		}); err != nil {
			t.Fatal(err)
		}
	}
	count(s)
	one := func() int {
		t.Helper()
		written = 0
		if _, err := s.Commit(t.Context(), writeOf("a")); err != nil {
			t.Fatal(err)
		}
		return written
	}
	hasList := func(want bool) {
		t.Helper()
		if got, err := bolt.HasFreeList(s); err != nil || got != want {
			t.Errorf("the file has a list of free pages: %t, %v, want %t", got, err, want)
		}
	}
	one()
	before := one()
	hasList(true)
	const large = 40
	for _, remove := range []bool{false, true} {
		for i := range large {
			w := store.Write{Key: fmt.Sprint(i), Value: make([]byte, store.MaxValue), Delete: remove}
			if _, err := s.Commit(t.Context(), store.Txn{Then: []store.Write{w}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if after := one(); after > before {
		t.Errorf("a commit writes %d bytes with %d MiB of free pages, and %d without", after, large, before)
	}
	hasList(false)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openReadOnly(t, path) // which writes none itself
	hasList(true)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	count(s)
	if after := one(); after > before {
		t.Errorf("opened again: a commit writes %d bytes, and %d before", after, before)
	}
	hasList(false)
	// What is free is used again.
	size := bolt.Size(s)
	for i := range large {
		w := store.Write{Key: fmt.Sprint(i), Value: make([]byte, store.MaxValue/2)}
		if _, err := s.Commit(t.Context(), store.Txn{Then: []store.Write{w}}); err != nil {
			t.Fatal(err)
		}
	}
	if after := bolt.Size(s); after > size {
		t.Errorf("the file has %d bytes in use, and had %d", after, size)
	}
}
