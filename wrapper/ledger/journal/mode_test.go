package journal_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/internal/readonly"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
	"github.com/sfcancel/sfcancel/wrapper/ledger/journal"
)

// What others may write is no evidence; what they may read is told, once.
func TestModes(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("permissions are not looked at")
	}
	for _, tc := range []struct {
		name     string // below the directory
		mode     fs.FileMode
		writable bool
		says     string // "" for nothing
	}{
		{".", 0o700, false, ""},
		{".", 0o755, false, "has mode 0755, others may read it: chmod 700"},
		{".", 0o750, false, "has mode 0750, others may read it: chmod 700"},
		{".", 0o711, false, ""},
		{".", 0o770, true, "has mode 0770, others may change it, so it proves nothing: chmod 700"},
		{".", 0o702, true, "chmod 700"},
		{fileA, 0o600, false, ""},
		{fileA, 0o644, false, "others may read it: chmod 600"},
		{fileA, 0o620, true, "others may change it, so it proves nothing: chmod 600"},
		{fileA, 0o666, true, "chmod 600"},
	} {
		t.Run(fmt.Sprintf("%s is %o", tc.name, tc.mode), func(t *testing.T) {
			t.Parallel()
			_, dir := filled(t, entry(opA, 0, ""))
			path := filepath.Join(dir, tc.name)
			must(t, os.Chmod(path, tc.mode))
			var heard []*journal.ModeError
			l := open(t, dir, journal.WithWarning(func(e *journal.ModeError) { heard = append(heard, e) }))
			for _, err := range []error{second(l.Entries(t.Context(), opA)), l.Append(t.Context(), entry(opA, 1, ""))} {
				var e *journal.ModeError
				if errors.As(err, &e) != tc.writable || (err != nil) != tc.writable {
					t.Errorf("got %v", err)
				}
				if tc.writable && (e.Path != path || e.Mode.Perm() != tc.mode || !strings.Contains(e.Error(), tc.says)) {
					t.Errorf("got %+v: %v", e, err)
				}
			}
			want := 2
			if tc.writable {
				want = 1
			}
			if got, errs := trailOf(t, l, ledger.Query{}); len(got) != want || errs != nil {
				t.Errorf("a trail of %d, %v", len(got), errs)
			}
			if told := len(heard); told > 1 || (told == 1) != (tc.says != "") {
				t.Fatalf("heard %v", heard)
			}
			if tc.says != "" && (heard[0].Path != path || !strings.Contains(heard[0].Error(), tc.says)) {
				t.Errorf("heard %v", heard)
			}
		})
	}
}

// On a file system that cannot be written, everything can be read, and nothing is noted.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	l, dir := filled(t, three...)
	readonly.Dir(t, dir)
	same(t, entriesOf(t, l, opA), ofA(3))
	if got, errs := trailOf(t, l, ledger.Query{}); errs != nil || !slices.EqualFunc(got, three, func(a, b wrapper.Entry) bool { return a.Reason == b.Reason }) {
		t.Errorf("a trail of %+v, %v", got, errs)
	}
	if err := l.Append(t.Context(), entry(opC, 0, "")); err == nil {
		t.Error("Append: got no error, want one")
	}
}

// What belongs to another user is no evidence either: he may change it at any time.
func TestOwners(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root gives a file to somebody else")
	}
	for _, name := range []string{".", fileA} {
		_, dir := filled(t, entry(opA, 0, ""))
		path := filepath.Join(dir, name)
		must(t, os.Chown(path, 4711, -1))
		var heard []*journal.ModeError
		l := open(t, dir, journal.WithWarning(func(e *journal.ModeError) { heard = append(heard, e) }))
		for _, err := range []error{second(l.Entries(t.Context(), opA)), l.Append(t.Context(), entry(opA, 1, ""))} {
			var e *journal.ModeError
			if !errors.As(err, &e) || !e.Foreign || e.Owner != 4711 || e.Path != path || !e.Writable() || !strings.Contains(e.Error(), "belongs to user 4711") || !strings.Contains(e.Error(), "chown 0") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got, errs := trailOf(t, l, ledger.Query{}); len(got) != 1 || errs != nil || len(heard) != 1 {
			t.Errorf("%s: a trail of %d, %v; heard %v", name, len(got), errs, heard)
		}
	}
}
