package bolt_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
)

// After a large clean-up, the list of free pages is not written with every transaction. Close writes it.
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
		t.Errorf("a commit writes %d bytes with %d MiB of free pages, want at most %d as without", after, large, before)
	}
	hasList(false)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openReadOnly(t, path) // which does not write the list
	hasList(true)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	count(s)
	if after := one(); after > before {
		t.Errorf("after reopening, a commit writes %d bytes, want at most %d", after, before)
	}
	hasList(false)
	// Free pages are reused.
	size := bolt.Size(s)
	for i := range large {
		w := store.Write{Key: fmt.Sprint(i), Value: make([]byte, store.MaxValue/2)}
		if _, err := s.Commit(t.Context(), store.Txn{Then: []store.Write{w}}); err != nil {
			t.Fatal(err)
		}
	}
	if after := bolt.Size(s); after > size {
		t.Errorf("the file has grown to %d bytes, want at most %d", after, size)
	}
}

// A single commit writes, and allocates for, the pages from its leaf to the root. A large store has only a few more of
// them.
func TestACommitCostsTheSameInALargeStore(t *testing.T) {
	const few, many, value = 100, 30_000, 100
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	written := 0
	if err := bolt.AroundWrites(s, func(b []byte, at int64, write bolt.WriteAt) (int, error) {
		written += len(b)
		return write(b, at)
	}); err != nil {
		t.Fatal(err)
	}
	key := func(i int) string { return fmt.Sprintf("%05d", i*7919%many) }
	n := 0
	// cost grows the store to a number of items and returns the highest cost of some commits that replace an item.
	cost := func(items int) (bytes int, allocations float64) {
		t.Helper()
		var txns []store.Txn
		for ; n < items; n++ {
			txns = append(txns, store.Txn{Then: []store.Write{{Key: key(n), Value: make([]byte, value)}}})
		}
		for i, out := range s.CommitEach(t.Context(), txns) {
			if out.Err != nil {
				t.Fatalf("%d: %v", i, out.Err)
			}
		}
		const some = 20
		for i := range some {
			txn := store.Txn{Then: []store.Write{{Key: key(i * items / some), Value: make([]byte, value)}}}
			allocations = max(allocations, testing.AllocsPerRun(1, func() {
				written = 0
				if _, err := s.Commit(t.Context(), txn); err != nil {
					t.Fatal(err)
				}
				bytes = max(bytes, written)
			}))
		}
		return bytes, allocations
	}
	fewBytes, fewAllocations := cost(few)
	manyBytes, manyAllocations := cost(many)
	t.Logf("%d items: %d bytes, %.0f allocations; %d items: %d bytes, %.0f allocations", few, fewBytes, fewAllocations, many, manyBytes, manyAllocations)
	if most := fewBytes + 4*os.Getpagesize(); manyBytes > most { // two more levels, and the list of free pages
		t.Errorf("a commit writes %d bytes, and %d in a store with %d times as many items, want at most %d", fewBytes, manyBytes, many/few, most)
	}
	if most := fewAllocations + 30; manyAllocations > most {
		t.Errorf("a commit allocates %.0f times, and %.0f in a store with %d times as many items, want at most %.0f", fewAllocations, manyAllocations, many/few, most)
	}
}
