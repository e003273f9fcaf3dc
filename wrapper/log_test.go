package wrapper_test

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// logged runs a call with a logger, and returns what it wrote: lines of "message key=value".
func logged(t *testing.T, transport http.RoundTripper, call func(context.Context, *wrapper.Client) error, options ...wrapper.Option) string {
	t.Helper()
	var out strings.Builder
	logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "took" || a.Key == "pause" || a.Key == "request_id" {
				return slog.Attr{}
			}
			return a
		},
	}))
	h := &http.Client{Transport: transport}
	client, err := wrapper.New("http://a/gate", append([]wrapper.Option{wrapper.WithHTTPClient(h), wrapper.WithLogger(logger), fastWith(3)}, options...)...)
	must(t, err)
	_ = call(t.Context(), client)
	return out.String()
}

// What is logged, to the letter.
func TestLogger(t *testing.T) {
	t.Parallel()
	const of = " call=cancel operation_id=" + id
	cases := []struct {
		name string
		made []answer
		call func(context.Context, *wrapper.Client) error
		want []string
	}{
		{"accepted", []answer{done}, gracefully, []string{
			"level=DEBUG msg=request" + of + " purpose=graceful number=1 host=a class=done status=200",
			"level=INFO msg=call" + of + " requests=1 verdict=Accepted state=RollingBack",
		}},
		{"refused", []answer{{status: 403, body: fabricError("E_ACCESSDENIED")}}, forcibly, []string{
			`level=DEBUG msg=request call="force cancel" operation_id=` + id + " force=true purpose=force number=1 host=a class=refused status=403 code=E_ACCESSDENIED",
			`level=WARN msg="call failed" call="force cancel" operation_id=` + id + ` force=true requests=1 code=E_ACCESSDENIED error="refused by the server"`,
		}},
		{"lost, then done", []answer{{lost: true}, done}, gracefully, []string{
			"level=DEBUG msg=request" + of + " purpose=graceful number=1 host=a class=ambiguous status=0 error=\"the connection was lost\"",
			`level=DEBUG msg="asking again"` + of + " after=ambiguous status=0",
			"level=DEBUG msg=request" + of + " purpose=graceful number=2 host=a class=done status=200",
			"level=INFO msg=call" + of + " requests=2 verdict=Accepted state=RollingBack",
		}},
		{"a list", []answer{{status: 200, body: "[]"}}, func(ctx context.Context, c *wrapper.Client) error { _, err := c.Operations(ctx); return err }, []string{
			`level=DEBUG msg=request call="list operations" purpose=read number=1 host=a class=done status=200`,
			`level=INFO msg=call call="list operations" requests=1`,
		}},
		{"no policy", []answer{done}, func(ctx context.Context, c *wrapper.Client) error {
			_, err := c.ForceCancel(ctx, opID, wrapper.ForceOptions{Policy: wrapper.RequireGraceful{}})
			return err
		}, []string{
			`level=WARN msg="call failed" call="force cancel" operation_id=` + id + ` force=true requests=0 error="force refused by policy"`,
		}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			got := logged(t, direct{&answers{made: tc.made}}, tc.call, wrapper.WithForcePolicy(wrapper.ServerDecides{}))
			if want := strings.Join(tc.want, "\n") + "\n"; got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

// Nothing that a server, a transport or a caller wrote is logged, only names from a list.
func TestLoggerAllowList(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	allowed := map[string]bool{}
	for key := range strings.FieldsSeq("time level msg call operation_id request_id force purpose number host class status took code error pause after from to requests verdict state") {
		allowed[key] = true
	}
	leaking := []http.RoundTripper{
		direct{&answers{made: []answer{{status: 500, body: fabricError(secret + " !")}}}},
		direct{&answers{made: []answer{{status: 400, body: `{"Error":{"Code":"E_FAIL","Message":"` + secret + `"}}`}}}},
		direct{&answers{made: []answer{{status: 503, body: secret, header: http.Header{"X-A": {secret}}}}}},
		direct{&answers{made: []answer{{status: 200, body: `[{"OperationId":"` + id + `","Type":"` + secret + ` ","State":"` + secret + ` "}]`}}}},
		roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New(secret) }),
		roundTrip(func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "proxyconnect", Err: errors.New(secret)}
		}),
		roundTrip(func(*http.Request) (*http.Response, error) { return nil, &net.DNSError{Name: secret, Err: secret} }),
	}
	for i, transport := range leaking {
		var out strings.Builder
		logger := slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		client, err := wrapper.New("http://a/"+secret, wrapper.WithHTTPClient(&http.Client{Transport: transport}), wrapper.WithLogger(logger), fastWith(2),
			wrapper.WithEndpoints("http://b/"+secret))
		must(t, err)
		_, _ = client.Cancel(t.Context(), opID, wrapper.CancelOptions{Reason: secret})
		_, _ = client.Operation(t.Context(), opID)
		_, _ = client.StartDataLoss(t.Context(), wrapper.Partition{Service: secret}, secret, wrapper.StartOptions{OperationID: uuid.UUID{7}})
		if strings.Contains(out.String(), secret) {
			t.Errorf("%d: the log has it:\n%s", i, out.String())
		}
		for line := range strings.Lines(out.String()) {
			var attrs map[string]any
			must(t, json.Unmarshal([]byte(line), &attrs))
			for key := range attrs {
				if !allowed[key] {
					t.Errorf("%d: %q is not on the list", i, key)
				}
			}
		}
	}
}

// The kind of a transport error is told in the words of this package and of the system.
func TestLoggerTransportErrors(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err  error
		want string
	}{
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, `error="dial: connection refused"`},
		{&net.OpError{Op: "read", Err: errors.New("x")}, `error="read: *errors.errorString"`},
		{&net.DNSError{Name: "x"}, `error="no such host"`},
		{&tls.CertificateVerificationError{Err: errors.New("x")}, `error="the server's certificate is not accepted"`},
		{io.ErrUnexpectedEOF, `error="the connection was lost"`},
		{errors.New("x"), "error=*errors.errorString"},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), `error="deadline exceeded"`},
		{context.Canceled, "error=cancelled"},
	} {
		transport := roundTrip(func(*http.Request) (*http.Response, error) { return nil, tc.err })
		if got := logged(t, transport, gracefully); !strings.Contains(got, tc.want) {
			t.Errorf("%v: %s", tc.err, got)
		}
	}
	if got := logged(t, direct{serving(answer{status: 503, body: "x"})}, gracefully, wrapper.WithEndpoints("http://b:1/x")); !strings.Contains(got, "level=WARN msg=failover from=a to=b:1\n") {
		t.Errorf("got %s", got)
	}
}

// Nothing outlives a call whose context ended, and nothing outlives Close: TestMain looks
// for goroutines, the bubble for timers, and this for connections.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	open := new(openConns)
	c := newCluster(t, server.Documented)
	makeRunning(t, c)
	hold := make(chan struct{})
	began := make(chan struct{}, 1)
	url := open.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.RawQuery, "Force=false") {
			began <- struct{}{}
			<-hold
		}
		c.handler.ServeHTTP(w, r)
	}))
	client := newClient(t, url)
	_, err := client.Operations(t.Context())
	must(t, err)
	if n := open.count(); n != 1 {
		t.Fatalf("%d connections, want one that is idle", n)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := client.Cancel(context.Background(), opID, wrapper.CancelOptions{})
		ended <- err
	}()
	<-began
	client.Close()
	client.Close()
	close(hold)
	must(t, <-ended) // it was under way, and went on
	open.waitFor(t, 0)
	_, err = client.Operations(t.Context())
	if e := asError(t, err, wrapper.ErrNotSent); !strings.Contains(e.Error(), "the client is closed") || len(e.Attempts()) != 0 {
		t.Errorf("after Close: %v", err)
	}
	open.waitFor(t, 0)

	synctest.Test(t, func(t *testing.T) {
		for name, call := range map[string]func(context.Context, *wrapper.Client) error{
			"cancel": gracefully, "force": forcibly,
			"stop": func(ctx context.Context, c *wrapper.Client) error {
				_, err := c.Stop(ctx, opID, wrapper.StopOptions{})
				return err
			},
			"wait": func(ctx context.Context, c *wrapper.Client) error {
				_, err := c.Wait(ctx, opID, wrapper.WaitOptions{})
				return err
			},
			"watch": func(ctx context.Context, c *wrapper.Client) (last error) {
				for _, last = range c.Watch(ctx, opID, wrapper.WaitOptions{}) {
				}
				return last
			},
			"all": func(ctx context.Context, c *wrapper.Client) (last error) {
				for _, last = range c.CancelAll(ctx, wrapper.Selector{}, wrapper.CancelAllOptions{}) {
				}
				return last
			},
		} {
			for _, made := range []answer{{hang: true}, {status: 503}, {status: 503, header: http.Header{"Retry-After": {"3600"}}}, runningList()} {
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(time.Minute, cancel)
				client := directClient(t, serving(made), wrapper.WithForcePolicy(wrapper.ServerDecides{}))
				begin := time.Now()
				err := call(ctx, client)
				if err == nil || time.Since(begin) > time.Minute {
					t.Errorf("%s with %+v: %v after %v", name, made, err, time.Since(begin))
				}
				cancel()
			}
		}
	})
}
