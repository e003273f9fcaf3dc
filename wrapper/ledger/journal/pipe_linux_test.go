package journal_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger/journal"
)

// A pipe where a file belongs is refused: to open it would hang, whatever the context says.
func TestPipes(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"5b.lock", fileA} {
		l, dir := filled(t, entry(opA, 0, ""))
		path := filepath.Join(dir, name)
		must(t, os.Remove(path))
		must(t, syscall.Mkfifo(path, 0o600))
		if err := l.Append(t.Context(), entry(opA, 1, "")); !errors.Is(err, store.ErrForeign) {
			t.Errorf("%s: appended: %v", name, err)
		}
		if got, err := l.Entries(t.Context(), opA); (err == nil) != (name != fileA) || err == nil && len(got) != 1 {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	dir := filepath.Join(t.TempDir(), "ledger")
	must(t, syscall.Mkfifo(dir+".lock", 0o600))
	err := journal.Create(t.Context(), dir, func(func(wrapper.Entry, error) bool) {})
	if _, statErr := os.Stat(dir); !errors.Is(err, store.ErrForeign) || !errors.Is(statErr, os.ErrNotExist) {
		t.Errorf("created: %v, %v", err, statErr)
	}
}
