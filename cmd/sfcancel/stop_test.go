package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/wrapper"
)

// stop ends an operation and reports how it ended, both for an operation that a graceful cancel
// ends and for one that needs a force.
func TestStop(t *testing.T) {
	stuck := filepath.Join(t.TempDir(), "scenario.json")
	rules := `{"rules": [{"kind": "PartitionDataLoss", "lookUp": {"fails": "always", "code": "FABRIC_E_TIMEOUT"}, "undo": {"fails": "always"}}]}`
	if err := os.WriteFile(stuck, []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	url := serveInTest(t, "--scenario", stuck, "--speed", "3600")
	id := start(t, url, dataLoss...)
	stop := func(args ...string) (int, resultJSON, string) {
		code, out, errs := sfcancel(t, append([]string{"stop", "--endpoint", url, "-o", "json"}, args...)...)
		var doc resultJSON
		if code == exitOK {
			if err := json.Unmarshal([]byte(out), &doc); err != nil {
				t.Fatal(err, out)
			}
		}
		return code, doc, out + errs
	}
	right := func(code int, text string) bool {
		return code == exitNotFinished && strings.Contains(text, "RollingBack")
	}
	if code, out, errs := patiently(t, right, "stop", id, "--endpoint", url, "--never-force"); !right(code, out+errs) {
		t.Errorf("never force: exit %d, want %d with RollingBack: %s%s", code, exitNotFinished, out, errs)
	}
	if code, doc, told := stop(id, "--grace", "1ms"); code != exitOK || doc.State != "ForceCancelled" || !doc.Force || doc.Verdict != "Finished" {
		t.Errorf("stuck: exit %d, %+v, want %d with Finished, ForceCancelled, a force: %s", code, doc, exitOK, told)
	}
	id = start(t, url, "restart", "--service", "shop/orders", "--partition", uuid.NewString())
	if code, doc, told := stop(id, "--grace", "1m"); code != exitOK || !strings.Contains("Cancelled Completed", doc.State) || doc.Force {
		t.Errorf("not stuck: exit %d, %+v, want %d with Cancelled or Completed, no force: %s", code, doc, exitOK, told)
	}
	for name, args := range map[string][]string{
		"an unknown id":           {uuid.NewString()},
		"no grace":                {id, "--grace", "0s"},
		"a grace without a force": {id, "--grace", "1s", "--never-force"},
	} {
		want := exitUsage
		if name == "an unknown id" {
			want = exitNotFound
		}
		if code, _, told := stop(args...); code != want {
			t.Errorf("%s: exit %d, want %d: %s", name, code, want, told)
		}
	}
}

// wait waits for the end, and fails over from an unreachable gateway to the next.
func TestWait(t *testing.T) {
	url := serveInTest(t, "--speed", "600")
	id := start(t, url, dataLoss...)
	code, out, errs := sfcancel(t, "wait", id, "--endpoint", "http://127.0.0.1:1,"+url, "--interval", "10ms")
	if code != exitOK || !strings.Contains(out, "Finished") || !strings.Contains(out, "Completed") {
		t.Errorf("exit %d, want %d with Finished and Completed: %s%s", code, exitOK, out, errs)
	}
	frozen := serveInTest(t, "--freeze")
	id = start(t, frozen, dataLoss...)
	right := func(code int, text string) bool {
		return code == exitNotFinished && strings.Contains(text, "not finished")
	}
	if code, _, errs := patiently(t, right, "wait", id, "--endpoint", frozen); !right(code, errs) {
		t.Errorf("frozen: exit %d, want %d and not finished: %s", code, exitNotFinished, errs)
	}
	if code, _, errs := sfcancel(t, "wait", id, "--endpoint", frozen, "--interval", "-1s"); code != exitUsage {
		t.Errorf("negative interval: exit %d, want %d: %s", code, exitUsage, errs)
	}
}

// A stop shows each change of state and the time until the force, on a terminal in one line that is redrawn.
func TestStopProgress(t *testing.T) {
	at := time.Now().Add(time.Hour)
	for _, live := range []bool{false, true} {
		var out bytes.Buffer
		p := &follower{began: time.Now(), console: &console{err: &out, rawErr: &out}, live: live, interrupt: "Ctrl-C leaves the cancel in effect"}
		for _, e := range []wrapper.Event{
			{Name: "request"},
			{Name: "state", State: "Running", ForceAt: at},
			{Name: "state", State: "RollingBack", ForceAt: at},
			{Name: "state", State: "RollingBack", Call: wrapper.Call{Force: true}},
			{Name: "state", State: "ForceCancelled", Call: wrapper.Call{Force: true}},
		} {
			p.hear(e)
		}
		p.clear()
		want := "sfcancel: 00000000-0000-0000-0000-000000000000 is Running, force in 1h0m0s\n" +
			"sfcancel: 00000000-0000-0000-0000-000000000000 is RollingBack, force in 1h0m0s\n" +
			"sfcancel: 00000000-0000-0000-0000-000000000000 is RollingBack, forced\n" +
			"sfcancel: 00000000-0000-0000-0000-000000000000 is ForceCancelled\n"
		if live {
			want = "\r\x1b[K0s  Running, force in 1h0m0s (Ctrl-C leaves the cancel in effect)" +
				"\r\x1b[K0s  RollingBack, force in 1h0m0s (Ctrl-C leaves the cancel in effect)" +
				"\r\x1b[K0s  RollingBack, forced (Ctrl-C leaves the cancel in effect)" +
				"\r\x1b[K0s  ForceCancelled\r\x1b[K"
		}
		if got := out.String(); got != want {
			t.Errorf("live %t: got %q, want %q", live, got, want)
		}
	}
}

// A stop shows the states that it sees.
func TestStopShowsStates(t *testing.T) {
	url := serveInTest(t, "--freeze")
	id := start(t, url, dataLoss...)
	right := func(code int, text string) bool {
		return code == exitNotFinished && strings.Contains(text, "sfcancel: "+id+" is RollingBack\n")
	}
	if code, out, errs := patiently(t, right, "stop", id, "--endpoint", url, "--never-force"); !right(code, errs) {
		t.Errorf("exit %d, want %d with the state RollingBack: %s%s", code, exitNotFinished, out, errs)
	}
}
