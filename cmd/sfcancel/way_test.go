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

// aWay is a way in a bubble, and a request over it that is answered so.
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

// Without a connection a command ends after 5 s, unless it was told how long it may take.
func TestNoConnectionEndsEarly(t *testing.T) {
	for _, impatient := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			ctx, _, _ := aWay(t, impatient)
			time.Sleep(firstContact + time.Millisecond)
			synctest.Wait()
			if ended := errors.Is(context.Cause(ctx), errUnreachable); ended != impatient {
				t.Errorf("impatient %t: it ended: %t (%v)", impatient, ended, context.Cause(ctx))
			}
		})
	}
}

// After a second of failures a line says so, once; an answer makes it needless.
func TestTryingAgainIsSaid(t *testing.T) {
	const url = "http://sf1.example.com:19080/"
	for name, c := range map[string]struct {
		play func(ask func(string, int, error))
		want string
	}{
		"a failure before": {func(ask func(string, int, error)) {
			ask(url, 0, errors.New("connection refused"))
			time.Sleep(2 * time.Second)
		}, "sfcancel: no answer from sf1.example.com:19080: connection refused; trying again\n"},
		"failures after": {func(ask func(string, int, error)) {
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

// The port of the native protocol ends a command with its first failure, and not with an answer.
func TestNativePortEndsAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, _, ask := aWay(t, false)
		ask("http://sf1.example.com:19000/", http.StatusOK, nil)
		if err := context.Cause(ctx); err != nil {
			t.Errorf("after an answer: %v", err)
		}
		ask("http://sf1.example.com:19000/", 0, errors.New("malformed HTTP response"))
		if err := context.Cause(ctx); !errors.Is(err, errNative) {
			t.Errorf("after a failure: %v", err)
		}
	})
}

// What net/http itself has to say of a connection does not come out: it repeats what a server
// sent unasked, which may be what that was sent as a credential.
func TestNetHTTPSaysNothing(t *testing.T) {
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
		t.Errorf("%v: %s", err, out)
	}
}
