package bolt_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
)

// Places in a meta page, behind its page header; see bbolt's internal/common/meta.go.
const (
	freelistAt = firstElementAt + 32
	txIDAt     = firstElementAt + 48
	metaEnd    = firstElementAt + 64
)

// smallStore is the file of a store with branches, leaves, an overflow page and free
// pages, in as few pages as there can be.
func smallStore(f testing.TB) []byte {
	path := filepath.Join(f.TempDir(), "state.db")
	s, err := bolt.Open(path)
	if err != nil {
		f.Fatal(err)
	}
	for i := range 3 {
		var txn store.Txn
		for j := range 60 {
			w := store.Write{Key: fmt.Sprintf("%02d/%d", j, i), Value: bytes.Repeat([]byte{'v'}, 100)}
			switch {
			case j == 30:
				w.Value = make([]byte, 5000)
			case i == 2:
				w = store.Write{Key: fmt.Sprintf("%02d/%d", j, 0), Delete: true}
			}
			txn.Then = append(txn.Then, w)
		}
		if _, err := s.Commit(f.Context(), txn); err != nil {
			f.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		f.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	return content
}

// FuzzFile: whatever is in a file, Open refuses it and leaves it alone, or what it opens
// can be read, written, closed and opened again. A mapped file that is not as its pages
// say can also end the process with a signal, which the fuzzer notices.
func FuzzFile(f *testing.F) {
	sound := smallStore(f)
	pageSize := os.Getpagesize()
	pages := len(sound) / pageSize
	put := func(n int, value uint64) []byte {
		return binary.NativeEndian.AppendUint64(nil, value)[:n]
	}
	add := func(page, at int, patch []byte, page2, at2 int, patch2 []byte, cut int) {
		f.Add(uint8(page), uint16(at), patch, uint8(page2), uint16(at2), patch2, uint32(cut))
	}
	add(0, 0, nil, 0, 0, nil, 0)
	add(0, 0, nil, 0, 0, nil, 1)
	add(0, 0, nil, 0, 0, nil, len(sound)/2)
	for page := 0; page < pages; page += 4 { // any will do; the fuzzer finds the others
		add(page, pageFlagsAt, put(2, 1), page+1, pageCountAt, put(2, 0xffff), 0)
		add(page+2, pageOverflowAt, put(4, 0xffffffff), page+3, firstElementAt, put(8, 1<<40), 0)
		add(page, firstElementAt+8, put(8, 4), 0, 0, nil, 0)
	}
	for id := range 2 {
		add(id, freelistAt, put(8, math.MaxUint64), 1-id, txIDAt, put(8, 1), 0)
		add(id, txIDAt, put(8, 5), id, freelistAt, put(8, math.MaxUint64), 0)
	}
	f.Fuzz(func(t *testing.T, page uint8, at uint16, patch []byte, page2 uint8, at2 uint16, patch2 []byte, cut uint32) {
		content := bytes.Clone(sound)
		copy(content[int(page)%pages*pageSize+int(at)%pageSize:], patch)
		copy(content[int(page2)%pages*pageSize+int(at2)%pageSize:], patch2)
		content = content[:len(content)-int(cut)%len(content)]
		path := filepath.Join(t.TempDir(), "state.db")
		write(t, path, content)
		end := time.AfterFunc(20*time.Second, func() { panic("this has no end") })
		defer end.Stop()
		s, err := bolt.Open(path, bolt.WithLockWait(0))
		if err != nil {
			if after, _ := look(t, path); !errors.Is(err, store.ErrForeign) || !bytes.Equal(after, content) {
				t.Fatalf("Open: %v, want ErrForeign and the file left alone", err)
			}
			return
		}
		items := readAll(t, s)
		for i := range 3 {
			if _, err := s.Commit(t.Context(), writeOf(fmt.Sprintf("%02d/new", 20*i))); err != nil {
				t.Fatalf("Commit: %v", err)
			}
		}
		if got := readAll(t, s); got != items+3 {
			t.Errorf("of %d items and 3 new ones %d are there", items, got)
		}
		if err := s.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
		s, err = bolt.Open(path, bolt.WithLockWait(0))
		if err != nil {
			t.Fatalf("what was opened, written and closed cannot be opened again: %v", err)
		}
		if got := readAll(t, s); got != items+3 {
			t.Errorf("opened again, of %d items and 3 new ones %d are there", items, got)
		}
		if err := s.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
	})
}

// Of the two meta pages bbolt goes by the newest that is sound. One that is not, but
// has the number of that, must not be taken for it: the freelist that is checked has to
// be the one that is used, or pages are given out that hold items.
func TestFreelistOfTheMetaPageInUse(t *testing.T) {
	content := smallStore(t)
	pageSize := os.Getpagesize()
	page := func(id int) []byte { return content[id*pageSize:][:pageSize] }
	number := func(id int) uint64 { return binary.NativeEndian.Uint64(page(id)[txIDAt:]) }
	if number(0) > number(1) {
		t.Fatal("the newest meta page is the first one, which is looked at first")
	}
	copy(page(0)[firstElementAt:metaEnd], page(1)[firstElementAt:metaEnd])
	binary.NativeEndian.PutUint64(page(0)[freelistAt:], math.MaxUint64) // none; its checksum is wrong now
	freelist := page(int(binary.NativeEndian.Uint64(page(1)[freelistAt:])))
	if binary.NativeEndian.Uint16(freelist[pageCountAt:]) == 0 {
		t.Fatal("no free pages")
	}
	root := binary.NativeEndian.Uint64(page(1)[firstElementAt+16:])
	binary.NativeEndian.PutUint64(freelist[firstElementAt:], root) // a page in use counts as free
	path := filepath.Join(t.TempDir(), "state.db")
	write(t, path, content)
	_ = refused(t, path)
}

// bbolt looks for the first key of a page among the separators above it. One that differs,
// if only a little, makes the next commit put a second reference to the page beside the
// first, and free it: items come back, and the file cannot be opened any more.
func TestSeparatorsAreTheKeysBehindThem(t *testing.T) {
	sound := smallStore(t)
	path := filepath.Join(t.TempDir(), "state.db")
	write(t, path, sound)
	_, pages := reachable(t, path)
	pageSize := os.Getpagesize()
	for _, id := range pages[branchFlag] {
		for i := range int(binary.NativeEndian.Uint16(sound[id*pageSize+pageCountAt:])) {
			content := bytes.Clone(sound)
			element := content[id*pageSize+firstElementAt+16*i:]
			key := element[binary.NativeEndian.Uint32(element):][:binary.NativeEndian.Uint32(element[4:])]
			t.Run(string(key), func(t *testing.T) {
				key[len(key)-1]-- // still behind every key of the page before
				path := filepath.Join(t.TempDir(), "state.db")
				write(t, path, content)
				_ = refused(t, path)
			})
		}
	}
}

// readAll reads every item, in a list and by its key, and returns how many there are.
func readAll(t *testing.T, s *bolt.Store) int {
	t.Helper()
	page, err := s.List(t.Context(), "", "", math.MaxInt)
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	for _, item := range page.Items {
		if item.Key == "" || len(item.Key) > store.MaxKey {
			continue // such a key cannot be asked for
		}
		got, err := s.Get(t.Context(), item.Key)
		if err != nil || got.Revision != item.Revision || !bytes.Equal(got.Value, item.Value) {
			t.Fatalf("Get %q: %+v, %v, want %+v", item.Key, got, err, item)
		}
	}
	return len(page.Items)
}
