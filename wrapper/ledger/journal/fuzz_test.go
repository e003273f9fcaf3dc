package journal_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
)

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
			t.Fatal("a draft is left")
		}
	})
}
