package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
)

// serveBeside is serveInTest with --admin-addr. It also returns that address.
func serveBeside(t *testing.T, args ...string) (url, beside string) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	out, stdout := io.Pipe()
	var stderr bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		code := run(ctx, append([]string{"serve", "--addr", "127.0.0.1:0", "--admin-addr", "127.0.0.1:0"}, args...), stdout, &stderr)
		_ = stdout.Close()
		ended <- code
	}()
	t.Cleanup(func() {
		stop()
		if code := <-ended; code != exitOK {
			t.Errorf("serve %v: exit %d, want %d:\n%s", args, code, exitOK, stderr.String())
		}
	})
	lines := bufio.NewScanner(out)
	for _, line := range []struct {
		begins string
		into   *string
	}{{"listening on ", &url}, {"admin on ", &beside}} {
		if !lines.Scan() || !strings.HasPrefix(lines.Text(), line.begins) {
			t.Fatalf("serve %v: got line %q, want one that begins with %q; %s", args, lines.Text(), line.begins, stderr.String())
		}
		*line.into = strings.TrimPrefix(lines.Text(), line.begins)
	}
	return url, beside
}

// The admin address serves health, readiness and metrics.
func TestServeBeside(t *testing.T) {
	url, beside := serveBeside(t)
	start(t, url, dataLoss...)
	for path, says := range map[string]string{
		"/healthz": "ok", "/readyz": "ok", "/metrics": `sfcancel_requests_total{class="2xx",code="",operation="StartDataLoss"} 1`,
	} {
		if status, _, body := exchange(t, http.DefaultClient, http.MethodGet, beside+path, nil, ""); status != http.StatusOK || !strings.Contains(string(body), says) {
			t.Errorf("%s: got %d %s, want 200 with %q", path, status, body, says)
		}
	}
	if status, _, _ := exchange(t, http.DefaultClient, http.MethodGet, beside+"/control/clock", nil, ""); status != http.StatusNotFound {
		t.Errorf("/control/clock without --control: got %d, want 404", status)
	}
	for name, flags := range map[string][]string{
		"an address that others can reach": {"--admin-addr", "0.0.0.0:0"}, "a host name": {"--admin-addr", "example.com:1"}, "no port": {"--admin-addr", "127.0.0.1"},
	} {
		if code, _, errs := sfcancel(t, append([]string{"serve", "--addr", "127.0.0.1:0"}, flags...)...); code != exitUsage || !strings.Contains(errs, "--admin-addr") {
			t.Errorf("%s: exit %d, want %d: %s", name, code, exitUsage, errs)
		}
	}
}

// With --control, the admin address controls a server while it runs.
func TestServeControl(t *testing.T) {
	url, beside := serveBeside(t, "--control", "--freeze")
	id := start(t, url, dataLoss...)
	control := func(path, body string) {
		t.Helper()
		if status, _, answer := exchange(t, http.DefaultClient, http.MethodPost, beside+path, nil, body); status != http.StatusOK {
			t.Fatalf("%s %s: got %d %s, want 200", path, body, status, answer)
		}
	}
	control("/control/faults", `{"call": "Graceful", "fault": "dropAfter"}`)
	if code, out, errs := sfcancel(t, "cancel", id, "--endpoint", url); code != exitOK {
		t.Errorf("a cancel whose answer is lost: exit %d, want %d: %s%s", code, exitOK, out, errs)
	}
	control("/control/clock", `{"advance": "1h"}`)
	if code, out, errs := sfcancel(t, "progress", id, "--endpoint", url); code != exitOK || !strings.Contains(out, "Cancelled") {
		t.Errorf("an hour later: exit %d, want %d with Cancelled: %s%s", code, exitOK, out, errs)
	}
	control("/control/reachable", `{"reachable": false}`)
	if code, out, errs := sfcancel(t, "progress", id, "--endpoint", url, "--timeout", "1s"); code == exitOK || !strings.Contains(out+errs, "refused") {
		t.Errorf("off the network: exit %d, want a failure with refused: %s%s", code, out, errs)
	}
	control("/control/reset", "")
	if code, _, _ := sfcancel(t, "progress", id, "--endpoint", url); code != exitNotFound {
		t.Errorf("after a reset: exit %d, want %d", code, exitNotFound)
	}
	if code, _, errs := sfcancel(t, "serve", "--addr", "127.0.0.1:0", "--control"); code != exitUsage || !strings.Contains(errs, "--admin-addr") {
		t.Errorf("control without an address: exit %d, want %d: %s", code, exitUsage, errs)
	}
}

var aCurl = regexp.MustCompile(`(?m)^curl (?:-X (\w+) )?(?:-d '([^']*)' )?\$C(\S+)`)

// The commands of docs/control.md work as they are written, one after the other.
func TestControlManual(t *testing.T) {
	text, err := os.ReadFile("../../docs/control.md")
	if err != nil {
		t.Fatal(err)
	}
	_, beside := serveBeside(t, "--control", "--freeze")
	commands := aCurl.FindAllStringSubmatch(string(text), -1)
	if n := strings.Count(string(text), "\ncurl "); n != len(commands) || n < 15 {
		t.Fatalf("got %d of %d commands, want all, and 15 at least", len(commands), n)
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
			t.Errorf("%s: got %d %s, want 200", c[0], status, answer)
		}
	}
}
