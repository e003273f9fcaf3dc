package main

import (
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
	"github.com/sfcancel/sfcancel/wrapper/ledger/journal"
)

// put appends entries to a ledger.
func put(t *testing.T, l wrapper.Ledger, entries ...wrapper.Entry) {
	t.Helper()
	for _, e := range entries {
		if err := l.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}

// inDir opens the ledger in a directory.
func inDir(t *testing.T, dir string) wrapper.Ledger {
	t.Helper()
	l, err := journal.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// inFile opens the ledger in a bolt file.
func inFile(t *testing.T, path string) wrapper.Ledger {
	t.Helper()
	l, err := ledger.New(fileStore{path})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// The output of sfcancel ledger, and the command lines that it refuses.
func TestTrail(t *testing.T) {
	path := ownState(t)
	a, b := uuid.New(), uuid.New()
	hour := func(n int) time.Time { return time.Now().Add(-time.Duration(n) * time.Hour) }
	code, out, errs := sfcancel(t, "ledger")
	if code != exitOK || strings.Count(out, "\n") != 1 || !strings.Contains(errs, "no such entries in the ledger file:"+path) {
		t.Errorf("no ledger: exit %d, want %d with a header and a note: %s%s", code, exitOK, out, errs)
	}
	if _, out, _ := sfcancel(t, "ledger", "-o", "json"); out != "[]\n" {
		t.Errorf("no ledger: got %q, want []", out)
	}
	put(t, inDir(t, path),
		wrapper.Entry{Time: hour(1), OperationID: a, Action: "force", By: "bob@ops", Reason: "late"},
		wrapper.Entry{Time: hour(50), OperationID: a, Action: "graceful", Verdict: wrapper.Accepted, State: wrapper.StateRollingBack, By: "ann@ops", Reason: "two\nlines \x1b[31m", Cluster: "http://sf1:19080"},
		wrapper.Entry{Time: hour(26), OperationID: b, Action: "seen", State: wrapper.StateRollingBack},
	)
	refused := uuid.New()
	put(t, inDir(t, path),
		wrapper.Entry{Time: hour(70), OperationID: refused, Action: "graceful", Outcome: "not sent"},
		wrapper.Entry{Time: hour(69), OperationID: refused, Action: "graceful", Outcome: "refused", Code: wrapper.Code(generated.ErrorCodeKeyNotFound),
			Cluster: "http://sf1:19080", Kind: "DataLoss", Target: "fabric:/shop/orders", RequestID: a},
		wrapper.Entry{Time: hour(68), OperationID: refused, Action: "graceful", Outcome: "refused"},
		wrapper.Entry{Time: hour(67), OperationID: refused, Action: "graceful", Outcome: "unknown"},
		wrapper.Entry{Time: hour(66), OperationID: refused, Action: "force", Outcome: "intent"},
	)
	elsewhere := filepath.Join(t.TempDir(), "elsewhere.db")
	put(t, inFile(t, elsewhere), wrapper.Entry{Time: hour(1), OperationID: b, Action: "start", Verdict: wrapper.Accepted, Reason: "elsewhere"})
	for _, c := range []struct {
		name string
		args []string
		code int
		want []string // in this order
		not  string
	}{
		{"all", nil, exitOK, []string{"TIME", a.String(), "graceful", "Accepted", "RollingBack", "ann@ops", "http://sf1:19080", `"two\nlines \x1b[31m"`, b.String(), "seen", a.String(), "force", "bob@ops", "late"}, "elsewhere"},
		{"one operation", []string{b.String()}, exitOK, []string{b.String(), "seen"}, a.String()},
		{"an unknown operation", []string{uuid.NewString()}, exitOK, []string{"TIME"}, a.String()},
		{"in a directory", []string{"--ledger", "file:" + path}, exitOK, []string{a.String()}, "elsewhere"},
		{"no directory", []string{"--ledger", "file:"}, exitUsage, []string{`--ledger "file:"`}, "TIME"},
		{"of the last 27 hours", []string{"--since", "27h"}, exitOK, []string{b.String(), a.String()}, "ann@ops"},
		{"elsewhere", []string{"--ledger", "bolt:" + elsewhere}, exitOK, []string{"elsewhere"}, a.String()},
		{"refused", []string{refused.String()}, exitOK, []string{"OUTCOME", "STATE", "CLUSTER", "not sent", "refused FABRIC_E_KEY_NOT_FOUND", "refused ", "unknown", "intent"}, a.String()},
		{"all fields", []string{refused.String(), "-o", "json"}, exitOK, []string{`"cluster": "http://sf1:19080"`, `"kind": "DataLoss"`, `"target": "fabric:/shop/orders"`,
			`"requestId": "` + a.String() + `"`, `"outcome": "refused"`, `"code": "FABRIC_E_KEY_NOT_FOUND"`}, "Accepted"},
		{"json", []string{"-o", "json"}, exitOK, []string{`"reason": "two\nlines \u001b[31m"`, `"by": "bob@ops"`}, "elsewhere"},
		{"two ids", []string{a.String(), b.String()}, exitUsage, []string{"one argument too many"}, "TIME"},
		{"a malformed id", []string{"a"}, exitUsage, []string{"is not an operation id"}, "TIME"},
		{"an id of zeros", []string{uuid.Nil.String()}, exitUsage, []string{"all zeros"}, "TIME"},
		{"since now", []string{"--since", "0s"}, exitUsage, []string{"--since 0s"}, "TIME"},
		{"since the future", []string{"--since", "-1h"}, exitUsage, []string{"--since -1h"}, "TIME"},
		{"a timeout of zero", []string{"--timeout", "0s"}, exitUsage, []string{"--timeout 0s"}, "TIME"},
		{"an output that does not exist", []string{"-o", "xml"}, exitUsage, []string{`--output "xml"`}, "TIME"},
		{"none", []string{"--ledger", "none"}, exitUsage, []string{"nothing to show"}, "TIME"},
		{"a ledger that does not exist", []string{"--ledger", "tape:/dev/st0"}, exitUsage, []string{`--ledger "tape:/dev/st0"`}, "TIME"},
		{"no path", []string{"--ledger", "bolt:"}, exitUsage, []string{`--ledger "bolt:"`}, "TIME"},
		{"no ledger", []string{"--ledger", ""}, exitUsage, []string{`--ledger ""`}, "TIME"},
		{"memory", []string{"--ledger", "memory"}, exitUsage, []string{`--ledger "memory"`}, "TIME"},
	} {
		code, out, errs := sfcancel(t, append([]string{"ledger"}, c.args...)...)
		rest := out + errs
		if code != c.code || strings.Contains(rest, c.not) {
			t.Errorf("%s: exit %d, want %d without %q: %s", c.name, code, c.code, c.not, rest)
		}
		for _, want := range c.want {
			_, after, found := strings.Cut(rest, want)
			if !found {
				t.Errorf("%s: got %s%s, want %q in it, in the order of %q", c.name, out, errs, want, c.want)
			}
			rest = after
		}
	}
}

// An invalid name of a ledger is a usage error, and nothing is sent.
func TestLedgerNames(t *testing.T) {
	for _, name := range []string{"", "memory", "bolt", "bolt:", "file", "file:", "tape:x", "NONE"} {
		code, _, errs := sfcancel(t, "cancel", uuid.NewString(), "--ledger", name, "--endpoint", "http://127.0.0.1:1")
		if code != exitUsage || !strings.Contains(errs, "bolt:PATH") {
			t.Errorf("--ledger %q: exit %d, want %d: %s", name, code, exitUsage, errs)
		}
	}
}

// The place of the default ledger.
func TestLedgerPath(t *testing.T) {
	j := filepath.Join
	own := j("sfcancel", "ledger")
	for _, c := range []struct {
		name, system string
		env          map[string]string
		want         string
	}{
		{"linux", "linux", nil, j("/home/ann", ".local", "state", own)},
		{"freebsd", "freebsd", nil, j("/home/ann", ".local", "state", own)},
		{"macOS", "darwin", nil, j("/home/ann", "Library", "Application Support", own)},
		{"windows", "windows", map[string]string{"LocalAppData": "/local"}, j("/local", own)},
		{"windows without LocalAppData", "windows", nil, ""},
		{"chosen", "linux", map[string]string{"XDG_STATE_HOME": "/state"}, j("/state", own)},
		{"chosen on macOS", "darwin", map[string]string{"XDG_STATE_HOME": "/state"}, j("/state", own)},
		{"relative", "linux", map[string]string{"XDG_STATE_HOME": "state"}, j("/home/ann", ".local", "state", own)},
		{"no home", "linux", map[string]string{"HOME": "none"}, ""},
	} {
		env := func(name string) string { return c.env[name] }
		home := func() (string, error) {
			if env("HOME") == "none" {
				return "", errors.New("no home")
			}
			return "/home/ann", nil
		}
		if got, err := ledgerPathOn(c.system, env, home); got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: got %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}

// Without a home directory there is no ledger, but graceful cancels are still sent.
func TestNoHome(t *testing.T) {
	for _, name := range []string{"XDG_STATE_HOME", "HOME", "LocalAppData"} {
		t.Setenv(name, "")
	}
	url, forces := blind(t)
	code, out, errs := sfcancel(t, "cancel", uuid.NewString(), "--endpoint", url)
	if code != exitOK || !strings.Contains(out, "Accepted") || !strings.Contains(errs, "no place for a ledger") {
		t.Errorf("cancel: exit %d, want %d with Accepted and a warning: %s%s", code, exitOK, out, errs)
	}
	code, out, errs = sfcancel(t, "force", uuid.NewString(), "--endpoint", url, "--policy", "server-decides")
	if code != exitPolicy || forces.Load() != 0 || !strings.Contains(errs, "--ledger none") {
		t.Errorf("force: exit %d after %d forces, want %d, 0: %s%s", code, forces.Load(), exitPolicy, out, errs)
	}
}

// Concurrent accesses of one file wait for each other, and none is lost.
func TestFileStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	if _, err := (fileStore{path: path}).Get(t.Context(), "k"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("no file: got %v, want ErrNotFound", err)
	}
	id := uuid.New()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			put(t, inFile(t, path), wrapper.Entry{Time: time.Now(), OperationID: id}, wrapper.Entry{Time: time.Now(), OperationID: id}, wrapper.Entry{Time: time.Now(), OperationID: id})
		})
	}
	all.Wait()
	if got := trailOf(t, "--ledger", "bolt:"+path); len(got) != 12 {
		t.Errorf("got %d entries, want 12", len(got))
	}
	for _, err := range (fileStore{path: path}).Watch(t.Context(), "", 0) {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("watch: got %v, want ErrUnsupported", err)
		}
	}
}
