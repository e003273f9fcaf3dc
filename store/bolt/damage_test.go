package bolt_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
)

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
		{"leaf of another place", func(b []byte) []byte {
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
			// Nothing was left locked either.
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

// Whatever happens to the bytes, Open either refuses the file and leaves it
// alone, or what it opens can be used.
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
			case 2: // another page that looks as if it belonged there
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
				rt.Fatalf("Open: %v, want ErrForeign and the file left alone", err)
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
