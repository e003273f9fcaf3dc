package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/google/uuid"
)

// TestExitCodesOfAnswers: what a script decides on, for answers a good server does not give.
func TestExitCodesOfAnswers(t *testing.T) {
	for _, c := range []struct {
		name, command string
		status        int
		code          int
	}{
		{"a cancel that may have been done", "cancel", http.StatusGatewayTimeout, exitUnknown},
		{"a cancel that is forbidden", "cancel", http.StatusForbidden, exitRefused},
		{"a list that does not come", "list", http.StatusServiceUnavailable, exitNotSent},
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
				t.Errorf("exit %d, want %d: %s", code, c.code, errs)
			}
		})
	}
}

// TestServeDrains: requests that are under way when the end is asked for are answered.
// The server says 100 Continue once its handler reads the body, so they are under way
// then. There are several, because one could be quicker than a server that hangs up.
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
			t.Fatalf("%q, %v", line, err)
		}
		_, _ = callers[i].answers.ReadString('\n') // the empty line after it
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	// Once nobody is let in any more, the end has begun.
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
			t.Fatalf("a request under way was not answered: %v", err)
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusOK {
			t.Errorf("it was answered %d", response.StatusCode)
		}
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("after a termination: %v", err)
	}
}
