package main

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
)

// A server is controlled while it runs, by the address beside the API, if that was asked for.
func TestServeControl(t *testing.T) {
	url, beside := serveBeside(t, "--control", "--freeze")
	id := start(t, url, dataLoss...)
	control := func(path, body string) {
		t.Helper()
		if status, _, answer := exchange(t, http.DefaultClient, http.MethodPost, beside+path, nil, body); status != http.StatusOK {
			t.Fatalf("%s %s: %d %s", path, body, status, answer)
		}
	}
	control("/control/faults", `{"call": "Graceful", "fault": "dropAfter"}`)
	if code, out, errs := sfcancel(t, "cancel", id, "--endpoint", url); code != exitOK {
		t.Errorf("a cancel whose answer is lost: exit %d, %s%s", code, out, errs)
	}
	control("/control/clock", `{"advance": "1h"}`)
	if code, out, errs := sfcancel(t, "progress", id, "--endpoint", url); code != exitOK || !strings.Contains(out, "Cancelled") {
		t.Errorf("an hour later: exit %d, %s%s", code, out, errs)
	}
	control("/control/reachable", `{"reachable": false}`)
	if code, out, errs := sfcancel(t, "progress", id, "--endpoint", url, "--timeout", "1s"); code == exitOK || !strings.Contains(out+errs, "refused") {
		t.Errorf("off the network: exit %d, %s%s", code, out, errs)
	}
	control("/control/reset", "")
	if code, _, _ := sfcancel(t, "progress", id, "--endpoint", url); code != exitNotFound {
		t.Errorf("after a reset: exit %d", code)
	}
	if code, _, errs := sfcancel(t, "serve", "--addr", "127.0.0.1:0", "--control"); code != exitUsage || !strings.Contains(errs, "--admin-addr") {
		t.Errorf("control without an address: exit %d, %s", code, errs)
	}
}

var aCurl = regexp.MustCompile(`(?m)^curl (?:-X (\w+) )?(?:-d '([^']*)' )?\$C(\S+)`)

// Every command of the manual works as it is written there, one after the other.
func TestControlManual(t *testing.T) {
	text, err := os.ReadFile("../../docs/control.md")
	if err != nil {
		t.Fatal(err)
	}
	_, beside := serveBeside(t, "--control", "--freeze")
	commands := aCurl.FindAllStringSubmatch(string(text), -1)
	if n := strings.Count(string(text), "\ncurl "); n != len(commands) || n < 15 {
		t.Fatalf("%d of %d commands were understood", len(commands), n)
	}
	for _, c := range commands {
		method := c[1]
		if method == "" {
			method = http.MethodGet
			if c[2] != "" {
				method = http.MethodPost
			}
		}
		if status, _, answer := exchange(t, http.DefaultClient, method, beside+c[3], nil, c[2]); status != http.StatusOK {
			t.Errorf("%s: %d %s", c[0], status, answer)
		}
	}
}
