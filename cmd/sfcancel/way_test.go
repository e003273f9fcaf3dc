package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
)

// aWay returns a way in a bubble, with a function that sends a request over it and answers the request.
func aWay(t *testing.T, impatient bool) (ctx context.Context, out *bytes.Buffer, ask func(url string, status int, err error)) {
	t.Helper()
	ctx, end := context.WithCancelCause(t.Context())
	out = new(bytes.Buffer)
	w := &way{stderr: out, blank: func(text string) string { return text }, end: end}
	w.watch(ctx, impatient)
	return ctx, out, func(url string, status int, err error) {
		r, failed := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if failed != nil {
			t.Fatal(failed)
		}
		again, _ := w.around(roundTripper(func(*http.Request) (*http.Response, error) {
			if err != nil {
				return nil, err
			}
			return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("{}"))}, nil
		})).RoundTrip(r)
		if again != nil {
			_ = again.Body.Close()
		}
	}
}

// Without a connection a command ends after 5 s, unless --timeout is given.
func TestNoConnectionEndsEarly(t *testing.T) {
	for _, impatient := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			ctx, _, _ := aWay(t, impatient)
			time.Sleep(firstContact + time.Millisecond)
			synctest.Wait()
			if ended := errors.Is(context.Cause(ctx), errUnreachable); ended != impatient {
				t.Errorf("impatient %t: got the end %v, want errUnreachable only if impatient", impatient, context.Cause(ctx))
			}
		})
	}
}

// After a second of failures one line reports that the command tries again, unless an answer came in time.
func TestTryingAgainIsReported(t *testing.T) {
	const url = "http://sf1.example.com:19080/"
	for name, c := range map[string]struct {
		play func(ask func(string, int, error))
		want string
	}{
		"a failure within a second": {func(ask func(string, int, error)) {
			ask(url, 0, errors.New("connection refused"))
			time.Sleep(2 * time.Second)
		}, "sfcancel: no answer from sf1.example.com:19080: connection refused; trying again\n"},
		"failures after a second": {func(ask func(string, int, error)) {
			time.Sleep(2 * time.Second)
			ask(url, http.StatusServiceUnavailable, nil)
			ask(url, 0, errors.New("another"))
		}, "sfcancel: sf1.example.com:19080 answers 503; trying again\n"},
		"an answer in time": {func(ask func(string, int, error)) {
			ask(url, 0, errors.New("connection refused"))
			ask(url, http.StatusOK, nil)
			time.Sleep(2 * time.Second)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, out, ask := aWay(t, false)
				c.play(ask)
				synctest.Wait()
				if out.String() != c.want {
					t.Errorf("got %q, want %q", out, c.want)
				}
			})
		})
	}
}

// On the port of the native protocol, the first failure ends a command; an answer does not.
func TestNativePortEndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, _, ask := aWay(t, false)
		ask("http://sf1.example.com:19000/", http.StatusOK, nil)
		if err := context.Cause(ctx); err != nil {
			t.Errorf("after an answer: got %v, want nil", err)
		}
		ask("http://sf1.example.com:19000/", 0, errors.New("malformed HTTP response"))
		if err := context.Cause(ctx); !errors.Is(err, errNative) {
			t.Errorf("after a failure: got %v, want errNative", err)
		}
	})
}

// The log of net/http is not written: it repeats unsolicited responses of a server, which may
// contain a credential that the server received.
func TestNetHTTPLogsNothing(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	id := uuid.NewString()
	var looks atomic.Int32
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				in := bufio.NewReader(conn)
				for {
					if _, err := http.ReadRequest(in); err != nil {
						return
					}
					state := "Running"
					if looks.Add(1) > 5 {
						state = "Completed"
					}
					list := fmt.Sprintf(`[{"OperationId":%q,"Type":"PartitionDataLoss","State":%q}]`, id, state)
					fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%sBearer unasked", len(list), list)
				}
			}()
		}
	}()
	cmd := exec.Command(os.Args[0], "wait", id, "--endpoint", "http://"+listener.Addr().String(), "--interval", "20ms")
	cmd.Env = append(os.Environ(), asProgram+"=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Completed") || strings.Contains(string(out), "unasked") {
		t.Errorf("got %v: %s, want nil with Completed, and without the unsolicited response", err, out)
	}
}
