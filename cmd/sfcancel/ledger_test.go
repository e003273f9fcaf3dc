package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/store/bolt"
	"github.com/sfcancel/sfcancel/wrapper"
)

// ownState gives a test a state directory of its own, and returns where its ledger will be.
func ownState(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "state")
	t.Setenv("XDG_STATE_HOME", dir)
	return filepath.Join(dir, "sfcancel", "ledger")
}

// otherProcess runs the program in another process.
func otherProcess(t *testing.T, args ...string) (code int, output string) {
	t.Helper()
	cmd := exec.Command(os.Args[0], confirmed(args)...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// trailOf returns the entries that sfcancel ledger shows.
func trailOf(t *testing.T, args ...string) (entries []entryJSON) {
	t.Helper()
	code, out, errs := sfcancel(t, append([]string{"ledger", "-o", "json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &entries); err != nil || code != exitOK {
		t.Fatalf("ledger %v: exit %d, %v, want %d with entries: %s%s", args, code, err, exitOK, out, errs)
	}
	return entries
}

// blind is a cluster that accepts cancels and answers every read with 503.
func blind(t testing.TB) (url string, forces *atomic.Int64) {
	t.Helper()
	forces = new(atomic.Int64)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet:
			w.WriteHeader(http.StatusServiceUnavailable)
		case r.URL.Query().Get("Force") == "true":
			forces.Add(1)
		}
	}))
	t.Cleanup(srv.Close)
	return srv.URL, forces
}

// The graceful cancel of one process is evidence for the force of another, even if the cluster does not show it.
func TestLedgerBetweenProcesses(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for time-outs; make test runs it")
	}
	path := ownState(t)
	begin := time.Now()
	url, forces := blind(t)
	id, other := uuid.NewString(), uuid.NewString()
	step := func(want int, say string, args ...string) {
		t.Helper()
		limit := time.Minute
		if want == exitNotSent { // uses up the whole limit
			limit = 2 * time.Second
		}
		for {
			code, out := otherProcess(t, append(args, "--endpoint", url, "--timeout", limit.String())...)
			if code == want && strings.Contains(out, say) {
				return
			}
			if limit *= 2; limit > time.Minute {
				t.Errorf("sfcancel %v: exit %d, want %d with %q: %s", args, code, want, say, out)
				return
			}
		}
	}
	step(exitNotSent, "503", "force", id)
	step(exitOK, "Accepted", "cancel", id, "--reason", "the drill is over")
	step(exitOK, "AlreadyStopping", "cancel", id)
	step(exitNotSent, "503", "force", other)
	step(exitNotSent, "503", "force", id, "--ledger", "none")
	step(exitNotSent, "503", "force", id, "--ledger", "bolt:"+filepath.Join(t.TempDir(), "other.db"))
	step(exitNotSent, "503", "force", id, "--ledger", "file:"+filepath.Join(t.TempDir(), "other"))
	if n := forces.Load(); n != 0 {
		t.Fatalf("got %d forces without evidence, want none", n)
	}
	step(exitOK, "Accepted", "force", id, "--reason", "it hangs")
	if n := forces.Load(); n != 1 {
		t.Errorf("got %d forces, want 1", n)
	}

	got := trailOf(t, id)
	want := []entryJSON{
		{Action: "graceful", Verdict: "Accepted", State: "RollingBack", Reason: "the drill is over"},
		{Action: "graceful", Verdict: "AlreadyStopping", State: "RollingBack"},
		{Action: "force", Reason: "it hangs"},
		{Action: "force", Verdict: "Accepted", State: "RollingBack", Reason: "it hangs"},
	}
	host, _ := os.Hostname()
	me, err := user.Current()
	if err != nil || len(got) != len(want) {
		t.Fatalf("got %+v, %v, want %d entries", got, err, len(want))
	}
	for i, e := range got {
		if e.Time.Before(begin.Truncate(time.Second)) || e.Time.After(time.Now()) || e.By != me.Username+"@"+host || e.OperationID != id {
			t.Errorf("entry %d: got %+v, want one of now, by %s@%s, for operation %s", i, e, me.Username, host, id)
		}
		e = entryJSON{Action: e.Action, Verdict: e.Verdict, State: e.State, Reason: e.Reason}
		if e != want[i] {
			t.Errorf("entry %d: got %+v, want %+v", i, e, want[i])
		}
	}
	shard := filepath.Join(path, id[:2]+".jsonl")
	for name, mode := range map[string]os.FileMode{shard: 0o600, path: 0o700, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: got mode %v, %v, want %v", name, info.Mode(), err, mode)
		}
	}
}

// Each command that changes something records it with its --reason.
func TestLedgerReasons(t *testing.T) {
	ownState(t)
	url := serveInTest(t, "--freeze")
	id := start(t, url, append(dataLoss, "--reason", "a drill")...)
	want := []string{"start a drill", "graceful over", "graceful over for good", "graceful now", "force now", "force now"}
	for _, c := range []struct {
		noted int // entries by then
		args  []string
	}{
		{2, []string{"cancel", id, "--reason", "over"}},
		{3, []string{"stop", id, "--reason", "over for good", "--never-force"}},
		{len(want), []string{"stop", id, "--reason", "now", "--grace", "1ms"}},
	} {
		noted := func(string) bool { return len(trailOf(t, id)) >= c.noted }
		if code, text := interrupted(t, noted, append(c.args, "--endpoint", url)...); code != exitOK && code != exitNotFinished {
			t.Errorf("%v: exit %d, want %d or %d: %s", c.args, code, exitOK, exitNotFinished, text)
		}
	}
	var got []string
	for _, e := range trailOf(t, id) {
		got = append(got, e.Action+" "+e.Reason)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Against a real server, no process can force without a graceful cancel.
func TestLedgerNeedsGraceful(t *testing.T) {
	ownState(t)
	url := serveInTest(t, "--freeze")
	id := start(t, url, dataLoss...)
	for _, want := range []string{"no graceful cancel", "no graceful cancel"} { // the first leaves no evidence for the second
		if code, out := otherProcess(t, "force", id, "--endpoint", url); code != exitPolicy || !strings.Contains(out, want) {
			t.Errorf("exit %d, want %d with %q: %s", code, exitPolicy, want, out)
		}
	}
	if code, out := otherProcess(t, "force", id, "--endpoint", url, "--policy", "graceful-first", "--grace", "1ms"); code != exitOK {
		t.Errorf("graceful-first: exit %d, want %d: %s", code, exitOK, out)
	}
}

// A stop that waits does not block other commands, and records each step when it takes it.
func TestLedgerWhileStopWaits(t *testing.T) {
	ownState(t)
	url := serveInTest(t, "--freeze")
	id, other := start(t, url, dataLoss...), start(t, url, "node-transition", "--node", "n1", "--instance", "1")
	cmd := exec.Command(os.Args[0], "stop", id, "--never-force", "--endpoint", url)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); len(trailOf(t, id)) < 2; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			_ = cmd.Process.Kill()
			t.Fatal("got no entry of the stop in a minute, want one")
		}
	}
	begin := time.Now()
	for range 3 {
		if code, out := otherProcess(t, "cancel", other, "--endpoint", url); code != exitOK || strings.Contains(out, "warning") {
			t.Errorf("cancel of another: exit %d, want %d without a warning: %s", code, exitOK, out)
		}
	}
	if took := time.Since(begin); took > time.Minute {
		t.Errorf("three cancels took %v, want a minute at most", took)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if _ = cmd.Wait(); cmd.ProcessState.ExitCode() != exitNotFinished || strings.Contains(out.String(), "warning") {
		t.Errorf("stop: exit %d, want %d without a warning: %s", cmd.ProcessState.ExitCode(), exitNotFinished, out.String())
	}
	if got := trailOf(t, other); len(got) != 4 || got[0].Action != "start" {
		t.Errorf("got entries %+v, want 4 that begin with the start", got)
	}
}

// A damaged line stops the forces that it may be about. The trail shows the other entries and names the line.
func TestLedgerDamaged(t *testing.T) {
	path := ownState(t)
	url, forces := blind(t)
	id, other := "5b"+uuid.NewString()[2:], "c0"+uuid.NewString()[2:]
	for _, id := range []string{id, other} {
		if code, out, errs := sfcancel(t, "cancel", id, "--endpoint", url); code != exitOK {
			t.Fatal(out, errs)
		}
	}
	path = filepath.Join(path, "5b.jsonl")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := strings.Replace(string(text), "Accepted", "NotFound", 1)
	if err := os.WriteFile(path, []byte(damaged), 0o600); err != nil {
		t.Fatal(err)
	}
	where := path + " line 2"
	if code, out, errs := sfcancel(t, "force", id, "--endpoint", url); code != exitPolicy || !strings.Contains(errs, where) {
		t.Errorf("force: exit %d, want %d with %q: %s%s", code, exitPolicy, where, out, errs)
	}
	code, out, errs := sfcancel(t, "cancel", id, "--endpoint", url, "-o", "json")
	if code != exitOK || !strings.Contains(out, where) || !strings.Contains(errs, "warning") || !strings.Contains(errs, where) {
		t.Errorf("cancel: exit %d, want %d with a warning and %q: %s%s", code, exitOK, where, out, errs)
	}
	if code, out, errs := sfcancel(t, "force", other, "--endpoint", url); code != exitOK || forces.Load() != 1 {
		t.Errorf("force of another operation: exit %d after %d forces, want %d, 1: %s%s", code, forces.Load(), exitOK, out, errs)
	}
	code, out, errs = sfcancel(t, "ledger", "-o", "json")
	var entries []entryJSON
	if err := json.Unmarshal([]byte(out), &entries); err != nil || code != exitFailed || len(entries) != 4 || !strings.Contains(errs, where) {
		t.Errorf("ledger: exit %d, %v, %d entries, want %d, nil, 4, with %q: %s%s", code, err, len(entries), exitFailed, where, out, errs)
	}
	code, out, errs = sfcancel(t, "ledger", "5b"+uuid.NewString()[2:])
	if code != exitFailed || !strings.Contains(errs, where) || strings.Contains(errs, "no such entries") {
		t.Errorf("ledger of an operation without entries: exit %d, want %d with %q alone: %s%s", code, exitFailed, where, out, errs)
	}
}

// A ledger that cannot be used stops every force, but no other command.
func TestLedgerUnusable(t *testing.T) {
	t.Parallel()
	const text = "notes of somebody else, and no ledger"
	url := serveInTest(t, "--freeze")
	for name, make := range map[string]func(t *testing.T, dir string) (path string){
		"another file": func(t *testing.T, dir string) string {
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
		"a directory":                    func(_ *testing.T, dir string) string { return dir },
		"in a directory that is missing": func(_ *testing.T, dir string) string { return filepath.Join(dir, "no", "ledger.db") },
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
			if name == "in use" { // each access waits
				flags = append(flags, "--timeout", "2s")
				if code, out, errs := sfcancel(t, append([]string{"force", uuid.NewString(), "--policy", "server-decides"}, flags...)...); code != exitPolicy || !strings.Contains(errs, path) {
					t.Errorf("force: exit %d, want %d with %s: %s%s", code, exitPolicy, path, out, errs)
				}
				if code, out, errs := sfcancel(t, append([]string{"cancel", start(t, url, dataLoss...)}, flags...)...); code != exitOK || !strings.Contains(out, path) || !strings.Contains(errs, "in use") {
					t.Errorf("cancel: exit %d, want %d with %s in use: %s%s", code, exitOK, path, out, errs)
				}
				return
			}
			unusable(t, flags, path, name == "in a directory that is missing")
			if got, err := os.ReadFile(path); (name == "another file" || name == "a file as directory") && (err != nil || string(got) != text) {
				t.Errorf("got file %q, %v, want %q", got, err, text)
			}
		})
	}
}

// unusable checks each command with a ledger that cannot be used. If reads is true, its directory is
// missing: it reads as empty, but cannot be written.
func unusable(t *testing.T, flags []string, path string, reads bool) {
	t.Helper()
	do := func(args ...string) (code int, doc errorJSON, errs string) {
		t.Helper()
		code, out, errs := sfcancel(t, append(args, flags...)...)
		if err := json.Unmarshal([]byte(out), &doc); err != nil {
			t.Fatalf("%v: got %v, want a document: %s%s", args, err, out, errs)
		}
		for _, want := range []string{path, "--ledger none"} {
			if !strings.Contains(errs, want) || !strings.Contains(doc.LedgerError, want) || strings.Count(errs, "\n") > 2 {
				t.Errorf("%v: got standard error %q, ledgerError %q, want %q in both, and two lines at most", args, errs, doc.LedgerError, want)
			}
		}
		return code, doc, errs
	}
	code, doc, errs := do(append([]string{"start"}, dataLoss...)...)
	if code != exitOK || !strings.Contains(errs, "warning") {
		t.Errorf("start: exit %d, want %d with a warning: %s", code, exitOK, errs)
	}
	id := doc.OperationID
	if code, _, errs := do("force", id, "--policy", "server-decides"); code != exitPolicy || !strings.Contains(errs, "no force is sent") {
		t.Errorf("force: exit %d, want %d and no force: %s", code, exitPolicy, errs)
	}
	if code, _, errs := do("cancel", id); code != exitOK || !strings.Contains(errs, "warning") {
		t.Errorf("cancel: exit %d, want %d with a warning: %s", code, exitOK, errs)
	}
	for _, policy := range []string{"require-graceful", "graceful-first", "server-decides"} {
		args := []string{"force", id, "--policy", policy}
		if policy == "graceful-first" {
			args = append(args, "--grace", "1ms")
		}
		if code, doc, errs := do(args...); code != exitPolicy || doc.ExitCode != exitPolicy || !strings.Contains(errs, "the ledger") {
			t.Errorf("%s: exit %d, want %d because of the ledger: %s", policy, code, exitPolicy, errs)
		}
	}
	if code, _, errs := do("stop", id, "--grace", "1ms"); code != exitNotFinished || !strings.Contains(errs, "no force was sent after the grace") {
		t.Errorf("stop: exit %d, want %d and no force: %s", code, exitNotFinished, errs)
	}
	code, out, errs := sfcancel(t, "ledger", "--ledger", flags[len(flags)-1])
	if want := map[bool]int{true: exitOK, false: exitFailed}[reads]; code != want || !strings.Contains(errs, path) {
		t.Errorf("ledger: exit %d, want %d with %s: %s%s", code, want, path, out, errs)
	}
	// No force was sent so far, so the first one, without the ledger, is accepted.
	code, out, errs = sfcancel(t, append(append([]string{"force", id}, flags[:4]...), "--ledger", "none")...)
	if code != exitOK || !strings.Contains(out, `"Accepted"`) || strings.Contains(out, "ledgerError") || errs != "" {
		t.Errorf("force without the ledger: exit %d, want %d with Accepted, and no errors: %s%s", code, exitOK, out, errs)
	}
}

// A ledger in an etcd that cannot be reached leaves enough time to send a graceful cancel, whatever the --timeout.
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
			t.Errorf("within %s: exit %d, want %d with Accepted and a warning: %s%s", limit, code, exitOK, out, errs)
		}
	}
}

var atOnce = flag.Int("at-once", 20, "how many pairs of processes TestManyAtOnce runs at once")

// Many processes at once, each a cancel and then a force, can use the ledger, and every action is recorded: in a new
// ledger, and while the ledger of an earlier release is imported.
func TestManyAtOnce(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T){
		"new": func(t *testing.T) { ownState(t) },
		"imported": func(t *testing.T) {
			oldLedger(t, wrapper.Entry{Time: time.Now(), OperationID: uuid.New(), Action: "graceful", Verdict: wrapper.Accepted})
		},
	} {
		t.Run(name, func(t *testing.T) {
			prepare(t)
			url := serveInTest(t, "--freeze")
			ids := make([]string, *atOnce)
			for i := range ids {
				ids[i] = start(t, url, append(dataLoss, "--ledger", "none")...)
			}
			var group sync.WaitGroup
			for _, id := range ids {
				group.Go(func() {
					for _, command := range []string{"cancel", "force"} { // with a time limit for busy machines
						code, out := otherProcess(t, command, id, "--endpoint", url, "--timeout", "5m")
						if code != exitOK || strings.Contains(out, "warning") {
							t.Errorf("%s: exit %d, want %d without a warning: %s", command, code, exitOK, out)
						}
					}
				})
			}
			group.Wait()
			noted := make(map[string][]string)
			for _, e := range trailOf(t) {
				noted[e.OperationID] = append(noted[e.OperationID], e.Action+" "+e.Verdict)
			}
			for _, id := range ids {
				if got, want := strings.Join(noted[id], ", "), "graceful Accepted, force , force Accepted"; got != want {
					t.Errorf("entries of %s: got %s, want %s", id, got, want)
				}
			}
		})
	}
}
