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

// ofA returns the entries of opA among the first n of three.
func ofA(n int) []wrapper.Entry {
	return slices.DeleteFunc(slices.Clone(three[:n]), func(e wrapper.Entry) bool { return e.OperationID != opA })
}

// A change of any byte of a file is detected, and neither reading nor appending loses any other byte.
func TestEveryByte(t *testing.T) {
	t.Parallel()
	l, dir := filled(t, three...)
	path := filepath.Join(dir, fileA)
	whole := content(t, path)
	header := strings.IndexByte(whole, '\n') + 1
	for i := range len(whole) {
		if testing.Short() && i%8 != 0 { // make test changes every byte
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
				t.Fatalf("byte %d is %q: entries: got %v, %v, want none, %v with the path", i, by, got, err, want)
			}
			if _, errs := trailOf(t, l, ledger.Query{OperationID: opA}); len(errs) == 0 || !errors.Is(errs[0], ledger.ErrDamaged) {
				t.Fatalf("byte %d is %q: trail: got errors %v, want %v first", i, by, errs, ledger.ErrDamaged)
			}
			if got := content(t, path); got != changed {
				t.Fatalf("byte %d is %q: after reading, the file is %q, want %q", i, by, got, changed)
			}
			if i%16 != 0 && i < len(whole)-40 { // each append is an fsync
				continue
			}
			err := l.Append(t.Context(), entry(opA, 3, "4"))
			got := content(t, path)
			if i < header && (!errors.Is(err, store.ErrForeign) || got != changed) {
				t.Fatalf("byte %d is %q: append: got %v and the file %q, want %v and %q", i, by, err, got, store.ErrForeign, changed)
			}
			if i >= header && (err != nil || !strings.HasPrefix(got, changed) || !strings.Contains(got, `"4"`)) {
				t.Fatalf("byte %d is %q: append: got %v and the file\n%s\nwant nil, and the entry 4 after\n%s", i, by, err, got, changed)
			}
		}
	}
}

// If a file is truncated anywhere, the complete entries remain readable, and Append continues after them.
func TestEveryCut(t *testing.T) {
	t.Parallel()
	l, dir := filled(t, three...)
	path := filepath.Join(dir, fileA)
	whole := content(t, path)
	for n := range len(whole) {
		if testing.Short() && n%8 > 1 { // make test truncates after every byte
			continue
		}
		put(t, path, whole[:n])
		want := ofA(max(strings.Count(whole[:n], "\n")-1, 0))
		got, err := l.Entries(t.Context(), opA)
		if err != nil || !cmp.Equal(got, want) && len(want) > 0 {
			t.Fatalf("after %d bytes: entries: got %+v, %v, want %+v, nil", n, got, err, want)
		}
		if _, errs := trailOf(t, l, ledger.Query{}); errs != nil {
			t.Fatalf("after %d bytes: trail: got %v, want no errors", n, errs)
		}
		if n%8 != 0 {
			continue
		}
		must(t, l.Append(t.Context(), entry(opA, 3, "4")))
		same(t, entriesOf(t, l, opA), append(want, entry(opA, 3, "4")))
	}
}

// A damaged line affects every operation of its file and no other file. The error names the file and the line.
func TestDamagedLine(t *testing.T) {
	t.Parallel()
	l, dir := filled(t, append(slices.Clone(three), entry(opC, 3, "4"))...)
	path := filepath.Join(dir, fileA)
	whole := content(t, path)
	for _, tc := range []struct {
		name, old, new string
		line           string
		opB            bool // the line may be about opB as well
	}{
		{"the first", `"reason":"1"`, `"reason":"l"`, " line 2:", true},
		{"the last", `"reason":"3"`, `"reason":"l"`, " line 4:", true},
		{"no checksum", `"reason":"2"`, `"reason":"2"}` + "\n{", " line 3:", true},
	} {
		put(t, path, strings.Replace(whole, tc.old, tc.new, 1))
		_, err := l.Entries(t.Context(), opA)
		if !errors.Is(err, ledger.ErrDamaged) || !strings.Contains(err.Error(), path+tc.line) {
			t.Errorf("%s: got %v, want %v with %s%s", tc.name, err, ledger.ErrDamaged, path, tc.line)
		}
		if _, err := l.Entries(t.Context(), opB); errors.Is(err, ledger.ErrDamaged) != tc.opB {
			t.Errorf("%s: opB: got %v, want %v: %t", tc.name, err, ledger.ErrDamaged, tc.opB)
		}
		same(t, entriesOf(t, l, opC), []wrapper.Entry{entry(opC, 3, "4")})
		got, errs := trailOf(t, l, ledger.Query{})
		if len(got) != 3 || len(errs) == 0 || !strings.Contains(errs[0].Error(), path+tc.line) {
			t.Errorf("%s: trail: got %d entries, %v, want 3, and an error with %s%s", tc.name, len(got), errs, path, tc.line)
		}
		_, errs = trailOf(t, l, ledger.Query{OperationID: opC})
		if errs != nil {
			t.Errorf("%s: trail of opC: got %v, want no errors", tc.name, errs)
		}
	}
}

// A file that is not a ledger's is refused, and left unchanged.
func TestForeign(t *testing.T) {
	t.Parallel()
	l, dir := filled(t, entry(opA, 0, ""), entry(opC, 0, ""))
	path := filepath.Join(dir, fileA)
	own := content(t, path)
	for name, text := range map[string]string{
		"a text":          "notes of another program, not a ledger",
		"a short text":    "x",
		"a later version": strings.Replace(own, `"version":1`, `"version":2`, 1),
		"another file":    content(t, filepath.Join(dir, "c0.jsonl")),
		"no header":       own[strings.IndexByte(own, '\n')+1:],
	} {
		put(t, path, text)
		for _, err := range []error{l.Append(t.Context(), entry(opA, 1, "")), second(l.Entries(t.Context(), opA))} {
			if !errors.Is(err, store.ErrForeign) || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: got %v, want %v with %s", name, err, store.ErrForeign, path)
			}
		}
		if got, errs := trailOf(t, l, ledger.Query{}); len(got) != 1 || len(errs) != 1 || !errors.Is(errs[0], ledger.ErrDamaged) || !errors.Is(errs[0], store.ErrForeign) {
			t.Errorf("%s: trail: got %d entries, %v, want 1, %v and %v", name, len(got), errs, ledger.ErrDamaged, store.ErrForeign)
		}
		if got := content(t, path); got != text {
			t.Errorf("%s: got the file %q, want %q", name, got, text)
		}
	}
	must(t, os.Remove(path))
	must(t, os.Mkdir(path, 0o700))
	for _, l := range []wrapper.Ledger{l, open(t, filepath.Join(dir, "c0.jsonl"))} {
		for _, err := range []error{l.Append(t.Context(), entry(opA, 1, "")), second(l.Entries(t.Context(), opA))} {
			if !errors.Is(err, store.ErrForeign) {
				t.Errorf("a directory for a file, or a file for the directory: got %v, want %v", err, store.ErrForeign)
			}
		}
	}
}

func second[T any](_ T, err error) error { return err }

// An unfinished last line longer than any entry, such as the zeros after a power failure, is damage and is kept. A
// shorter one is cut off.
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
				t.Errorf("%d bytes: got %v, want %v with the path: %t", size, err, ledger.ErrDamaged, damaged)
			}
		}
		if (len(errs) == 1) != damaged {
			t.Errorf("%d bytes: trail: got errors %v, want one: %t", size, errs, damaged)
		}
		info, err := os.Stat(path)
		must(t, err)
		if !damaged {
			same(t, entriesOf(t, l, opA), append(ofA(3), entry(opA, 3, "4")))
		} else if info.Size() != int64(len(whole))+size {
			t.Errorf("%d bytes: got a file of %d, want it unchanged with %d", size, info.Size(), int64(len(whole))+size)
		}
	}
}

// An entry longer than the longest line is refused.
func TestLongEntry(t *testing.T) {
	t.Parallel()
	l, _ := filled(t, three...)
	if err := l.Append(t.Context(), entry(opA, 3, strings.Repeat("x", 16<<20))); !errors.Is(err, store.ErrInvalid) {
		t.Errorf("append of 16 MiB: got %v, want %v", err, store.ErrInvalid)
	}
	long := entry(opA, 3, strings.Repeat("x", 15<<20))
	must(t, l.Append(t.Context(), long))
	if got := entriesOf(t, l, opA); len(got) != 3 || got[2].Reason != long.Reason {
		t.Errorf("got %d entries, want 3 with the long one last", len(got))
	}
}

// Whatever a file contains, no call panics, a refused file is left unchanged, and no complete line is cut off.
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
			t.Fatalf("entries: got %v, %v, want none, %v or %v", before, err, ledger.ErrDamaged, store.ErrForeign)
		}
		trailOf(t, l, ledger.Query{})
		if got := content(t, path); got != text {
			t.Fatalf("after reading: got the file %q, want %q", got, text)
		}
		damaged := errors.Is(err, ledger.ErrDamaged)
		err = l.Append(t.Context(), three[0])
		got := content(t, path)
		if err != nil {
			if !errors.Is(err, store.ErrForeign) || got != text {
				t.Fatalf("append: got %v and the file %q, want %v and %q", err, got, store.ErrForeign, text)
			}
			return
		}
		if end := strings.LastIndexByte(text, '\n') + 1; !strings.HasPrefix(got, text[:end]) || got[len(got)-1] != '\n' {
			t.Fatalf("append: got the file %q, want it to begin with %q and to end with a newline", got, text[:end])
		}
		after, err := l.Entries(t.Context(), opA)
		if errors.Is(err, ledger.ErrDamaged) != damaged || err == nil && len(after) != len(before)+1 {
			t.Fatalf("entries: got %d, %v, want %d, or %v: %t", len(after), err, len(before)+1, ledger.ErrDamaged, damaged)
		}
		if _, err := os.Stat(filepath.Join(dir, "5b.tmp")); err == nil {
			t.Fatal("draft 5b.tmp: got a file, want none")
		}
	})
}
