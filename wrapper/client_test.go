package wrapper_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/internal/imports"
	"github.com/sfcancel/sfcancel/internal/racedetector"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	const good = "http://localhost:19080"
	cases := []struct {
		name, endpoint string
		options        []wrapper.Option
		say            []string
	}{
		{"nothing", "", nil, []string{"http://"}},
		{"no scheme", "localhost:19080", nil, []string{"http://"}},
		{"another scheme", "ftp://localhost", nil, []string{"http://"}},
		{"no host", "http://", nil, []string{"no host"}},
		{"a path only", "/Faults", nil, []string{"http://"}},
		{"not a URL", "http://local host", nil, []string{"not a URL"}},
		{"a query", good + "?a=b", nil, []string{"query"}},
		{"a fragment", good + "#a", nil, []string{"fragment"}},
		{"credentials", "http://admin:secret@localhost", nil, []string{"credentials"}},
		{"a bad version", good, []wrapper.Option{wrapper.WithAPIVersion("six")}, []string{`"six"`}},
		{"no version", good, []wrapper.Option{wrapper.WithAPIVersion("")}, []string{`""`}},
		{"no policy", good, []wrapper.Option{wrapper.WithForcePolicy(nil)}, []string{"policy is nil"}},
		{"a negative grace", good, []wrapper.Option{wrapper.WithForcePolicy(wrapper.GracefulFirst{Grace: -1})}, []string{"negative"}},
		{"a negative minimum grace", good, []wrapper.Option{wrapper.WithForcePolicy(wrapper.RequireGraceful{MinGrace: -1})}, []string{"negative"}},
		{"negative attempts", good, []wrapper.Option{wrapper.WithRetry(wrapper.Retry{MaxAttempts: -1})}, []string{"negative"}},
		{"a negative base", good, []wrapper.Option{wrapper.WithRetry(wrapper.Retry{Base: -1})}, []string{"negative"}},
		{"a negative busy base", good, []wrapper.Option{wrapper.WithRetry(wrapper.Retry{BusyBase: -1})}, []string{"negative"}},
		{"a negative cap", good, []wrapper.Option{wrapper.WithRetry(wrapper.Retry{Cap: -1})}, []string{"negative"}},
		{"no ledger", good, []wrapper.Option{wrapper.WithLedger(nil)}, []string{"ledger is nil"}},
		{"no HTTP client", good, []wrapper.Option{wrapper.WithHTTPClient(nil)}, []string{"HTTP client is nil"}},
		{"everything at once", "ftp://localhost",
			[]wrapper.Option{wrapper.WithAPIVersion("six"), wrapper.WithForcePolicy(nil), wrapper.WithLedger(nil), wrapper.WithHTTPClient(nil), wrapper.WithRetry(wrapper.Retry{Cap: -1})},
			[]string{"http://", `"six"`, "policy", "ledger", "HTTP client", "negative"}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			client, err := wrapper.New(tc.endpoint, tc.options...)
			if client != nil {
				t.Error("got a client with the error, want nil")
			}
			wantKind(t, err, wrapper.ErrInvalidArgument)
			for _, say := range tc.say {
				if !strings.Contains(fmt.Sprint(err), say) {
					t.Errorf("got %v, want %s in it", err, say)
				}
			}
			if strings.Contains(fmt.Sprint(err), "secret") {
				t.Errorf("got %v, want it without the password", err)
			}
		})
	}
}

// The endpoint may have a path prefix, with or without a trailing slash.
func TestEndpointPrefix(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"", "/", "/gate", "/gate/", "/gate/way"} {
		var asked atomic.Value
		srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked.Store(r.URL.EscapedPath()) }))
		t.Cleanup(srv.Close)
		_, err := newClient(t, srv.URL+prefix).Cancel(t.Context(), opID, wrapper.CancelOptions{})
		must(t, err)
		if want := strings.TrimSuffix(prefix, "/") + "/Faults/$/Cancel"; asked.Load() != want {
			t.Errorf("prefix %q: got a request for %s, want %s", prefix, asked.Load(), want)
		}
	}
}

// redirected returns the errors of a write and of a read after a redirect. A 303 refers to the result of the request
// (RFC 9110 §15.4.4), so the request may have been carried out.
func redirected(status int) (write, read error) {
	if status == http.StatusSeeOther {
		return wrapper.ErrOutcomeUnknown, wrapper.ErrUnavailable
	}
	return wrapper.ErrServerRefused, wrapper.ErrServerRefused
}

// No redirect is followed, whatever its status and whatever the caller's HTTP client would do.
func TestRedirectsAreNotFollowed(t *testing.T) {
	t.Parallel()
	c := newCluster(t, server.Documented)
	makeStopping(t, c)
	elsewhere := c.serve(t)
	var requests atomic.Int32
	gate := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		var status int
		_, _ = fmt.Sscanf(r.URL.Path, "/%d/", &status)
		w.Header().Set("Location", elsewhere+strings.TrimPrefix(r.URL.RequestURI(), fmt.Sprintf("/%d", status)))
		w.WriteHeader(status)
	}))
	t.Cleanup(gate.Close)
	own := &http.Client{Transport: new(http.Transport), CheckRedirect: func(*http.Request, []*http.Request) error { return nil }}
	t.Cleanup(own.CloseIdleConnections)
	for _, status := range []int{300, 301, 302, 303, 304, 305, 307, 308, 399} {
		client := newClient(t, fmt.Sprintf("%s/%d", gate.URL, status), wrapper.WithHTTPClient(own), wrapper.WithForcePolicy(wrapper.ServerDecides{}), wrapper.WithRetry(wrapper.Retry{MaxAttempts: 1}))
		requests.Store(0)
		write, read := redirected(status)
		for _, force := range []bool{false, true} {
			e := asError(t, cancelWith(t.Context(), client, force), write)
			if e.Status() != status {
				t.Errorf("got %v with status %d, want %d", e, e.Status(), status)
			}
		}
		_, err := client.Operations(t.Context())
		wantKind(t, err, read)
		if requests.Load() != 3 {
			t.Errorf("%d: got %d requests, want 3", status, requests.Load())
		}
	}
	if len(c.wire.Seen()) != 0 || c.flag(t, opID) != emulator.RollingBackDueToUserCancel {
		t.Errorf("target of the redirects: the wire saw %v, want nothing", c.seen())
	}
	if err := own.CheckRedirect(nil, nil); err != nil {
		t.Errorf("CheckRedirect of the caller's client: got %v, want nil, as the caller set it", err)
	}
}

// All calls reuse one connection, because every body is read to its end, also after errors.
func TestConnectionsAreKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, server.Documented)
		makeForced(t, c)
		var dialled atomic.Int32
		srv := httptest.NewUnstartedServer(c.handler)
		srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				dialled.Add(1)
			}
		}
		srv.Start()
		t.Cleanup(srv.Close)
		client := newClient(t, srv.URL, wrapper.WithForcePolicy(wrapper.ServerDecides{}), atOnce(1000)) // 300 requests fail below
		_, err := client.Operations(t.Context())
		must(t, err)
		page := strings.Repeat("x", 100<<10)
		for i := range 100 {
			_, _ = client.Cancel(t.Context(), opID, wrapper.CancelOptions{})         // 400
			_, _ = client.Cancel(t.Context(), uuid.UUID{9}, wrapper.CancelOptions{}) // 404 and a list
			_, _ = client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})     // 200
			c.wire.Spoil(wirefault.Any, wirefault.Fault{Status: 503, Body: page}, wirefault.Fault{Status: 403}, wirefault.Fault{Status: 200, Body: page})
			_, _ = client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
			_, err := client.Operation(t.Context(), opID)
			must(t, err)
			if n := dialled.Load(); n != 1 {
				t.Fatalf("got %d connections after %d rounds, want 1", n, i+1)
			}
		}
		if left := c.wire.Left(); left != 0 {
			t.Errorf("got %d faults left, want all used", left)
		}
	})
}

// A client is safe for concurrent use: each of many calls returns the result for its own operation.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		c := newCluster(t, profile)
		var n atomic.Int32
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if n.Add(1)%5 == 0 {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			c.handler.ServeHTTP(w, r)
		}))
		t.Cleanup(srv.Close)
		client := newClient(t, srv.URL, fastWith(30))
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				id := uuid.UUID{4, byte(i)}
				if _, err := client.StartDataLoss(t.Context(), orders, "FullDataLoss", wrapper.StartOptions{OperationID: id}); err != nil {
					t.Error(err)
				}
				if got, err := client.Cancel(t.Context(), id, wrapper.CancelOptions{}); err != nil || got.Verdict != wrapper.Accepted || got.OperationID != id {
					t.Errorf("cancel: got %+v, %v, want Accepted for %s", got, err, id)
				}
				if got, err := client.ForceCancel(t.Context(), id, wrapper.ForceOptions{}); err != nil || got.Verdict != wrapper.Accepted {
					t.Errorf("force: got %+v, %v, want Accepted", got, err)
				}
				if op, err := client.Operation(t.Context(), id); err != nil || op.State != wrapper.StateRollingBack {
					t.Errorf("read: got %+v, %v, want RollingBack", op, err)
				}
				if flag := c.flag(t, id); flag != emulator.RollingBackForce {
					t.Errorf("the server recorded %s, want %s", flag, emulator.RollingBackForce)
				}
			})
		}
		wg.Wait()
	})
}

// WithHTTPClient keeps the transport of the caller's HTTP client, and Close does not close it.
func TestOwnHTTPClient(t *testing.T) {
	t.Parallel()
	c := newCluster(t, server.Documented)
	makeRunning(t, c)
	endpoint := c.serve(t)
	transport := new(http.Transport)
	t.Cleanup(transport.CloseIdleConnections)
	counting := &counting{inner: transport}
	client := newClient(t, endpoint, wrapper.WithHTTPClient(&http.Client{Transport: counting}))
	_, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
	must(t, err)
	client.Close()
	if counting.requests != 1 || counting.closed {
		t.Errorf("got %d requests, closed %v, want 1, not closed", counting.requests, counting.closed)
	}
	// Without a transport, the client uses http.DefaultTransport.
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	_, err = newClient(t, endpoint, wrapper.WithHTTPClient(new(http.Client))).Operations(t.Context())
	must(t, err)
	// A refused connection counts as not sent, also behind middleware that hides the hooks of net/http.
	broken := &http.Client{Transport: roundTrip(func(*http.Request) (*http.Response, error) {
		return nil, fmt.Errorf("middleware: %w", &net.OpError{Op: "dial", Err: errDialRefused})
	})}
	client = newClient(t, endpoint, wrapper.WithHTTPClient(broken), fastWith(2))
	wantKind(t, cancelWith(t.Context(), client, false), wrapper.ErrNotSent)
	// Any other error of the transport leaves open whether the request was sent.
	broken.Transport = roundTrip(func(*http.Request) (*http.Response, error) { return nil, io.ErrClosedPipe })
	client = newClient(t, endpoint, wrapper.WithHTTPClient(broken), fastWith(2))
	if err := cancelWith(t.Context(), client, false); !errors.Is(err, wrapper.ErrOutcomeUnknown) || !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v, want %v and %v", err, wrapper.ErrOutcomeUnknown, io.ErrClosedPipe)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

type counting struct {
	inner    http.RoundTripper
	requests int
	closed   bool
}

func (c *counting) RoundTrip(r *http.Request) (*http.Response, error) {
	c.requests++
	return c.inner.RoundTrip(r)
}

func (c *counting) CloseIdleConnections() { c.closed = true }

// New's error never repeats credentials, not even those of an address that is not a URL.
func TestNewErrorHidesCredentials(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{
		"http://admin:hunter2@localhost:port",
		"http://admin:hunter2@local host",
		"http://admin:hunter2@[::1",
		"http://admin:hunter2%zz@localhost",
		"admin:hunter2@localhost:19080",
		"ftp:admin:hunter2@localhost",
		"http:admin:hunter2@localhost",
		"http://localhost/?password=hunter2",
		"http://localhost/#hunter2",
		"\x7fhttp://admin:hunter2@localhost",
	} {
		_, err := wrapper.New(endpoint)
		wantKind(t, err, wrapper.ErrInvalidArgument)
		if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), "hunter2") {
			t.Errorf("%q: got %v, want it without the password", endpoint, err)
		}
	}
}

// A nil option is an error, as it is for the server, and not a panic.
func TestNewRefusesNilOption(t *testing.T) {
	t.Parallel()
	defer func() {
		if p := recover(); p != nil {
			t.Errorf("New panicked with %v, want an error", p)
		}
	}()
	_, err := wrapper.New("http://localhost", nil)
	wantKind(t, err, wrapper.ErrInvalidArgument)
}

// A nil value inside an option makes New or the call return an error, not panic.
func TestNilInsideOptionIsError(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]wrapper.Option{
		"token source":  wrapper.WithTokenSource(nil),
		"round tripper": wrapper.WithAttemptMiddleware(func(http.RoundTripper) http.RoundTripper { return nil }),
	} {
		_, err := wrapper.New("https://a", option)
		if e := asError(t, err, wrapper.ErrInvalidArgument); !strings.Contains(e.Error(), "nil") {
			t.Errorf("%s: got %v, want nil in it", name, err)
		}
	}
	for name, around := range map[string]func(wrapper.CallFunc) wrapper.CallFunc{
		"a nil function": func(wrapper.CallFunc) wrapper.CallFunc { return nil },
		"neither": func(wrapper.CallFunc) wrapper.CallFunc {
			return func(context.Context, wrapper.Call) (wrapper.Outcome, error) { return wrapper.Outcome{}, nil }
		},
	} {
		err := gracefully(t.Context(), directClient(t, serving(done), wrapper.WithCallMiddleware(around)))
		if e := asError(t, err, wrapper.ErrNotSent); !strings.Contains(e.Error(), name) {
			t.Errorf("got %v, want %q in it", err, name)
		}
	}
	nothing := roundTrip(func(*http.Request) (*http.Response, error) { return nil, nil })
	client, err := wrapper.New("http://a", wrapper.WithHTTPClient(&http.Client{Transport: nothing}), fastWith(1))
	must(t, err)
	if err := gracefully(t.Context(), client); !errors.Is(err, wrapper.ErrOutcomeUnknown) || !strings.Contains(err.Error(), "neither an answer nor an error") {
		t.Errorf("got %v, want %v that says neither an answer nor an error", err, wrapper.ErrOutcomeUnknown)
	}
}

// A nil client can be printed.
func TestNilClientString(t *testing.T) {
	t.Parallel()
	if s := fmt.Sprint((*wrapper.Client)(nil)); s != "wrapper.Client(nil)" {
		t.Errorf("got %s, want wrapper.Client(nil)", s)
	}
}

// TLS options need https://, even for localhost ([wrapper.WithTLS]). No field of a [wrapper.Retry] may be
// negative, NaN or infinite.
func TestNewRefusesTLSAndRetry(t *testing.T) {
	t.Parallel()
	cases := map[string][]wrapper.Option{
		"TLS with http":    {wrapper.WithTLS(wrapper.TLS{})},
		"a negative burst": {wrapper.WithRetry(wrapper.Retry{Burst: -1})},
		"a negative rate":  {wrapper.WithRetry(wrapper.Retry{Rate: -1})},
		"a NaN rate":       {wrapper.WithRetry(wrapper.Retry{Rate: math.NaN()})},
		"an infinite rate": {wrapper.WithRetry(wrapper.Retry{Rate: math.Inf(1)})},
	}
	for name, options := range cases {
		if _, err := wrapper.New("http://localhost:19080", options...); err == nil {
			t.Errorf("%s: got no error, want %v", name, wrapper.ErrInvalidArgument)
		} else {
			wantKind(t, err, wrapper.ErrInvalidArgument)
		}
	}
}

// canned answers without a network.
type canned func(r *http.Request) (status int, body string)

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	status, body := c(r)
	response := &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody, Request: r}
	if body != "" {
		response.Body, response.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	}
	return response, nil
}

// cost is the maximum cost of a Cancel without a network, including the canned answers.
type cost struct {
	name          string
	answers       canned
	same          bool // all calls use the same id
	want          wrapper.Verdict
	allocs, bytes uint64
}

func costs() []cost {
	accepted := func(*http.Request) (int, string) { return http.StatusOK, "" }
	gone := func(r *http.Request) (int, string) {
		if r.Method == http.MethodPost {
			return http.StatusNotFound, `{"Error":{"Code":"FABRIC_E_KEY_NOT_FOUND","Message":"No active operation has this id."}}`
		}
		return http.StatusOK, `[{"OperationId":"5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01","State":"Completed","Type":"PartitionDataLoss"}]`
	}
	return []cost{
		{"accepted", accepted, false, wrapper.Accepted, 26, 2950},
		{"accepted, the same id", accepted, true, wrapper.AlreadyStopping, 26, 2950},
		{"not found, with a list", gone, false, wrapper.NotFound, 92, 11_000},
	}
}

// prepare returns the call of a client that has been in use for a while: its ledger is full.
func (c cost) prepare(tb testing.TB) func() {
	client, err := wrapper.New("http://localhost:19080", wrapper.WithHTTPClient(&http.Client{Transport: c.answers}))
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	tb.Cleanup(cancel)
	id := uuid.New()
	call := func() wrapper.Verdict {
		if !c.same {
			binary.LittleEndian.PutUint64(id[:], binary.LittleEndian.Uint64(id[:])+1)
		}
		result, err := client.Cancel(ctx, id, wrapper.CancelOptions{})
		if err != nil {
			tb.Fatal(err)
		}
		return result.Verdict
	}
	for range 10_000 {
		call()
	}
	return func() {
		if got := call(); got != c.want {
			tb.Fatalf("got %v, want %v", got, c.want)
		}
	}
}

func TestCost(t *testing.T) {
	if racedetector.On {
		t.Skip("the race detector allocates as well")
	}
	for _, c := range costs() {
		t.Run(c.name, func(t *testing.T) {
			call := c.prepare(t)
			const runs = 200
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			for range runs {
				call()
			}
			runtime.ReadMemStats(&after)
			allocs, bytes := (after.Mallocs-before.Mallocs)/runs, (after.TotalAlloc-before.TotalAlloc)/runs
			if allocs > c.allocs || bytes > c.bytes {
				t.Errorf("got %d allocations of %d bytes, want %d of %d at most", allocs, bytes, c.allocs, c.bytes)
			}
		})
	}
}

func BenchmarkCost(b *testing.B) {
	for _, c := range costs() {
		b.Run(c.name, func(b *testing.B) {
			call := c.prepare(b)
			b.ReportAllocs()
			for b.Loop() {
				call()
			}
		})
	}
}

// Importers of this package get all its dependencies, so adding one is a decision.
func TestImports(t *testing.T) {
	t.Parallel()
	imports.Check(t, "testdata/imports.txt")
}
