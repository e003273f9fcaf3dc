package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
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
		noted := func() bool { return len(trailOf(t, id)) >= c.noted }
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
