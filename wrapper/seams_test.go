package wrapper_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// diary records the calls of middleware and observers, in order.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) note(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, fmt.Sprintf(format, args...))
}

func (d *diary) observe(_ context.Context, e wrapper.Event) {
	switch a := e.Attempt; e.Name {
	case "call":
		d.note("observed %s: %s %d operations %d attempts, error %v, %v", e.Call.Name, e.Outcome.Result.Verdict, len(e.Outcome.Operations), len(e.Outcome.Attempts), e.Err != nil, e.Took)
	case "request":
		d.note("observed request %d of %s: %s to %s: %s", a.Number, e.Call.Name, a.Purpose(), a.Endpoint, a.Class())
	case "pause":
		d.note("observed pause of %s after %s: %v", e.Call.Name, a.Class(), e.Pause > 0)
	case "failover":
		d.note("observed %s -> %s", a.Endpoint, e.To)
	default:
		d.note("observed %s", e.Name)
	}
}

func (d *diary) call(name string) wrapper.Option {
	return wrapper.WithCallMiddleware(func(next wrapper.CallFunc) wrapper.CallFunc {
		return func(ctx context.Context, call wrapper.Call) (wrapper.Outcome, error) {
			d.note("%s begins %s", name, call.Name)
			outcome, err := next(ctx, call)
			d.note("%s ends %s: %s, %d attempts", name, call.Name, outcome.Result.Verdict, len(outcome.Attempts))
			return outcome, err
		}
	})
}

func (d *diary) attempt(name string) wrapper.Option {
	return wrapper.WithAttemptMiddleware(func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			_, a, ok := wrapper.AttemptFrom(r.Context())
			d.note("%s sends %d %s %v, authorised %v", name, a.Number, a.Purpose(), ok, r.Header.Get("Authorization") != "")
			return next.RoundTrip(r)
		})
	})
}

// The order of the seams is that of the package comment, the first of each kind outermost.
func TestSeams(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGateways(newCluster(t, server.Runtime))
		makeRunning(t, g.c)
		g.fails["a"] = losesAnswer
		d := new(diary)
		client := g.client(t, d.call("outer"), d.attempt("first"), wrapper.WithObserver(d.observe), wrapper.WithTokenSource(new(tokens).Token),
			wrapper.Options(d.call("inner"), d.attempt("second")), wrapper.WithRetry(fast))
		var attempts []wrapper.Attempt
		result, err := client.Cancel(wrapper.PerCall(t.Context(), wrapper.CallOptions{Attempts: &attempts}), opID, wrapper.CancelOptions{})
		must(t, err)
		want := []string{
			"outer begins cancel", "inner begins cancel",
			"first sends 1 graceful true, authorised false", "second sends 1 graceful true, authorised false",
			"observed request 1 of cancel: graceful to http://a/: ambiguous", "observed http://a/ -> http://b/", "observed pause of cancel after ambiguous: false",
			"first sends 2 read true, authorised false", "second sends 2 read true, authorised false",
			"observed request 2 of cancel: read to http://b/: done",
			"first sends 3 graceful true, authorised false", "second sends 3 graceful true, authorised false",
			"observed request 3 of cancel: graceful to http://b/: done",
			"inner ends cancel: Accepted, 3 attempts", "outer ends cancel: Accepted, 3 attempts",
			"observed cancel: Accepted 0 operations 3 attempts, error false, 0s",
		}
		if !slices.Equal(d.lines, want) {
			t.Errorf("got\n%s\nwant\n%s", strings.Join(d.lines, "\n"), strings.Join(want, "\n"))
		}
		if len(attempts) != 3 || len(result.Attempts) != 3 || attempts[2].Header.Get("X-Content-Type-Options") != "nosniff" || attempts[2].Endpoint != "http://b/" {
			t.Errorf("got captured attempts %+v, want 3, the last to http://b/ with its header", attempts)
		}
	})
}

// Every call passes through both kinds of middleware, with its name and its operation.
func TestSeamsOfEveryCall(t *testing.T) {
	t.Parallel()
	node := wrapper.Node{Name: "n1", Instance: 1}
	cases := map[string]struct {
		want wrapper.Call
		make func(context.Context, *wrapper.Client) error
	}{
		"cancel":       {wrapper.Call{OperationID: opID}, gracefully},
		"force cancel": {wrapper.Call{OperationID: opID, Force: true}, forcibly},
		"stop": {wrapper.Call{OperationID: opID}, func(ctx context.Context, c *wrapper.Client) error {
			_, err := c.Stop(ctx, opID, wrapper.StopOptions{})
			return err
		}},
		"wait": {wrapper.Call{OperationID: opID}, func(ctx context.Context, c *wrapper.Client) error {
			_, err := c.Wait(ctx, opID, wrapper.WaitOptions{})
			return err
		}},
		"watch": {wrapper.Call{OperationID: opID}, func(ctx context.Context, c *wrapper.Client) error {
			for _, err := range c.Watch(ctx, opID, wrapper.WaitOptions{}) {
				return err
			}
			return errors.New("got nothing yielded, want something")
		}},
		"read operation": {wrapper.Call{OperationID: opID}, func(ctx context.Context, c *wrapper.Client) error {
			_, err := c.Operation(ctx, opID)
			return err
		}},
		"list operations": {wrapper.Call{}, func(ctx context.Context, c *wrapper.Client) error {
			_, err := c.Operations(ctx)
			return err
		}},
		"start data loss": {wrapper.Call{OperationID: uuid.UUID{1}, Kind: wrapper.KindDataLoss}, func(ctx context.Context, c *wrapper.Client) error {
			_, err := c.StartDataLoss(ctx, orders, "FullDataLoss", wrapper.StartOptions{OperationID: uuid.UUID{1}})
			return err
		}},
		"start quorum loss": {wrapper.Call{OperationID: uuid.UUID{2}, Kind: wrapper.KindQuorumLoss}, func(ctx context.Context, c *wrapper.Client) error {
			_, err := c.StartQuorumLoss(ctx, orders, "AllReplicas", time.Second, wrapper.StartOptions{OperationID: uuid.UUID{2}})
			return err
		}},
		"start partition restart": {wrapper.Call{OperationID: uuid.UUID{3}, Kind: wrapper.KindPartitionRestart}, func(ctx context.Context, c *wrapper.Client) error {
			_, err := c.StartPartitionRestart(ctx, orders, "OnlyActiveSecondaries", wrapper.StartOptions{OperationID: uuid.UUID{3}})
			return err
		}},
		"start node transition": {wrapper.Call{OperationID: uuid.UUID{4}, Kind: wrapper.KindNodeTransition}, func(ctx context.Context, c *wrapper.Client) error {
			_, err := c.StartNodeTransition(ctx, node, "Stop", 10*time.Minute, wrapper.StartOptions{OperationID: uuid.UUID{4}})
			return err
		}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.want.Name = name
			for _, veto := range []bool{false, true} {
				c := newCluster(t, server.Documented)
				situationNamed(t, "cancelled and over").make(t, c)
				stop := errors.New("not on a Sunday")
				var around, tried wrapper.Call
				client := directClient(t, c.handler, wrapper.WithForcePolicy(wrapper.ServerDecides{}),
					wrapper.WithCallMiddleware(func(next wrapper.CallFunc) wrapper.CallFunc {
						return func(ctx context.Context, call wrapper.Call) (wrapper.Outcome, error) {
							if around = call; veto {
								return wrapper.Outcome{}, stop
							}
							return next(ctx, wrapper.Call{Name: "something else"}) // which has no effect
						}
					}),
					wrapper.WithAttemptMiddleware(func(next http.RoundTripper) http.RoundTripper {
						return roundTrip(func(r *http.Request) (*http.Response, error) {
							tried, _, _ = wrapper.AttemptFrom(r.Context())
							return next.RoundTrip(r)
						})
					}))
				err := tc.make(t.Context(), client)
				if around != tc.want || veto == (err == nil) || !veto && tried != tc.want {
					t.Errorf("veto %v: got %v, call middleware with %+v and attempt middleware with %+v, want %+v", veto, err, around, tried, tc.want)
				}
				if veto {
					if e := asError(t, err, wrapper.ErrNotSent); !errors.Is(err, stop) || len(e.Attempts()) != 0 || len(c.seen()) != 0 {
						t.Errorf("veto: got %v, want it to wrap %v; the wire saw %v, want nothing", err, stop, c.seen())
					}
				}
			}
		})
	}
}

// Middleware may limit a call by its context, and the error that it returns after the call is returned unchanged.
func TestCallMiddleware(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := serving(answer{hang: true})
		own := errors.New("audit failed")
		bound := func(next wrapper.CallFunc) wrapper.CallFunc {
			return func(ctx context.Context, call wrapper.Call) (wrapper.Outcome, error) {
				ctx, cancel := context.WithCancel(ctx)
				defer time.AfterFunc(time.Second, cancel).Stop()
				outcome, err := next(ctx, call)
				if !errors.Is(err, wrapper.ErrOutcomeUnknown) || len(outcome.Attempts) != 1 {
					t.Errorf("middleware: got %+v, %v, want %v after 1 attempt", outcome, err, wrapper.ErrOutcomeUnknown)
				}
				return outcome, own
			}
		}
		begin := time.Now()
		err := cancelWith(t.Context(), directClient(t, p, wrapper.WithCallMiddleware(bound)), false)
		if !errors.Is(err, own) || time.Since(begin) != time.Second {
			t.Errorf("got %v after %v, want %v after a second", err, time.Since(begin), own)
		}
	})
}

// If attempt middleware returns ErrNotSent, the request was not sent; with any other error it may have been.
func TestAttemptMiddlewareErrors(t *testing.T) {
	t.Parallel()
	circuit := errors.New("the circuit is open")
	for _, tc := range []struct {
		err      error
		kind     error
		attempts int
	}{
		{fmt.Errorf("%w: %w", wrapper.ErrNotSent, circuit), wrapper.ErrNotSent, 3},
		{circuit, wrapper.ErrOutcomeUnknown, 3},
	} {
		client := directClient(t, serving(done), fastWith(3), wrapper.WithAttemptMiddleware(func(http.RoundTripper) http.RoundTripper {
			return roundTrip(func(*http.Request) (*http.Response, error) { return nil, tc.err })
		}))
		err := cancelWith(t.Context(), client, false)
		meant := 0
		for _, kind := range kinds {
			if errors.Is(err, kind) {
				meant++
			}
		}
		if e := asError(t, err, tc.kind); len(e.Attempts()) != tc.attempts || !errors.Is(err, circuit) || meant != 1 {
			t.Errorf("%v: got %v with %d meanings after %d attempts, want 1 after %d, and it to wrap %v", tc.err, err, meant, len(e.Attempts()), tc.attempts, circuit)
		}
	}
}

// If the cause of a context is the error of another call, the meaning of that error does not apply to this call.
func TestCauseOfAnotherCall(t *testing.T) {
	t.Parallel()
	client := directClient(t, serving(answer{lost: true}), fastWith(1))
	other := cancelWith(t.Context(), client, false)
	wantKind(t, other, wrapper.ErrOutcomeUnknown)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(other)
	err := cancelWith(ctx, client, false)
	var e *wrapper.Error
	if !errors.Is(err, wrapper.ErrNotSent) || errors.Is(err, wrapper.ErrOutcomeUnknown) || !errors.Is(err, context.Canceled) ||
		!errors.As(err, &e) || len(e.Attempts()) != 0 || !strings.Contains(err.Error(), "outcome unknown") {
		t.Errorf("got %v, want %v and %v without attempts, and outcome unknown only in the text", err, wrapper.ErrNotSent, context.Canceled)
	}
}

func TestNilSeams(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]wrapper.Option{
		"call middleware":    wrapper.WithCallMiddleware(nil),
		"attempt middleware": wrapper.WithAttemptMiddleware(nil),
		"observer":           wrapper.WithObserver(nil),
		"logger":             wrapper.WithLogger(nil),
		"option in options":  wrapper.Options(wrapper.WithAPIVersion("6.0"), nil),
	} {
		_, err := wrapper.New("http://a", option)
		if e := asError(t, err, wrapper.ErrInvalidArgument); !strings.Contains(e.Error(), "nil") {
			t.Errorf("%s: got %v, want nil in it", name, err)
		}
	}
	if _, _, ok := wrapper.AttemptFrom(t.Context()); ok {
		t.Error("got an attempt from a context without a request, want none")
	}
}

// Outcome.Requests counts all reads, although a wait keeps only the last attempt.
func TestRequestsOfAllReadsAreCounted(t *testing.T) {
	t.Parallel()
	bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
		id := c.Put(emulator.Record{Scenario: emulator.Scenario{Perform: time.Hour}})
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		var requests int
		client := c.Client(wrapper.WithCallMiddleware(func(next wrapper.CallFunc) wrapper.CallFunc {
			return func(ctx context.Context, call wrapper.Call) (wrapper.Outcome, error) {
				outcome, err := next(ctx, call)
				requests = outcome.Requests
				return outcome, err
			}
		}))
		_, err := client.Wait(ctx, id, wrapper.WaitOptions{})
		e := asOnly(t, err, wrapper.ErrNotFinished)
		n := len(c.Requests())
		if n < 10 || requests != n || len(e.Attempts()) > 2 || !strings.HasSuffix(e.Error(), fmt.Sprintf("; %d requests", n)) {
			t.Errorf("got %d requests in middleware and %v, want %d in both", requests, err, n)
		}
	})
}

// The error of a Stop says whether it forced, in its message and in Force.
func TestStopErrorNamesForce(t *testing.T) {
	t.Parallel()
	bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
		id := c.Put(emulator.Record{Scenario: emulator.Scenario{Perform: time.Hour}})
		for grace, forced := range map[time.Duration]bool{5 * time.Second: true, time.Hour: false} {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			_, err := c.Client().Stop(ctx, id, wrapper.StopOptions{Grace: grace})
			cancel()
			e := asOnly(t, err, wrapper.ErrNotFinished)
			if e.Force() != forced || strings.Contains(e.Error(), "after the force") != forced || strings.Contains(e.Error(), "before a force") == forced {
				t.Errorf("grace %v: got %v with Force %v, want %v, and the message to say so", grace, err, e.Force(), forced)
			}
			id = c.Put(emulator.Record{Scenario: emulator.Scenario{Perform: time.Hour}})
		}
	})
}

// The number of a request counts all requests of the call, including those that a wait does not keep
// ([wrapper.Attempt].Number).
func TestRequestNumberOfAWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		count := wrapper.WithAttemptMiddleware(func(next http.RoundTripper) http.RoundTripper {
			return roundTrip(func(r *http.Request) (*http.Response, error) {
				n++
				if _, got, _ := wrapper.AttemptFrom(r.Context()); got.Number != n {
					t.Errorf("got number %d, want %d", got.Number, n)
				}
				return next.RoundTrip(r)
			})
		})
		_, err := directClient(t, newLister(endsAfter(time.Minute)), count).Wait(t.Context(), opID, wrapper.WaitOptions{})
		must(t, err)
		if n < 10 {
			t.Errorf("got %d requests, want at least 10", n)
		}
	})
}

// Every observer gets all events ([wrapper.WithObserver]).
func TestObserversGetAllEvents(t *testing.T) {
	t.Parallel()
	first, second := make(map[string]int), make(map[string]int)
	counting := func(events map[string]int) wrapper.Option {
		return wrapper.WithObserver(func(_ context.Context, e wrapper.Event) { events[e.Name]++ })
	}
	p := serving(answer{status: 503}, runningList())
	client := directClient(t, &p.answers, counting(first), counting(second), wrapper.WithEndpoints("http://b"), wrapper.WithRetry(fast))
	_, err := client.Operations(t.Context())
	must(t, err)
	want := map[string]int{"call": 1, "request": 2, "pause": 1, "failover": 1}
	if !maps.Equal(first, want) || !maps.Equal(second, want) {
		t.Errorf("got events %v and %v, want %v for both observers", first, second, want)
	}
}

// The event of a call has its duration ([wrapper.Event]).
func TestCallEventHasDuration(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := new(diary)
		p := serving(retryAfter(503, "7"), runningList())
		_, err := directClient(t, &p.answers, wrapper.WithObserver(d.observe), wrapper.WithRetry(wrapper.Retry{Base: 1, Cap: 1})).Operations(t.Context())
		must(t, err)
		if last := d.lines[len(d.lines)-1]; !strings.Contains(last, "error false, 7") {
			t.Errorf("got %s, want it to end with 7 seconds", last)
		}
	})
}

// The captured attempts are those of the last call alone, and belong to the caller
// ([wrapper.CallOptions].Attempts).
func TestCaptureIsOfOneCall(t *testing.T) {
	t.Parallel()
	var attempts []wrapper.Attempt
	ctx := wrapper.PerCall(t.Context(), wrapper.CallOptions{Attempts: &attempts})
	client := directClient(t, serving(done))
	result, err := client.Cancel(ctx, opID, wrapper.CancelOptions{})
	must(t, err)
	attempts[0].Status = 1
	if result.Attempts[0].Status != 200 {
		t.Errorf("got status %d in the result, want 200, unchanged by the caller", result.Attempts[0].Status)
	}
	_, err = client.Cancel(ctx, opID, wrapper.CancelOptions{})
	must(t, err)
	if len(attempts) != 1 {
		t.Errorf("got %d attempts after the second call, want 1", len(attempts))
	}
	_, err = client.Cancel(wrapper.PerCall(t.Context(), wrapper.CallOptions{Attempts: nil}), opID, wrapper.CancelOptions{})
	must(t, err)
}

// If middleware returns an error without calling next, the call is ErrNotSent, whatever kind that error has
// ([wrapper.WithCallMiddleware]).
func TestMiddlewareMeansNotSent(t *testing.T) {
	t.Parallel()
	refuses := wrapper.WithCallMiddleware(func(wrapper.CallFunc) wrapper.CallFunc {
		return func(context.Context, wrapper.Call) (wrapper.Outcome, error) {
			return wrapper.Outcome{}, fmt.Errorf("%w: as before", wrapper.ErrOutcomeUnknown)
		}
	})
	err := cancelWith(t.Context(), directClient(t, serving(done), refuses), false)
	onlyKind(t, err, wrapper.ErrNotSent)
}

// The log names both endpoints of a failover. It contains no text from a server, not even as the name of a state
// ([wrapper.WithLogger]).
func TestLogHoldsNoForeignText(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("A", 65)
	for name, state := range map[string]string{"a sentence": "drop table", "too long for a name": long} {
		var out bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
		list := answer{status: 200, body: strings.Replace(runningList().body, "Running", state, 1)}
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			now := list
			if r.URL.Host == "cluster:19080" || r.Method == http.MethodPost {
				now = answer{status: 400, body: fabricError(wrapper.Code(state))}
			}
			if r.URL.Host == "cluster:19080" {
				now.status = 503
			}
			(&answers{made: []answer{now}}).ServeHTTP(w, r)
		})
		client := directClient(t, handler, wrapper.WithLogger(logger), wrapper.WithEndpoints("http://b"), wrapper.WithRetry(fast))
		_, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{}) // reads the state at b, and is refused
		wantKind(t, err, wrapper.ErrOutcomeUnknown)
		if strings.Contains(out.String(), state) || !strings.Contains(out.String(), "state=\"not a name\"") {
			t.Errorf("%s: got %s, want it without the state, with \"not a name\"", name, out.String())
		}
		lines := strings.Split(out.String(), "\n")
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, "from=cluster:19080 to=b") }) {
			t.Errorf("got %s, want a failover from cluster:19080 to b", out.String())
		}
	}
}

// If middleware does not call next, the call is ErrNotSent, even if the error is that of another call.
func TestVetoWithAnotherCallsError(t *testing.T) {
	t.Parallel()
	other := cancelWith(t.Context(), directClient(t, serving(answer{lost: true}), fastWith(1)), false)
	wantKind(t, other, wrapper.ErrOutcomeUnknown)
	client := directClient(t, serving(done), wrapper.WithCallMiddleware(func(wrapper.CallFunc) wrapper.CallFunc {
		return func(context.Context, wrapper.Call) (wrapper.Outcome, error) { return wrapper.Outcome{}, other }
	}))
	onlyKind(t, cancelWith(t.Context(), client, false), wrapper.ErrNotSent)
}

// logged runs a call with a logger, and returns its output: lines of "message key=value".
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

// The exact log lines of calls.
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
		{"a wait", []answer{{status: 200, body: `[{"OperationId":"` + id + `","Type":"PartitionRestart","State":"Completed"}]`}}, func(ctx context.Context, c *wrapper.Client) error {
			_, err := c.Wait(ctx, opID, wrapper.WaitOptions{})
			return err
		}, []string{
			"level=DEBUG msg=request call=wait operation_id=" + id + " purpose=read number=1 host=a class=done status=200",
			"level=DEBUG msg=state call=wait operation_id=" + id + " state=Completed",
			"level=INFO msg=call call=wait operation_id=" + id + " requests=1 verdict=Finished state=Completed",
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

// The log contains no text from a server, a transport or a caller, and only attributes from a list.
func TestLoggerAllowList(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	allowed := map[string]bool{}
	for key := range strings.FieldsSeq("time level msg call operation_id request_id force purpose number host class status took code error pause after from to requests verdict state force_at") {
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
			t.Errorf("%d: got %q in the log, want it left out:\n%s", i, secret, out.String())
		}
		for line := range strings.Lines(out.String()) {
			var attrs map[string]any
			must(t, json.Unmarshal([]byte(line), &attrs))
			for key := range attrs {
				if !allowed[key] {
					t.Errorf("%d: got attribute %q, want only those on the list", i, key)
				}
			}
		}
	}
}

// A transport error is logged in the words of this package or of the operating system.
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
			t.Errorf("%v: got %s, want %s", tc.err, got, tc.want)
		}
	}
	if got := logged(t, direct{serving(answer{status: 503, body: "x"})}, gracefully, wrapper.WithEndpoints("http://b:1/x")); !strings.Contains(got, "level=WARN msg=failover from=a to=b:1\n") {
		t.Errorf("got %s, want a failover from a to b:1", got)
	}
}

// Nothing outlives a call whose context ended, and nothing outlives Close: TestMain checks goroutines, the bubble
// timers, and this test connections.
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
		t.Fatalf("got %d connections, want one that is idle", n)
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
	must(t, <-ended) // a call in progress continues
	open.waitFor(t, 0)
	_, err = client.Operations(t.Context())
	if e := asError(t, err, wrapper.ErrNotSent); !strings.Contains(e.Error(), "the client is closed") || len(e.Attempts()) != 0 {
		t.Errorf("after Close: got %v, want an error that the client is closed, without attempts", err)
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
					t.Errorf("%s with %+v: got %v after %v, want an error within a minute", name, made, err, time.Since(begin))
				}
				cancel()
			}
		}
	})
}
