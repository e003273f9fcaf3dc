package bolt_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
)

// unlisted returns the file of a store as a killed process leaves it, with more than a thousand free pages and
// no list of them, and its items.
func unlisted(t *testing.T) (content []byte, items []store.Item) {
	t.Helper()
	const kept, removed = 300, 3_000
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path)
	var txns []store.Txn
	for i := range kept + removed {
		txns = append(txns, store.Txn{Then: []store.Write{{Key: fmt.Sprintf("%05d", i*7919%(kept+removed)), Value: make([]byte, 1500)}}})
	}
	for i := range kept + removed {
		if i%11 != 0 {
			txns = append(txns, store.Txn{Then: []store.Write{{Key: fmt.Sprintf("%05d", i), Delete: true}}})
		}
	}
	for i, out := range s.CommitEach(t.Context(), txns) {
		if out.Err != nil {
			t.Fatalf("%d: %v", i, out.Err)
		}
	}
	for range 2 { // pages freed by one transaction can be reused only by a later one
		if _, err := s.Commit(t.Context(), writeOf("last")); err != nil {
			t.Fatal(err)
		}
	}
	if has, err := bolt.HasFreeList(s); has || err != nil {
		t.Fatalf("the file has a list of free pages: %t, %v, want false", has, err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content, itemsOf(t, s)
}

// tester is a *testing.T or a *rapid.T.
type tester interface {
	rapid.TB
	Context() context.Context
}

func itemsOf(t tester, s store.Store) []store.Item {
	t.Helper()
	page, err := s.List(t.Context(), "", "", math.MaxInt)
	if err != nil {
		t.Fatal(err)
	}
	return page.Items
}

// opens checks that the file opens, is sound, contains exactly the wanted items, and takes a commit.
func opens(t tester, path string, want []store.Item) {
	t.Helper()
	s, err := bolt.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if has, err := bolt.HasFreeList(s); !has || err != nil {
		t.Errorf("the file has a list of free pages: %t, %v, want true", has, err)
	}
	if err := bolt.Consistent(s); err != nil {
		t.Error(err)
	}
	got := itemsOf(t, s)
	if len(got) != len(want) {
		t.Fatalf("%d items, want %d", len(got), len(want))
	}
	for i := range got {
		if got[i].Key != want[i].Key || got[i].Revision != want[i].Revision || !bytes.Equal(got[i].Value, want[i].Value) {
			t.Fatalf("item %q at %d, want %q at %d", got[i].Key, got[i].Revision, want[i].Key, want[i].Revision)
		}
	}
	if _, err := s.Commit(t.Context(), writeOf("more")); err != nil {
		t.Error(err)
	}
	if err := bolt.Consistent(s); err != nil {
		t.Error(err)
	}
}

// Open reads each used page once. It writes the list of free pages before bbolt opens the file, because bbolt would read
// all pages a second time to find them.
func TestAFileIsOpenedInOneWalk(t *testing.T) {
	content, items := unlisted(t)
	path := filepath.Join(t.TempDir(), "state.db")
	write(t, path, content)
	reads, pages, err := bolt.Walked(path)
	if err != nil {
		t.Fatal(err)
	}
	for page, n := range reads {
		if n > 1 {
			t.Errorf("page %d was read %d times, want 1", page, n)
		}
	}
	if len(reads) > pages/2 {
		t.Errorf("%d of %d pages were read, want at most half, because most are free", len(reads), pages)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := bolt.ListFree(path, f); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	s := openReadOnly(t, path)
	if has, err := bolt.HasFreeList(s); !has || err != nil {
		t.Errorf("the file has a list of free pages: %t, %v, want true", has, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	opens(t, path, items)
}

// noted is a file that records its writes, and after which of them it was synced.
type noted struct {
	io.ReaderAt
	writes []notedWrite
}

type notedWrite struct {
	b    []byte
	at   int64
	sync bool
}

func (d *noted) WriteAt(b []byte, at int64) (int, error) {
	d.writes = append(d.writes, notedWrite{b: bytes.Clone(b), at: at})
	return len(b), nil
}

func (d *noted) Sync() error {
	d.writes[len(d.writes)-1].sync = true
	return nil
}

// If the power fails while the list of free pages is written, the store keeps its items. A disk writes sectors in any
// order. Of the sectors that were not synced, it may have written any, or only the beginning of one.
func TestPowerLossWhileFreePagesAreListed(t *testing.T) {
	const sector = 512
	content, items := unlisted(t)
	path := filepath.Join(t.TempDir(), "state.db")
	write(t, path, content)
	d := &noted{ReaderAt: bytes.NewReader(content)}
	if err := bolt.ListFree(path, d); err != nil {
		t.Fatal(err)
	}
	if len(d.writes) != 2 || !d.writes[0].sync || !d.writes[1].sync {
		t.Fatalf("%d writes, want two, each followed by a sync", len(d.writes))
	}
	rapid.Check(t, func(t *rapid.T) {
		after := bytes.Clone(content)
		put := func(b []byte, at int64) {
			if end := int(at) + len(b); end > len(after) {
				after = append(after, make([]byte, end-len(after))...)
			}
			copy(after[at:], b)
		}
		lost := rapid.IntRange(0, 1).Draw(t, "lost") // the first write that was not synced
		for _, w := range d.writes[:lost] {
			put(w.b, w.at)
		}
		w := d.writes[lost]
		for at := 0; at < len(w.b); at += sector {
			whole := w.b[at : at+sector]
			switch rapid.IntRange(0, 2).Draw(t, "sector") {
			case 1:
				put(whole, w.at+int64(at))
			case 2: // torn
				put(whole[:rapid.IntRange(1, 100).Draw(t, "at")], w.at+int64(at))
			}
		}
		if err := os.WriteFile(path, after, 0o600); err != nil {
			t.Fatal(err)
		}
		opens(t, path, items)
	})
}

// The list is not written into a file that has changed since it was inspected.
func TestFreePagesOfAChangedFile(t *testing.T) {
	content, _ := unlisted(t)
	path := filepath.Join(t.TempDir(), "state.db")
	write(t, path, content)
	s := open(t, path)
	if _, err := s.Commit(t.Context(), writeOf("another")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	changed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write(t, path, content)
	d := &noted{ReaderAt: bytes.NewReader(changed)}
	if err := bolt.ListFree(path, d); err == nil || len(d.writes) > 0 {
		t.Errorf("ListFree: %d writes, %v, want none and an error", len(d.writes), err)
	}
}
