package bolt_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/sfcancel/sfcancel/store"
)

// The places of bbolt's file format that the tests damage; see pages.go.
const (
	pageFlagsAt    = 8
	pageCountAt    = 10
	pageOverflowAt = 12
	firstElementAt = 16

	metaElement = 1 // of the root: it comes after "items"

	branchFlag, leafFlag, freelistFlag = 1, 2, 16
)

// sample is a sound store with every kind of page: branches, leaves, some with
// overflow, free pages and a freelist.
type sample struct {
	content  []byte
	pageSize int
	root     int              // the leaf with the two buckets, of which meta is within
	pages    map[uint16][]int // reachable, by flag
}

func newSample(t *testing.T) sample {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path)
	for i := range 8 {
		var txn store.Txn
		for j := range store.MaxOps {
			value := make([]byte, 150)
			if j == 50 {
				value = make([]byte, 9000)
			}
			txn.Then = append(txn.Then, store.Write{Key: fmt.Sprintf("%03d/%d", j, i), Value: value})
		}
		if _, err := s.Commit(t.Context(), txn); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	root, pages := reachable(t, path)
	return sample{content, os.Getpagesize(), root, pages}
}

func reachable(t *testing.T, path string) (root int, pages map[uint16][]int) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	flags := map[string]uint16{"branch": branchFlag, "leaf": leafFlag, "freelist": freelistFlag}
	pages = make(map[uint16][]int)
	err = db.View(func(tx *bbolt.Tx) error {
		root = int(tx.Cursor().Bucket().RootPage())
		for id := 0; ; {
			info, err := tx.Page(id)
			if info == nil || err != nil {
				return err
			}
			if flag, ok := flags[info.Type]; ok {
				pages[flag] = append(pages[flag], id)
			}
			id += info.OverflowCount + 1
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, flag := range flags {
		if len(pages[flag]) == 0 {
			t.Fatalf("sample has pages %v, want all kinds", pages)
		}
	}
	return root, pages
}

// page is a page of a copy of the sample.
func (s sample) page(content []byte, id int) []byte {
	return content[id*s.pageSize:][:s.pageSize]
}

// inline is the page that the meta bucket has within the root.
func (s sample) inline(content []byte) []byte {
	const bucketHeader = 16
	element := s.page(content, s.root)[firstElementAt+16*metaElement:]
	key := binary.NativeEndian.Uint32(element[4:])
	return element[key+binary.NativeEndian.Uint32(element[8:])+bucketHeader:]
}
