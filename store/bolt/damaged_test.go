package bolt_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
	"go.etcd.io/bbolt"
	"pgregory.net/rapid"
)

var errJudge = errors.New("it makes no sense")

// Check finds the items because of which Open refuses a file, and those that judge rejects. Remove removes them.
func TestCheckAndRemove(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path)
	var last store.Revision
	for _, key := range []string{"a", "b", "c", "d", "e"} {
		at, err := s.Commit(t.Context(), writeOf(key))
		if err != nil {
			t.Fatal(err)
		}
		last = at
	}
	judge := func(item store.Item) error {
		if item.Key == "e" {
			return errJudge
		}
		return nil
	}
	if _, err := bolt.Check(t.Context(), path, judge, bolt.WithLockWait(0)); !errors.Is(err, store.ErrLocked) {
		t.Errorf("Check of an open store: %v, want ErrLocked", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	change(t, path, "a", []byte("short"))
	change(t, path, "b", binary.BigEndian.AppendUint64(nil, uint64(last+1)))
	change(t, path, "d", binary.BigEndian.AppendUint64(nil, 0))
	if _, err := bolt.Open(path); !errors.Is(err, store.ErrForeign) {
		t.Errorf("Open: %v, want ErrForeign", err)
	}
	damaged, err := bolt.Check(t.Context(), path, judge)
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, d := range damaged {
		keys = append(keys, d.Key)
		if (d.Key == "e") != errors.Is(d.Err, errJudge) || d.Err == nil {
			t.Errorf("%s: %v, want an error, and errJudge only for e", d.Key, d.Err)
		}
	}
	if want := []string{"a", "b", "d", "e"}; !slices.Equal(keys, want) || string(damaged[0].Raw) != "short" {
		t.Errorf("damaged = %v with %q, want %v with %q", keys, damaged[0].Raw, want, "short")
	}
	changed := slices.Clone(damaged)
	changed[3].Raw = []byte("the previous value")
	if err := bolt.Remove(path, changed); !errors.Is(err, store.ErrConflict) {
		t.Errorf("Remove of a changed item: %v, want ErrConflict", err)
	}
	if again, err := bolt.Check(t.Context(), path, judge); err != nil || len(again) != len(damaged) {
		t.Errorf("Check after a failed Remove = %v, %v, want %v", again, err, damaged)
	}
	if err := bolt.Remove(path, damaged); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	if got := fmt.Sprint(present(t, s)); got != "[c]" {
		t.Errorf("items = %s, want [c]", got)
	}
	if at, err := s.Commit(t.Context(), writeOf("f")); err != nil || at <= last {
		t.Errorf("Commit = %d, %v, want more than %d", at, err, last)
	}
}

// change overwrites the raw entry of a key in the file.
func change(t *testing.T, path, key string, raw []byte) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("items")).Put([]byte(key), raw)
	}), db.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestDamagedFilesAreLeftAlone(t *testing.T) {
	s := newSample(t)
	last := func(flag uint16) int { return s.pages[flag][len(s.pages[flag])-1] }
	overflowing := slices.IndexFunc(s.pages[leafFlag], func(id int) bool {
		return binary.NativeEndian.Uint32(s.page(s.content, id)[pageOverflowAt:]) > 0
	})
	if overflowing < 0 {
		t.Fatal("sample has no overflow page")
	}
	element := func(page []byte, i int) []byte { return page[firstElementAt+16*i:] }
	put16, put32, put64 := binary.NativeEndian.PutUint16, binary.NativeEndian.PutUint32, binary.NativeEndian.PutUint64
	for _, c := range []struct {
		name   string
		damage func(content []byte) []byte
	}{
		{"cut to nothing but a header", func(b []byte) []byte { return b[:100] }},
		{"cut after the first page", func(b []byte) []byte { return b[:s.pageSize] }},
		{"cut in the middle", func(b []byte) []byte { return b[:len(b)/2] }},
		{"cut within the last page in use", func(b []byte) []byte {
			end := max(last(leafFlag), last(branchFlag), last(freelistFlag))
			return b[:(end+1)*s.pageSize-1]
		}},
		{"both meta pages overwritten", func(b []byte) []byte { clear(b[:2*s.pageSize]); return b }},
		{"both meta pages flipped", func(b []byte) []byte { b[60] ^= 1; b[s.pageSize+60] ^= 1; return b }},
		{"branch zeroed", func(b []byte) []byte { clear(s.page(b, last(branchFlag))); return b }},
		{"leaf zeroed", func(b []byte) []byte { clear(s.page(b, last(leafFlag))); return b }},
		{"freelist zeroed", func(b []byte) []byte { clear(s.page(b, last(freelistFlag))); return b }},
		{"leaf of ones", func(b []byte) []byte {
			copy(s.page(b, last(leafFlag)), bytes.Repeat([]byte{0xff}, s.pageSize))
			return b
		}},
		{"leaf replaced by another", func(b []byte) []byte {
			copy(s.page(b, last(leafFlag)), s.page(b, s.pages[leafFlag][0]))
			return b
		}},
		{"leaf with the contents of another", func(b []byte) []byte {
			copy(s.page(b, last(leafFlag))[8:], s.page(b, s.pages[leafFlag][0])[8:])
			return b
		}},
		{"leaf with the number of another", func(b []byte) []byte {
			put64(s.page(b, last(leafFlag)), uint64(s.pages[leafFlag][0]))
			return b
		}},
		{"branch of type leaf", func(b []byte) []byte {
			put16(s.page(b, last(branchFlag))[pageFlagsAt:], leafFlag)
			return b
		}},
		{"branch without children", func(b []byte) []byte {
			put16(s.page(b, last(branchFlag))[pageCountAt:], 0)
			return b
		}},
		{"branch that leads to itself", func(b []byte) []byte {
			id := last(branchFlag)
			put64(element(s.page(b, id), 0)[8:], uint64(id))
			return b
		}},
		{"branch with the same child twice", func(b []byte) []byte {
			page := s.page(b, last(branchFlag))
			copy(element(page, 1)[8:16], element(page, 0)[8:16])
			return b
		}},
		{"branch that leads to a meta page", func(b []byte) []byte {
			put64(element(s.page(b, last(branchFlag)), 0)[8:], 0)
			return b
		}},
		{"branch that leads beyond the file", func(b []byte) []byte {
			put64(element(s.page(b, last(branchFlag)), 0)[8:], 1<<40)
			return b
		}},
		{"branch that leads beyond all numbers", func(b []byte) []byte {
			put64(element(s.page(b, last(branchFlag)), 0)[8:], 1<<63+5)
			return b
		}},
		{"leaf with more elements than room", func(b []byte) []byte {
			put16(s.page(b, last(leafFlag))[pageCountAt:], 0xffff)
			return b
		}},
		{"leaf with an element beyond its end", func(b []byte) []byte {
			put32(element(s.page(b, last(leafFlag)), 1)[4:], 1<<31)
			return b
		}},
		{"leaf with a value beyond its end", func(b []byte) []byte {
			put32(element(s.page(b, last(leafFlag)), 0)[12:], 1<<31)
			return b
		}},
		{"leaf with the same key twice", func(b []byte) []byte {
			page := b[s.pages[leafFlag][overflowing]*s.pageSize:]
			at := firstElementAt + 16 + int(binary.NativeEndian.Uint32(element(page, 1)[4:]))
			first := firstElementAt + int(binary.NativeEndian.Uint32(element(page, 0)[4:]))
			size := int(binary.NativeEndian.Uint32(element(page, 0)[8:]))
			copy(page[at:], page[first:first+size])
			return b
		}},
		{"leaf with an unknown kind of element", func(b []byte) []byte {
			put32(element(s.page(b, last(leafFlag)), 0), 2)
			return b
		}},
		{"overflow beyond the file", func(b []byte) []byte {
			put32(s.page(b, s.pages[leafFlag][overflowing])[pageOverflowAt:], 0xffffffff)
			return b
		}},
		{"overflow into other pages", func(b []byte) []byte {
			put32(s.page(b, s.pages[leafFlag][0])[pageOverflowAt:], 40)
			return b
		}},
		{"bucket without a header", func(b []byte) []byte {
			put32(element(s.page(b, s.root), metaElement)[12:], 8)
			return b
		}},
		{"bucket without a page", func(b []byte) []byte {
			put32(element(s.page(b, s.root), metaElement)[12:], 16)
			return b
		}},
		{"bucket with a page that is no leaf", func(b []byte) []byte {
			put16(s.inline(b)[pageFlagsAt:], branchFlag)
			return b
		}},
		{"bucket with more elements than room", func(b []byte) []byte {
			put16(s.inline(b)[pageCountAt:], 0xffff)
			return b
		}},
		{"freelist with a page in use", func(b []byte) []byte {
			put64(s.page(b, last(freelistFlag))[16:], uint64(last(leafFlag)))
			return b
		}},
		{"freelist with a page beyond the file", func(b []byte) []byte {
			put64(s.page(b, last(freelistFlag))[16:], 1<<40)
			return b
		}},
		{"freelist longer than its page", func(b []byte) []byte {
			put16(s.page(b, last(freelistFlag))[pageCountAt:], 0xfffe)
			return b
		}},
		{"freelist longer than any memory", func(b []byte) []byte {
			page := s.page(b, last(freelistFlag))
			put16(page[pageCountAt:], 0xffff)
			put64(page[16:], 1<<62)
			return b
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state.db")
			write(t, path, c.damage(bytes.Clone(s.content)))
			_ = refused(t, path)
			// Open has left no lock either.
			write(t, path, s.content)
			open(t, path, bolt.WithLockWait(0))
		})
	}
}

func TestTruncatedFileSaysWhatIsMissing(t *testing.T) {
	s := newSample(t)
	path := filepath.Join(t.TempDir(), "state.db")
	write(t, path, s.content[:len(s.content)/2])
	want := fmt.Sprintf("%d bytes long, should have at least", len(s.content)/2)
	if err := refused(t, path); !strings.Contains(err.Error(), want) {
		t.Errorf("error %q does not say %q", err, want)
	}
}

// Whatever the damage, Open either refuses the file and leaves it unchanged, or
// returns a usable store.
func TestRandomDamage(t *testing.T) {
	s := newSample(t)
	path := filepath.Join(t.TempDir(), "state.db")
	rapid.Check(t, func(rt *rapid.T) {
		content := bytes.Clone(s.content)
		place := rapid.IntRange(0, len(content)/s.pageSize-1)
		for range rapid.IntRange(1, 3).Draw(rt, "damages") {
			page := s.page(content, place.Draw(rt, "page"))
			switch rapid.IntRange(0, 3).Draw(rt, "kind") {
			case 0: // the header or the elements behind it
				copy(page[rapid.IntRange(0, 200).Draw(rt, "at"):], rapid.SliceOfN(rapid.Byte(), 1, 8).Draw(rt, "bytes"))
			case 1: // one bit
				page[rapid.IntRange(0, s.pageSize-1).Draw(rt, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
			case 2: // the content of another page under this page's number
				copy(page[8:], s.page(s.content, place.Draw(rt, "other"))[8:])
			case 3: // a reference to another page
				at := firstElementAt + 8 + 16*rapid.IntRange(0, 5).Draw(rt, "element")
				binary.NativeEndian.PutUint64(page[at:], uint64(place.Draw(rt, "other")))
			}
		}
		write(t, path, content)
		opened, err := bolt.Open(path, bolt.WithLockWait(0))
		if err != nil {
			after, _ := look(t, path)
			if !errors.Is(err, store.ErrForeign) || !bytes.Equal(after, content) {
				rt.Fatalf("Open: %v, want ErrForeign and the file unchanged", err)
			}
			return
		}
		if _, err := opened.List(t.Context(), "", "", math.MaxInt); err != nil {
			rt.Fatalf("List: %v", err)
		}
		for i := range 3 {
			if _, err := opened.Commit(t.Context(), writeOf(fmt.Sprintf("%03d/new", 30*i))); err != nil {
				rt.Fatalf("Commit: %v", err)
			}
		}
		if err := opened.Close(); err != nil {
			rt.Fatalf("Close: %v", err)
		}
	})
}

// Offsets in a meta page, which follow its page header; see bbolt's internal/common/meta.go.
const (
	freelistAt = firstElementAt + 32
	txIDAt     = firstElementAt + 48
	metaEnd    = firstElementAt + 64
)

// smallStore returns the file of a store with branches, leaves, an overflow page and free
// pages, in as few pages as possible.
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

// FuzzFile checks that Open, whatever the file contains, either refuses it and leaves it unchanged,
// or returns a store that can be read, written, closed and reopened. A damaged mapped file can
// also end the process with a signal, which the fuzzer reports.
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
	for page := 0; page < pages; page += 4 { // a sample; the fuzzer finds the others
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
		end := time.AfterFunc(20*time.Second, func() { panic("not finished after 20 seconds") })
		defer end.Stop()
		s, err := bolt.Open(path, bolt.WithLockWait(0))
		if err != nil {
			if after, _ := look(t, path); !errors.Is(err, store.ErrForeign) || !bytes.Equal(after, content) {
				t.Fatalf("Open: %v, want ErrForeign and the file unchanged", err)
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
			t.Errorf("%d items after 3 commits, want %d", got, items+3)
		}
		if err := s.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
		s, err = bolt.Open(path, bolt.WithLockWait(0))
		if err != nil {
			t.Fatalf("reopen: %v, want nil", err)
		}
		if got := readAll(t, s); got != items+3 {
			t.Errorf("%d items after reopening, want %d", got, items+3)
		}
		if err := s.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
	})
}

// bbolt uses the newest sound meta page. An unsound one with the same transaction number
// must not be mistaken for it: if another freelist is checked than bbolt uses, bbolt may
// allocate pages that hold items.
func TestFreelistOfTheMetaPageInUse(t *testing.T) {
	content := smallStore(t)
	pageSize := os.Getpagesize()
	page := func(id int) []byte { return content[id*pageSize:][:pageSize] }
	number := func(id int) uint64 { return binary.NativeEndian.Uint64(page(id)[txIDAt:]) }
	if number(0) > number(1) {
		t.Fatal("the newest meta page is the first one, want the second, which is checked last")
	}
	copy(page(0)[firstElementAt:metaEnd], page(1)[firstElementAt:metaEnd])
	binary.NativeEndian.PutUint64(page(0)[freelistAt:], math.MaxUint64) // no freelist, and a wrong checksum
	freelist := page(int(binary.NativeEndian.Uint64(page(1)[freelistAt:])))
	if binary.NativeEndian.Uint16(freelist[pageCountAt:]) == 0 {
		t.Fatal("the sample has no free pages, want some")
	}
	root := binary.NativeEndian.Uint64(page(1)[firstElementAt+16:])
	binary.NativeEndian.PutUint64(freelist[firstElementAt:], root) // a page in use counts as free
	path := filepath.Join(t.TempDir(), "state.db")
	write(t, path, content)
	_ = refused(t, path)
}

// bbolt looks up the first key of a page among the separators of its parent. If the separator differs
// even slightly, the next commit adds a second reference to the page beside the
// first and frees the page: deleted items come back, and the file can no longer be opened.
func TestSeparatorsEqualTheFirstKeyOfTheirPage(t *testing.T) {
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
				key[len(key)-1]-- // still greater than every key of the previous page
				path := filepath.Join(t.TempDir(), "state.db")
				write(t, path, content)
				_ = refused(t, path)
			})
		}
	}
}

// readAll reads every item with List and with Get, and returns the number of items.
func readAll(t *testing.T, s *bolt.Store) int {
	t.Helper()
	page, err := s.List(t.Context(), "", "", math.MaxInt)
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	for _, item := range page.Items {
		if item.Key == "" || len(item.Key) > store.MaxKey {
			continue // Get refuses such a key
		}
		got, err := s.Get(t.Context(), item.Key)
		if err != nil || got.Revision != item.Revision || !bytes.Equal(got.Value, item.Value) {
			t.Fatalf("Get %q: %+v, %v, want %+v", item.Key, got, err, item)
		}
	}
	return len(page.Items)
}
