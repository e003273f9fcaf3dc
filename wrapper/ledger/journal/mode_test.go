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

// Reading and appending fail if others may write to the ledger. If they may only read it, there is one warning.
func TestModes(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("permissions are not checked on Windows")
	}
	for _, tc := range []struct {
		name     string // below the directory
		mode     fs.FileMode
		writable bool
		says     string // in the warning or the error; "" for none
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
			var warnings []*journal.ModeError
			l := open(t, dir, journal.WithWarning(func(e *journal.ModeError) { warnings = append(warnings, e) }))
			for _, err := range []error{second(l.Entries(t.Context(), opA)), l.Append(t.Context(), entry(opA, 1, ""))} {
				var e *journal.ModeError
				if errors.As(err, &e) != tc.writable || (err != nil) != tc.writable {
					t.Errorf("got %v, want a ModeError: %t", err, tc.writable)
				}
				if tc.writable && (e.Path != path || e.Mode.Perm() != tc.mode || !strings.Contains(e.Error(), tc.says)) {
					t.Errorf("got %+v: %v, want path %s, mode %v, and %q in it", e, err, path, tc.mode, tc.says)
				}
			}
			want := 2
			if tc.writable {
				want = 1
			}
			if got, errs := trailOf(t, l, ledger.Query{}); len(got) != want || errs != nil {
				t.Errorf("trail: got %d entries, %v, want %d, no errors", len(got), errs, want)
			}
			if n := len(warnings); n > 1 || (n == 1) != (tc.says != "") {
				t.Fatalf("got warnings %v, want one with %q, or none if empty", warnings, tc.says)
			}
			if tc.says != "" && (warnings[0].Path != path || !strings.Contains(warnings[0].Error(), tc.says)) {
				t.Errorf("got warning %v, want one for %s with %q", warnings[0], path, tc.says)
			}
		})
	}
}

// On a read-only file system reading works, and Append fails.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	l, dir := filled(t, three...)
	readonly.Dir(t, dir)
	same(t, entriesOf(t, l, opA), ofA(3))
	if got, errs := trailOf(t, l, ledger.Query{}); errs != nil || !slices.EqualFunc(got, three, func(a, b wrapper.Entry) bool { return a.Reason == b.Reason }) {
		t.Errorf("trail: got %+v, %v, want %+v, no errors", got, errs, three)
	}
	if err := l.Append(t.Context(), entry(opC, 0, "")); err == nil {
		t.Error("Append: got no error, want one")
	}
}

// Reading and appending also fail if another user owns the ledger, who could change it at any time.
func TestOwners(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can change the owner of a file")
	}
	for _, name := range []string{".", fileA} {
		_, dir := filled(t, entry(opA, 0, ""))
		path := filepath.Join(dir, name)
		must(t, os.Chown(path, 4711, -1))
		var warnings []*journal.ModeError
		l := open(t, dir, journal.WithWarning(func(e *journal.ModeError) { warnings = append(warnings, e) }))
		for _, err := range []error{second(l.Entries(t.Context(), opA)), l.Append(t.Context(), entry(opA, 1, ""))} {
			var e *journal.ModeError
			if !errors.As(err, &e) || !e.Foreign || e.Owner != 4711 || e.Path != path || !e.Writable() || !strings.Contains(e.Error(), "belongs to user 4711") || !strings.Contains(e.Error(), "chown 0") {
				t.Errorf("%s: got %v, want a ModeError for %s with the owner 4711 and the chown that fixes it", name, err, path)
			}
		}
		if got, errs := trailOf(t, l, ledger.Query{}); len(got) != 1 || errs != nil || len(warnings) != 1 {
			t.Errorf("%s: trail: got %d entries, %v and warnings %v, want one entry, no errors and one warning", name, len(got), errs, warnings)
		}
	}
}
