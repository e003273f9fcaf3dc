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

// otherProcess runs the program as a process of its own.
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

// trailOf is what sfcancel ledger shows as JSON.
func trailOf(t *testing.T, args ...string) (entries []entryJSON) {
	t.Helper()
	code, out, errs := sfcancel(t, append([]string{"ledger", "-o", "json"}, args...)...)
	if err := json.Unmarshal([]byte(out), &entries); err != nil || code != exitOK {
		t.Fatalf("ledger %v: exit %d, %v: %s%s", args, code, err, out, errs)
	}
	return entries
}

// blind is a cluster that takes cancels and cannot list anything.
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

// The graceful cancel of one process lets another force, also where the cluster shows nothing of it.
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
		if want == exitNotSent { // which uses up all of it
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
		t.Fatalf("%d forces went out", n)
	}
	step(exitOK, "Accepted", "force", id, "--reason", "it hangs")
	if n := forces.Load(); n != 1 {
		t.Errorf("%d forces went out", n)
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
		t.Fatalf("%v: %+v", err, got)
	}
	for i, e := range got {
		if e.Time.Before(begin.Truncate(time.Second)) || e.Time.After(time.Now()) || e.By != me.Username+"@"+host || e.OperationID != id {
			t.Errorf("%+v", e)
		}
		e = entryJSON{Action: e.Action, Verdict: e.Verdict, State: e.State, Reason: e.Reason}
		if e != want[i] {
			t.Errorf("entry %d is %+v, want %+v", i, e, want[i])
		}
	}
	shard := filepath.Join(path, id[:2]+".jsonl")
	for name, mode := range map[string]os.FileMode{shard: 0o600, path: 0o700, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

// Each command that changes something notes it, with the words that it was given.
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
			t.Errorf("%v: exit %d: %s", c.args, code, text)
		}
	}
	var got []string
	for _, e := range trailOf(t, id) {
		got = append(got, e.Action+" "+e.Reason)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Against a real server: without a graceful cancel there is no force, whoever asks.
func TestLedgerNeedsGraceful(t *testing.T) {
	ownState(t)
	url := serveInTest(t, "--freeze")
	id := start(t, url, dataLoss...)
	for _, want := range []string{"no graceful cancel", "no graceful cancel"} { // the first leaves no evidence for the second
		if code, out := otherProcess(t, "force", id, "--endpoint", url); code != exitPolicy || !strings.Contains(out, want) {
			t.Errorf("exit %d: %s", code, out)
		}
	}
	if code, out := otherProcess(t, "force", id, "--endpoint", url, "--policy", "graceful-first", "--grace", "1ms"); code != exitOK {
		t.Errorf("exit %d: %s", code, out)
	}
}

// A stop that waits holds nobody up, and notes what it does as it does it.
func TestLedgerOfTwoAtOnce(t *testing.T) {
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
			t.Fatal("the stop notes nothing")
		}
	}
	begin := time.Now()
	for range 3 {
		if code, out := otherProcess(t, "cancel", other, "--endpoint", url); code != exitOK || strings.Contains(out, "warning") {
			t.Errorf("exit %d: %s", code, out)
		}
	}
	if took := time.Since(begin); took > time.Minute {
		t.Errorf("it took %v, want a minute at most", took)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if _ = cmd.Wait(); cmd.ProcessState.ExitCode() != exitNotFinished || strings.Contains(out.String(), "warning") {
		t.Errorf("the stop: exit %d: %s", cmd.ProcessState.ExitCode(), out.String())
	}
	if got := trailOf(t, other); len(got) != 4 || got[0].Action != "start" {
		t.Errorf("%+v", got)
	}
}

// One line that is damaged stops the forces that it may be about; the trail shows the others and names it.
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
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	code, out, errs := sfcancel(t, "cancel", id, "--endpoint", url, "-o", "json")
	if code != exitOK || !strings.Contains(out, where) || !strings.Contains(errs, "warning") || !strings.Contains(errs, where) {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
	if code, out, errs := sfcancel(t, "force", other, "--endpoint", url); code != exitOK || forces.Load() != 1 {
		t.Errorf("another: exit %d: %s%s", code, out, errs)
	}
	code, out, errs = sfcancel(t, "ledger", "-o", "json")
	var entries []entryJSON
	if err := json.Unmarshal([]byte(out), &entries); err != nil || code != exitFailed || len(entries) != 4 || !strings.Contains(errs, where) {
		t.Errorf("exit %d, %v, %d entries: %s%s", code, err, len(entries), out, errs)
	}
	code, out, errs = sfcancel(t, "ledger", "5b"+uuid.NewString()[2:])
	if code != exitFailed || !strings.Contains(errs, where) || strings.Contains(errs, "nothing of that") {
		t.Errorf("one that has none: exit %d: %s%s", code, out, errs)
	}
}

// A ledger that cannot be used stops every force, and nothing else.
func TestLedgerUnusable(t *testing.T) {
	t.Parallel()
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
	if code, _, errs := do("stop", id, "--grace", "1ms"); code != exitNotFinished || !strings.Contains(errs, "no force was sent after the grace") {
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

var atOnce = flag.Int("at-once", 20, "how many pairs of processes TestManyAtOnce runs at once")

// Of many processes at once, each a cancel and then a force, nobody is turned away for the ledger, and nothing
// goes unnoted: in a new ledger, and while one of an earlier release is taken over.
func TestManyAtOnce(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T){
		"new": func(t *testing.T) { ownState(t) },
		"taken over": func(t *testing.T) {
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
					for _, command := range []string{"cancel", "force"} { // as long as it takes on a busy machine
						code, out := otherProcess(t, command, id, "--endpoint", url, "--timeout", "5m")
						if code != exitOK || strings.Contains(out, "warning") {
							t.Errorf("%s: exit %d: %s", command, code, out)
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
				if got := strings.Join(noted[id], ", "); got != "graceful Accepted, force , force Accepted" {
					t.Errorf("noted of %s: %s", id, got)
				}
			}
		})
	}
}
