package journal_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
)

var three = []wrapper.Entry{entry(opA, 0, "1"), entry(opB, 1, "2"), entry(opA, 2, "3")}

// ofA are those of the first n entries that are about opA.
func ofA(n int) []wrapper.Entry {
	return slices.DeleteFunc(slices.Clone(three[:n]), func(e wrapper.Entry) bool { return e.OperationID != opA })
}

// Whichever byte of a file changes, nobody takes what is left for the whole, and nothing is lost of it.
func TestEveryByte(t *testing.T) {
	t.Parallel()
	l, dir := filled(t, three...)
	path := filepath.Join(dir, fileA)
	whole := content(t, path)
	header := strings.IndexByte(whole, '\n') + 1
	for i := range len(whole) {
		if testing.Short() && i%8 != 0 { // make test changes each
			continue
		}
		for _, by := range []byte{whole[i] ^ 1, '\n', 0} {
			if by == whole[i] {
				continue
			}
			changed := whole[:i] + string([]byte{by}) + whole[i+1:]
			put(t, path, changed)
			want := ledger.ErrDamaged
			if i < header {
				want = store.ErrForeign
			}
			if got, err := l.Entries(t.Context(), opA); !errors.Is(err, want) || got != nil || !strings.Contains(err.Error(), path) {
				t.Fatalf("byte %d is %q: %v, %v", i, by, got, err)
			}
			if _, errs := trailOf(t, l, ledger.Query{OperationID: opA}); len(errs) == 0 || !errors.Is(errs[0], ledger.ErrDamaged) {
				t.Fatalf("byte %d is %q: a trail of %v", i, by, errs)
			}
			if got := content(t, path); got != changed {
				t.Fatalf("byte %d is %q: reading has changed the file", i, by)
			}
			if i%16 != 0 && i < len(whole)-40 { // each append is an fsync
				continue
			}
			err := l.Append(t.Context(), entry(opA, 3, "4"))
			got := content(t, path)
			if i < header && (!errors.Is(err, store.ErrForeign) || got != changed) {
				t.Fatalf("byte %d is %q: appended: %v", i, by, err)
			}
			if i >= header && (err != nil || !strings.HasPrefix(got, changed) || !strings.Contains(got, `"4"`)) {
				t.Fatalf("byte %d is %q: appended: %v:\n%s", i, by, err, got)
			}
		}
	}
}

// Wherever a write was cut short, what was there before it is read, and the next entry comes after that.
func TestEveryCut(t *testing.T) {
	t.Parallel()
	l, dir := filled(t, three...)
	path := filepath.Join(dir, fileA)
	whole := content(t, path)
	for n := range len(whole) {
		if testing.Short() && n%8 > 1 { // make test cuts after each
			continue
		}
		put(t, path, whole[:n])
		want := ofA(max(strings.Count(whole[:n], "\n")-1, 0))
		got, err := l.Entries(t.Context(), opA)
		if err != nil || !cmp.Equal(got, want) && len(want) > 0 {
			t.Fatalf("after %d bytes: %+v, %v", n, got, err)
		}
		if _, errs := trailOf(t, l, ledger.Query{}); errs != nil {
			t.Fatalf("after %d bytes: a trail of %v", n, errs)
		}
		if n%8 != 0 {
			continue
		}
		must(t, l.Append(t.Context(), entry(opA, 3, "4")))
		same(t, entriesOf(t, l, opA), append(want, entry(opA, 3, "4")))
	}
}

// A damaged line is of every operation of its file, and of no other file; it is told where it is.
func TestDamagedLine(t *testing.T) {
	t.Parallel()
	l, dir := filled(t, append(slices.Clone(three), entry(opC, 3, "4"))...)
	path := filepath.Join(dir, fileA)
	whole := content(t, path)
	for _, tc := range []struct {
		name, old, new string
		line           string
		opB            bool // it may be about that as well
	}{
		{"the first", `"reason":"1"`, `"reason":"l"`, " line 2:", true},
		{"the last", `"reason":"3"`, `"reason":"l"`, " line 4:", true},
		{"no checksum", `"reason":"2"`, `"reason":"2"}` + "\n{", " line 3:", true},
	} {
		put(t, path, strings.Replace(whole, tc.old, tc.new, 1))
		_, err := l.Entries(t.Context(), opA)
		if !errors.Is(err, ledger.ErrDamaged) || !strings.Contains(err.Error(), path+tc.line) {
			t.Errorf("%s: %v", tc.name, err)
		}
		if _, err := l.Entries(t.Context(), opB); errors.Is(err, ledger.ErrDamaged) != tc.opB {
			t.Errorf("%s: opB: %v", tc.name, err)
		}
		same(t, entriesOf(t, l, opC), []wrapper.Entry{entry(opC, 3, "4")})
		got, errs := trailOf(t, l, ledger.Query{})
		if len(got) != 3 || len(errs) == 0 || !strings.Contains(errs[0].Error(), path+tc.line) {
			t.Errorf("%s: a trail of %d, %v", tc.name, len(got), errs)
		}
		_, errs = trailOf(t, l, ledger.Query{OperationID: opC})
		if errs != nil {
			t.Errorf("%s: the trail of opC: %v", tc.name, errs)
		}
	}
}

// What is not the ledger's is refused, and left as it is.
func TestForeign(t *testing.T) {
	t.Parallel()
	l, dir := filled(t, entry(opA, 0, ""), entry(opC, 0, ""))
	path := filepath.Join(dir, fileA)
	own := content(t, path)
	for name, text := range map[string]string{
		"a text":          "notes of somebody else, and no ledger",
		"a short text":    "x",
		"a later version": strings.Replace(own, `"version":1`, `"version":2`, 1),
		"another file":    content(t, filepath.Join(dir, "c0.jsonl")),
		"no header":       own[strings.IndexByte(own, '\n')+1:],
	} {
		put(t, path, text)
		for _, err := range []error{l.Append(t.Context(), entry(opA, 1, "")), second(l.Entries(t.Context(), opA))} {
			if !errors.Is(err, store.ErrForeign) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got, errs := trailOf(t, l, ledger.Query{}); len(got) != 1 || len(errs) != 1 || !errors.Is(errs[0], ledger.ErrDamaged) || !errors.Is(errs[0], store.ErrForeign) {
			t.Errorf("%s: a trail of %d, %v", name, len(got), errs)
		}
		if got := content(t, path); got != text {
			t.Errorf("%s: the file is %q now", name, got)
		}
	}
	must(t, os.Remove(path))
	must(t, os.Mkdir(path, 0o700))
	for _, l := range []wrapper.Ledger{l, open(t, filepath.Join(dir, "c0.jsonl"))} {
		for _, err := range []error{l.Append(t.Context(), entry(opA, 1, "")), second(l.Entries(t.Context(), opA))} {
			if !errors.Is(err, store.ErrForeign) {
				t.Errorf("another sort of file: %v", err)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }

// An unfinished last line that no entry can be as long as, such as the zeros that a failure of power leaves, is
// damage, and stays; a shorter one is cut off. Neither costs more than to read it once.
func TestLongTail(t *testing.T) {
	t.Parallel()
	for size, damaged := range map[int64]bool{8 << 20: false, 16 << 20: false, 64 << 20: true} {
		l, dir := filled(t, three...)
		path := filepath.Join(dir, fileA)
		whole := content(t, path)
		must(t, os.Truncate(path, int64(len(whole))+size))
		_, errs := trailOf(t, l, ledger.Query{})
		err := second(l.Entries(t.Context(), opA))
		for _, err := range append(errs, err, l.Append(t.Context(), entry(opA, 3, "4"))) {
			if errors.Is(err, ledger.ErrDamaged) != damaged || damaged && !strings.Contains(err.Error(), path) || !damaged && err != nil {
				t.Errorf("%d bytes: %v", size, err)
			}
		}
		if (len(errs) == 1) != damaged {
			t.Errorf("%d bytes: a trail of %v", size, errs)
		}
		info, err := os.Stat(path)
		must(t, err)
		if !damaged {
			same(t, entriesOf(t, l, opA), append(ofA(3), entry(opA, 3, "4")))
		} else if info.Size() != int64(len(whole))+size {
			t.Errorf("%d bytes: the file has %d now", size, info.Size())
		}
	}
}

// An entry that is too long to be read again is not noted.
func TestLongEntry(t *testing.T) {
	t.Parallel()
	l, _ := filled(t, three...)
	if err := l.Append(t.Context(), entry(opA, 3, strings.Repeat("x", 16<<20))); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("appended: %v", err)
	}
	long := entry(opA, 3, strings.Repeat("x", 15<<20))
	must(t, l.Append(t.Context(), long))
	if got := entriesOf(t, l, opA); len(got) != 3 || got[2].Reason != long.Reason {
		t.Errorf("%d entries", len(got))
	}
}

// Whatever a file holds, nothing panics; what is refused is left as it is, and nothing that has an end is cut off.
func FuzzFile(f *testing.F) {
	_, dir := filled(f, three...)
	whole := content(f, filepath.Join(dir, fileA))
	header, entries, _ := strings.Cut(whole, "\n")
	for _, seed := range []string{"", whole, whole[:len(whole)-1], whole + "{", header, header + "\n", header + "\n\n", header + "\n{}\n", entries, strings.Replace(whole, "1", "2", 1), "\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		l, dir := filled(t)
		path := filepath.Join(dir, fileA)
		must(t, os.Mkdir(dir, 0o700))
		put(t, path, text)
		before, err := l.Entries(t.Context(), opA)
		if err != nil && (before != nil || !errors.Is(err, ledger.ErrDamaged) && !errors.Is(err, store.ErrForeign)) {
			t.Fatalf("%v, %v", before, err)
		}
		trailOf(t, l, ledger.Query{})
		if got := content(t, path); got != text {
			t.Fatalf("reading has changed the file to %q", got)
		}
		damaged := errors.Is(err, ledger.ErrDamaged)
		err = l.Append(t.Context(), three[0])
		got := content(t, path)
		if err != nil {
			if !errors.Is(err, store.ErrForeign) || got != text {
				t.Fatalf("%v: the file is %q now", err, got)
			}
			return
		}
		if end := strings.LastIndexByte(text, '\n') + 1; !strings.HasPrefix(got, text[:end]) || got[len(got)-1] != '\n' {
			t.Fatalf("the file is %q now", got)
		}
		after, err := l.Entries(t.Context(), opA)
		if errors.Is(err, ledger.ErrDamaged) != damaged || err == nil && len(after) != len(before)+1 {
			t.Fatalf("%d entries, then %d, %v", len(before), len(after), err)
		}
		if _, err := os.Stat(filepath.Join(dir, "5b.tmp")); err == nil {
			t.Fatal("draft 5b.tmp: got a file, want none")
		}
	})
}
