package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/store/bolt"
)

// A ledger that cannot be used stops every force, and nothing else.
func TestLedgerUnusable(t *testing.T) {
	const text = "notes of somebody else, and no ledger"
	url := serveInTest(t, "--freeze")
	for name, make := range map[string]func(t *testing.T, dir string) (path string){
		"something else": func(t *testing.T, dir string) string {
			path := filepath.Join(dir, "notes.txt")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		},
		"a file as directory": func(t *testing.T, dir string) string {
			path := filepath.Join(dir, "notes.txt")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		},
		"a directory":                      func(_ *testing.T, dir string) string { return dir },
		"in a directory that is not there": func(_ *testing.T, dir string) string { return filepath.Join(dir, "no", "ledger.db") },
		"in use": func(t *testing.T, dir string) string {
			path := filepath.Join(dir, "ledger.db")
			st, err := bolt.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = st.Close() })
			return path
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := make(t, t.TempDir())
			flags := []string{"--endpoint", url, "-o", "json", "--ledger", "bolt:" + path}
			if name == "a file as directory" {
				flags[len(flags)-1] = "file:" + path
			}
			if name == "in use" { // where each access waits
				flags = append(flags, "--timeout", "2s")
				if code, out, errs := sfcancel(t, append([]string{"force", uuid.NewString(), "--policy", "server-decides"}, flags...)...); code != exitPolicy || !strings.Contains(errs, path) {
					t.Errorf("force: exit %d: %s%s", code, out, errs)
				}
				if code, out, errs := sfcancel(t, append([]string{"cancel", start(t, url, dataLoss...)}, flags...)...); code != exitOK || !strings.Contains(out, path) || !strings.Contains(errs, "in use") {
					t.Errorf("cancel: exit %d: %s%s", code, out, errs)
				}
				return
			}
			unusable(t, flags, path, name == "in a directory that is not there")
			if got, err := os.ReadFile(path); (name == "something else" || name == "a file as directory") && (err != nil || string(got) != text) {
				t.Errorf("the file is %q now, %v", got, err)
			}
		})
	}
}

// unusable checks what each command makes of a ledger that cannot be used. One whose directory is
// missing reads as empty, and cannot be written.
func unusable(t *testing.T, flags []string, path string, reads bool) {
	t.Helper()
	do := func(args ...string) (code int, doc errorJSON, errs string) {
		t.Helper()
		code, out, errs := sfcancel(t, append(args, flags...)...)
		if err := json.Unmarshal([]byte(out), &doc); err != nil {
			t.Fatalf("%v: %v: %s%s", args, err, out, errs)
		}
		for _, want := range []string{path, "--ledger none"} {
			if !strings.Contains(errs, want) || !strings.Contains(doc.LedgerError, want) || strings.Count(errs, "\n") > 2 {
				t.Errorf("%v: standard error %q, ledgerError %q", args, errs, doc.LedgerError)
			}
		}
		return code, doc, errs
	}
	code, doc, errs := do(append([]string{"start"}, dataLoss...)...)
	if code != exitOK || !strings.Contains(errs, "warning") {
		t.Errorf("start: exit %d: %s", code, errs)
	}
	id := doc.OperationID
	if code, _, errs := do("force", id, "--policy", "server-decides"); code != exitPolicy || !strings.Contains(errs, "no force is sent") {
		t.Errorf("force: exit %d: %s", code, errs)
	}
	if code, _, errs := do("cancel", id); code != exitOK || !strings.Contains(errs, "warning") {
		t.Errorf("cancel: exit %d: %s", code, errs)
	}
	for _, policy := range []string{"require-graceful", "graceful-first", "server-decides"} {
		args := []string{"force", id, "--policy", policy}
		if policy == "graceful-first" {
			args = append(args, "--grace", "1ms")
		}
		if code, doc, errs := do(args...); code != exitPolicy || doc.ExitCode != exitPolicy || !strings.Contains(errs, "the ledger") {
			t.Errorf("%s: exit %d: %s", policy, code, errs)
		}
	}
	if code, _, errs := do("stop", id, "--grace", "1ms"); code != exitNotFinished || !strings.Contains(errs, "there was no force after the grace") {
		t.Errorf("stop: exit %d: %s", code, errs)
	}
	code, out, errs := sfcancel(t, "ledger", "--ledger", flags[len(flags)-1])
	if want := map[bool]int{true: exitOK, false: exitFailed}[reads]; code != want || !strings.Contains(errs, path) {
		t.Errorf("ledger: exit %d: %s%s", code, out, errs)
	}
	// Nothing of all this was a force: the first that is comes without the ledger.
	code, out, errs = sfcancel(t, append(append([]string{"force", id}, flags[:4]...), "--ledger", "none")...)
	if code != exitOK || !strings.Contains(out, `"Accepted"`) || strings.Contains(out, "ledgerError") || errs != "" {
		t.Errorf("without the ledger: exit %d: %s%s", code, out, errs)
	}
}

// A ledger in an etcd that is not there leaves a graceful cancel the time to go out, however little that is.
func TestLedgerEtcdDown(t *testing.T) {
	t.Parallel()
	url, _ := blind(t)
	limits := []string{"2s", "6s"}
	if testing.Short() {
		limits = limits[:1]
	}
	for _, limit := range limits {
		code, out, errs := sfcancel(t, "cancel", uuid.NewString(), "--endpoint", url, "--timeout", limit, "--ledger", "etcd://127.0.0.1:1/x")
		if code != exitOK || !strings.Contains(out, "Accepted") || !strings.Contains(errs, "cannot be reached") {
			t.Errorf("within %s: exit %d: %s%s", limit, code, out, errs)
		}
	}
}
