package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/internal/readonly"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/wrapper"
)

// oldLedger makes a ledger of an earlier release beside the default one, with these entries.
func oldLedger(t *testing.T, entries ...wrapper.Entry) (dir, old string) {
	t.Helper()
	dir = ownState(t)
	old = dir + ".db"
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, inFile(t, old), entries...)
	return dir, old
}

// untouched returns a function that checks that a file has not changed.
func untouched(t *testing.T, path string) func() {
	t.Helper()
	look := func() (string, time.Time) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text), info.ModTime()
	}
	text, changed := look()
	return func() {
		t.Helper()
		if now, at := look(); now != text || !at.Equal(changed) {
			t.Errorf("%s has changed, want it as it was", path)
		}
	}
}

// The first of several processes imports the ledger of an earlier release, completely and in order. It is evidence for
// the forces of all, and stays unchanged.
func TestTakeOver(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts a process for each of six ledgers; make test runs it")
	}
	const processes = 6
	url, forces := blind(t)
	now := time.Now()
	var entries []wrapper.Entry
	var ids []string
	for i := range processes {
		id := uuid.New()
		ids = append(ids, id.String())
		for _, e := range []wrapper.Entry{
			{Time: now, Action: "force", Reason: "of a clock that is ahead"},
			{Time: now.Add(-time.Hour), Cluster: url + "/", Action: "graceful", Outcome: "done", Verdict: wrapper.Accepted, By: "ann@ops", Reason: "then"},
		}[:1+i%2] {
			e.OperationID = id
			entries = append(entries, e)
		}
	}
	dir, old := oldLedger(t, entries...)
	defer untouched(t, old)()
	var group sync.WaitGroup
	for i, id := range ids {
		group.Go(func() {
			want := exitOK
			if i%2 == 0 { // has no graceful cancel
				want = exitNotSent
			}
			if code, out := otherProcess(t, "force", id, "--endpoint", url, "--timeout", "20s", "--policy", "require-graceful"); code != want {
				t.Errorf("force %d: exit %d, want %d: %s", i, code, want, out)
			}
		})
	}
	group.Wait()
	if n := forces.Load(); n != processes/2 {
		t.Errorf("got %d forces, want %d", n, processes/2)
	}
	got, err := inDir(t, dir).Entries(t.Context(), uuid.MustParse(ids[1]))
	if err != nil || len(got) != 4 || got[0].Reason != "of a clock that is ahead" || got[1].Reason != "then" || got[1].By != "ann@ops" || !got[1].Time.Equal(now.Add(-time.Hour)) {
		t.Errorf("got %+v, %v, want the two entries of the earlier release and two of the force", got, err)
	}
	if n := len(trailOf(t)); n != len(entries)+processes/2*2 {
		t.Errorf("got %d entries, want %d", n, len(entries)+processes/2*2)
	}
	for _, name := range []string{dir, dir + ".new"} {
		if info, err := os.Stat(name); (name == dir) != (err == nil) || err == nil && info.Mode().Perm() != 0o700 {
			t.Errorf("%s: got %v, %v, want only the ledger, with mode 0700", name, info, err)
		}
	}
}

// A ledger that cannot be imported stays unchanged. Graceful cancels are sent, forces are not, and both say what to do.
func TestTakeOverDamaged(t *testing.T) {
	url, forces := blind(t)
	for name, damage := range map[string]func(t *testing.T, old string){
		"another file": func(t *testing.T, old string) {
			if err := os.WriteFile(old, []byte("notes of somebody else"), 0o600); err != nil {
				t.Fatal(err)
			}
		},
		"an item": func(t *testing.T, old string) {
			txn := store.Txn{Then: []store.Write{{Key: "ledger/" + uuid.NewString() + "/00000000000000000001-X", Value: []byte("{")}}}
			if _, err := (fileStore{old}).Commit(t.Context(), txn); err != nil {
				t.Fatal(err)
			}
		},
		"a page": func(t *testing.T, old string) {
			file, err := os.OpenFile(old, os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			_, err = file.WriteAt(make([]byte, 4096), 2*4096)
			if err := errors.Join(err, file.Close()); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			id := uuid.New()
			dir, old := oldLedger(t, wrapper.Entry{Time: time.Now(), OperationID: id, Action: "graceful", Verdict: wrapper.Accepted})
			damage(t, old)
			defer untouched(t, old)()
			before := forces.Load()
			for _, c := range []struct {
				args []string
				code int
			}{
				{[]string{"cancel", id.String(), "--endpoint", url}, exitOK},
				{[]string{"force", id.String(), "--endpoint", url}, exitPolicy},
				{[]string{"force", id.String(), "--endpoint", url, "--policy", "server-decides"}, exitPolicy},
				{[]string{"ledger"}, exitFailed},
			} {
				code, out, errs := sfcancel(t, c.args...)
				if code != c.code || !strings.Contains(errs, "move "+old+" away") || strings.Contains(errs, "no such entries") {
					t.Errorf("%v: exit %d, want %d with the advice: %s%s", c.args, code, c.code, out, errs)
				}
			}
			if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) || forces.Load() != before {
				t.Errorf("got %v, %d forces, want no new ledger and no forces", err, forces.Load()-before)
			}
		})
	}
}

// If nothing can be written, the ledger of an earlier release is read in place, and is evidence.
func TestTakeOverReadOnly(t *testing.T) {
	id := uuid.New()
	dir, old := oldLedger(t, wrapper.Entry{Time: time.Now(), OperationID: id, Action: "graceful", Verdict: wrapper.Accepted, Reason: "then"})
	readonly.Dir(t, filepath.Dir(dir))
	code, out, errs := sfcancel(t, "ledger")
	if code != exitOK || !strings.Contains(out, "then") || errs != "" {
		t.Errorf("exit %d, want %d with the entry and no errors: %s%s", code, exitOK, out, errs)
	}
	l, err := openOwn(t.Context(), dir, "ann", t.Output())
	if err != nil {
		t.Fatal(err)
	}
	defer l.end()
	if got, err := l.Entries(t.Context(), id); err != nil || len(got) != 1 || l.place != "bolt:"+old {
		t.Errorf("got %v, %v in %s, want one entry in bolt:%s", got, err, l.place, old)
	}
	if err := l.Append(t.Context(), wrapper.Entry{Time: time.Now(), OperationID: id}); err == nil {
		t.Error("append: got nil, want an error")
	}
}

// A ledger that other users can write to proves nothing. A ledger that they can only read is used, with a warning.
func TestLedgerModes(t *testing.T) {
	dir := ownState(t)
	url, forces := blind(t)
	id := uuid.NewString()
	for _, c := range []struct {
		mode fs.FileMode
		args []string
		code int
		says []string
	}{
		{0o755, []string{"cancel", id}, exitOK, []string{"warning: the ledger: " + dir + " has mode 0755, others may read it: chmod 700"}},
		{0o777, []string{"cancel", id}, exitOK, []string{"warning: the ledger could not be read or written completely", "others may change it, so it proves nothing: chmod 700"}},
		{0o777, []string{"force", id}, exitPolicy, []string{"chmod 700"}},
		{0o777, []string{"ledger"}, exitOK, []string{"warning: the ledger: " + dir + " has mode 0777"}},
		{0o750, []string{"force", id}, exitOK, []string{"warning: the ledger: " + dir + " has mode 0750"}},
		{0o700, []string{"ledger"}, exitOK, nil},
	} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, c.mode); err != nil {
			t.Fatal(err)
		}
		args := c.args
		if args[0] != "ledger" {
			args = append(slices.Clone(args), "--endpoint", url)
		}
		code, out, errs := sfcancel(t, args...)
		if code != c.code || (errs == "") != (c.says == nil) {
			t.Errorf("%v with mode %o: exit %d, want %d with %q: %s%s", args, c.mode, code, c.code, c.says, out, errs)
		}
		for _, want := range c.says {
			if strings.Count(errs, want) != 1 {
				t.Errorf("%v with mode %o: got %s, want %q in it once", args, c.mode, errs, want)
			}
		}
	}
	if n := forces.Load(); n != 1 {
		t.Errorf("got %d forces, want 1", n)
	}
}

// A ledger of an earlier release that other users can change or replace is not imported and proves nothing, nor if
// --ledger names it. The chmod that the error names helps.
func TestOldLedgerModes(t *testing.T) {
	url, forces := blind(t)
	for name, c := range map[string]struct {
		change func(old string) error
		says   string
	}{
		"the file":       {func(old string) error { return os.Chmod(old, 0o666) }, "has mode 0666, others may change it, so it proves nothing: chmod 600"},
		"its directory":  {func(old string) error { return os.Chmod(filepath.Dir(old), 0o777) }, "has mode 0777, others may change it, so it proves nothing: chmod 755"},
		"another's file": {func(old string) error { return os.Chown(old, 4711, -1) }, "belongs to user 4711"},
	} {
		t.Run(name, func(t *testing.T) {
			id := uuid.New()
			dir, old := oldLedger(t, wrapper.Entry{Time: time.Now(), OperationID: id, Cluster: url + "/", Action: "graceful", Outcome: "done", Verdict: wrapper.Accepted})
			if err := c.change(old); errors.Is(err, fs.ErrPermission) {
				t.Skip("only root can change the owner of a file")
			} else if err != nil {
				t.Fatal(err)
			}
			before := forces.Load()
			for _, place := range [][]string{nil, {"--ledger", "bolt:" + old}} {
				for verb, want := range map[string]int{"force": exitPolicy, "cancel": exitOK} {
					code, out, errs := sfcancel(t, append([]string{verb, id.String(), "--endpoint", url}, place...)...)
					if code != want || !strings.Contains(errs, c.says) {
						t.Errorf("%s %v: exit %d, want %d with %q: %s%s", verb, place, code, want, c.says, out, errs)
					}
				}
			}
			if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) || forces.Load() != before {
				t.Errorf("got %v, %d forces, want no new ledger and no forces", err, forces.Load()-before)
			}
			for _, err := range []error{os.Chmod(old, 0o600), os.Chmod(filepath.Dir(old), 0o755), os.Chown(old, os.Geteuid(), -1)} {
				if err != nil {
					t.Fatal(err)
				}
			}
			if code, out, errs := sfcancel(t, "force", id.String(), "--endpoint", url); code != exitOK {
				t.Errorf("force after the chmod: exit %d, want %d: %s%s", code, exitOK, out, errs)
			}
		})
	}
}

// An error of the search for the ledger is reported as it is, and not as an error of an earlier ledger.
func TestLedgerNotAccessible(t *testing.T) {
	dir := ownState(t)
	if err := os.WriteFile(filepath.Dir(filepath.Dir(dir)), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	url, forces := blind(t)
	for verb, want := range map[string]int{"force": exitPolicy, "cancel": exitOK} {
		code, out, errs := sfcancel(t, verb, uuid.NewString(), "--endpoint", url)
		if code != want || !strings.Contains(errs, "the ledger cannot be accessed: stat "+dir+": not a directory") || strings.Contains(errs, "earlier release") {
			t.Errorf("%s: exit %d, want %d with the error of stat: %s%s", verb, code, want, out, errs)
		}
	}
	if n := forces.Load(); n != 0 {
		t.Errorf("got %d forces, want none", n)
	}
}
