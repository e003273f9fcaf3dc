package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/wrapper"
)

// The exit codes for answers that a healthy server does not give.
func TestExitCodesOfAnswers(t *testing.T) {
	for _, c := range []struct {
		name, command string
		status        int
		code          int
	}{
		{"a cancel that may have been carried out", "cancel", http.StatusGatewayTimeout, exitUnknown},
		{"a cancel that is forbidden", "cancel", http.StatusForbidden, exitRefused},
		{"a list that is not available", "list", http.StatusServiceUnavailable, exitNotSent},
		{"a list that is forbidden", "list", http.StatusForbidden, exitRefused},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(c.status) }))
			defer srv.Close()
			args := []string{c.command, "--endpoint", srv.URL}
			if c.command == "cancel" {
				args = append(args, uuid.NewString())
			}
			right := func(code int, text string) bool {
				return code == c.code && strings.Contains(text, fmt.Sprint(c.status))
			}
			if code, _, errs := patiently(t, right, args...); !right(code, errs) {
				t.Errorf("exit %d, want %d with %d: %s", code, c.code, c.status, errs)
			}
		})
	}
}

// Requests that are under way at SIGTERM are answered. The server sends 100 Continue when its
// handler reads the body, so the requests are under way then. There are several, because a single
// one could be answered by a server that does not drain.
func TestServeDrains(t *testing.T) {
	p := serveProcess(t)
	id := start(t, p.url, dataLoss...)
	address := strings.TrimPrefix(p.url, "http://")
	type caller struct {
		net.Conn
		answers *bufio.Reader
	}
	callers := make([]caller, 8)
	for i := range callers {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		callers[i] = caller{conn, bufio.NewReader(conn)}
		fmt.Fprintf(conn, "POST /Faults/$/Cancel?api-version=6.0&OperationId=%s&Force=false HTTP/1.1\r\n"+
			"Host: localhost\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n", id)
		if line, err := callers[i].answers.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
			t.Fatalf("got %q, %v, want 100 Continue", line, err)
		}
		_, _ = callers[i].answers.ReadString('\n') // the empty line after it
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	// The shutdown has begun once new connections are refused.
	for {
		next, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err != nil {
			break
		}
		_ = next.Close()
	}
	for _, c := range callers {
		fmt.Fprint(c, "{}")
		response, err := http.ReadResponse(c.answers, nil)
		if err != nil {
			t.Fatalf("a request under way: got %v, want an answer", err)
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("a request under way: got %d, want 200", response.StatusCode)
		}
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: got %v, want exit 0", err)
	}
}

// A verdict that matches the request has exit code 0, that of a repeated start too.
func TestExitCodesOfVerdicts(t *testing.T) {
	for verdict, want := range map[wrapper.Verdict]int{
		wrapper.Accepted: exitOK, wrapper.AlreadyStarted: exitOK, wrapper.AlreadyStopping: exitOK, wrapper.AlreadyForced: exitOK,
		wrapper.Finished: exitOK, wrapper.NotFound: exitNotFound,
	} {
		for _, output := range []string{"table", "json"} {
			var out strings.Builder
			cmd := new(cobra.Command)
			cmd.SetOut(&out)
			cmd.SetErr(io.Discard)
			cmd.SetContext(t.Context())
			err := (&connection{output: output}).print(cmd, nil, []ending{{result: wrapper.Result{Verdict: verdict}}}, "")
			if got := exitCode(err); got != want || !strings.Contains(out.String(), string(verdict)) {
				t.Errorf("%s: exit %d, want %d with the verdict: %s", verdict, got, want, out.String())
			}
		}
	}
	if _, help, _ := sfcancel(t, "start", "--help"); !strings.Contains(help, "AlreadyStarted, the exit code is 0") {
		t.Errorf("got the help of start\n%s\nwant the exit code of AlreadyStarted in it", help)
	}
}
