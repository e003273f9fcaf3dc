package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// sent returns the query parameters of request n on the wire.
func sent(tb testing.TB, c *cluster, n int) url.Values {
	tb.Helper()
	seen := c.wire.Seen()
	if n >= len(seen) {
		tb.Fatalf("the wire saw %v, want at least %d requests", c.seen(), n+1)
	}
	_, target, _ := strings.Cut(seen[n], " ")
	u, err := url.Parse(target)
	must(tb, err)
	return u.Query()
}

// The timeout parameter on the wire for the timeout and the context of a call.
func TestTimeoutOnTheWire(t *testing.T) {
	t.Parallel()
	const none = time.Duration(0)
	cases := []struct {
		name     string
		version  generated.APIVersion
		explicit time.Duration
		left     time.Duration // until the deadline of the context; none for no deadline
		want     string        // "" for no timeout parameter
	}{
		{name: "seed 6.0: not required", version: "6.0"},
		{name: "seed 6.0: inclusive minimum 1", version: "6.0", explicit: time.Second, want: "1"},
		{name: "seed 6.0: inclusive maximum 4294967295", version: "6.0", explicit: 4294967295 * time.Second, want: "4294967295"},
		{name: "an explicit 60 is sent", version: "6.0", explicit: time.Minute, want: "60"},
		{name: "from the time left", version: "6.0", left: 30 * time.Second, want: "11"},
		{name: "from the time left, in whole seconds that fit", version: "6.0", left: 15 * time.Second, want: "8"},
		{name: "seed 6.0: at least 1 whatever is left", version: "6.0", left: 10 * time.Millisecond, want: "1"},
		{name: "a second short of the default", version: "6.0", left: 162 * time.Second, want: "59"},
		{name: "seed 6.0: the default of 60 fits", version: "6.0", left: 163 * time.Second},
		{name: "seed 6.0: the default of 60, with more left", version: "6.0", left: time.Hour},
		{name: "an explicit one clipped to the time left", version: "6.0", explicit: 40 * time.Second, left: 25 * time.Second, want: "11"},
		{name: "an explicit one above the default clipped", version: "6.0", explicit: time.Hour, left: 200 * time.Second, want: "75"},
		{name: "an explicit one that fits", version: "6.0", explicit: 10 * time.Second, left: 25 * time.Second, want: "10"},
		{name: "an explicit one clipped to 1 at least", version: "6.0", explicit: 20 * time.Second, left: 10 * time.Millisecond, want: "1"},
		{name: "a version after 6.0", version: "7.1", left: 30 * time.Second, want: "11"},
		{name: "seed 3.0: no timeout", version: "3.0"},
		{name: "seed 3.0: no timeout, whatever is left", version: "3.0", left: 5 * time.Second},
		{name: "a version between the documents", version: "4.5", left: 5 * time.Second},
	}
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for _, tc := range cases {
			for _, perCall := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, per call %v", tc.name, perCall), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						c := newCluster(t, profile)
						makeStopping(t, c)
						ctx, cancel := t.Context(), context.CancelFunc(func() {})
						if tc.left != none {
							ctx, cancel = context.WithTimeout(ctx, tc.left)
						}
						defer cancel()
						options := []wrapper.Option{wrapper.WithForcePolicy(wrapper.ServerDecides{})}
						var version generated.APIVersion
						if perCall {
							version = tc.version
						} else {
							options = append(options, wrapper.WithAPIVersion(tc.version))
						}
						client := directClient(t, c.handler, options...)
						_, err := client.Cancel(ctx, opID, wrapper.CancelOptions{APIVersion: version, Timeout: tc.explicit})
						must(t, err)
						_, err = client.ForceCancel(ctx, opID, wrapper.ForceOptions{APIVersion: version, Timeout: tc.explicit})
						must(t, err)
						for n := range c.wire.Seen() {
							q := sent(t, c, n)
							if q.Get("timeout") != tc.want || q.Has("timeout") != (tc.want != "") || q.Get("api-version") != string(tc.version) {
								t.Errorf("the wire saw %s, want timeout %q and api-version %s", c.wire.Seen()[n], tc.want, tc.version)
							}
						}
					})
				})
			}
		}
	})
}

// The timeout of each request, including reads, depends on the time left when it is sent.
func TestTimeoutShrinks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, server.Documented)
		c.wire.Spoil(wirefault.Graceful, wirefault.Fault{Status: 503, Header: map[string][]string{"Retry-After": {"10"}}})
		c.wire.Spoil(wirefault.List, wirefault.Fault{Status: 503, Header: map[string][]string{"Retry-After": {"20"}}})
		ctx, cancel := context.WithTimeout(t.Context(), 45*time.Second)
		defer cancel()
		client := directClient(t, c.handler, wrapper.WithRetry(fast))
		_, err := client.Cancel(ctx, opID, wrapper.CancelOptions{Timeout: 40 * time.Second})
		must(t, err)
		for n, want := range []string{"16", "12", "12", "8"} {
			if got := sent(t, c, n).Get("timeout"); got != want {
				t.Errorf("request %d: got timeout %s, want %s", n, got, want)
			}
		}
	})
}

// The exact request lines of calls, as in the two seeds.
func TestRequestLine(t *testing.T) {
	t.Parallel()
	const id = "OperationId=5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01"
	c := newCluster(t, server.Documented)
	makeStopping(t, c)
	client := c.client(t, wrapper.WithForcePolicy(wrapper.ServerDecides{}))
	ctx := t.Context()
	_, err := client.Cancel(ctx, opID, wrapper.CancelOptions{APIVersion: generated.APIVersion30})
	must(t, err)
	_, err = client.Cancel(ctx, opID, wrapper.CancelOptions{Timeout: 5 * time.Second})
	must(t, err)
	_, err = client.ForceCancel(ctx, opID, wrapper.ForceOptions{APIVersion: generated.APIVersion30})
	must(t, err)
	_, err = client.Operations(ctx)
	must(t, err)
	want := []string{
		"POST /Faults/$/Cancel?api-version=3.0&" + id + "&Force=false",
		"POST /Faults/$/Cancel?api-version=6.0&" + id + "&Force=false&timeout=5",
		"POST /Faults/$/Cancel?api-version=3.0&" + id + "&Force=true",
		"GET /Faults/?api-version=6.0&StateFilter=65535&TypeFilter=65535",
	}
	if diff := cmp.Diff(want, c.wire.Seen()); diff != "" {
		t.Errorf("want (-), on the wire (+):\n%s", diff)
	}
}

// A timeout or version that the wire format does not allow is refused before anything is sent.
func TestTimeoutRefused(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		version generated.APIVersion
		timeout time.Duration
		say     string
	}{
		{"seed 3.0: has no timeout", "3.0", time.Second, "api-version 3.0 has no timeout"},
		{"seed 6.0: below the minimum", "6.0", -time.Second, "whole seconds from 1 to 4294967295"},
		{"seed 6.0: above the maximum", "6.0", 4294967296 * time.Second, "whole seconds from 1 to 4294967295"},
		{"seed 6.0: an integer", "6.0", 1500 * time.Millisecond, "whole seconds from 1 to 4294967295"},
		{"seed 6.0: less than a second", "6.0", time.Millisecond, "whole seconds from 1 to 4294967295"},
		{"not a version", "6", 0, `api-version "6"`},
		{"not a version, three numbers", "6.0.1", 0, `api-version "6.0.1"`},
		{"not a version, a word", "latest", 0, `api-version "latest"`},
		{"not a version, no minor", "6.", 0, `api-version "6."`},
		{"not a version, a sign", "-6.0", 0, `api-version "-6.0"`},
		{"not a version, a preview", "6.0-preview", 0, `api-version "6.0-preview"`},
		{"not a version, an injection", "6.0&Force=true", 0, `api-version "6.0&Force=true"`},
	}
	c := newCluster(t, server.Documented)
	client := c.client(t, wrapper.WithForcePolicy(wrapper.ServerDecides{}))
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			_, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{APIVersion: tc.version, Timeout: tc.timeout})
			_, err2 := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{APIVersion: tc.version, Timeout: tc.timeout})
			for _, err := range []error{err, err2} {
				if e := asError(t, err, wrapper.ErrInvalidArgument); len(e.Attempts()) != 0 || !strings.Contains(e.Error(), tc.say) {
					t.Errorf("got %v, want %q in it and no attempts", e, tc.say)
				}
			}
		})
	}
	if len(c.wire.Seen()) != 0 {
		t.Errorf("the wire saw %v, want nothing", c.seen())
	}
}

// The timeout on the wire is the shortest of those from the context, from [wrapper.Retry].AttemptTimeout, and from
// the options of the call.
func TestShortestTimeoutIsSent(t *testing.T) {
	t.Parallel()
	cases := []struct {
		context, attempt, asked time.Duration
		want                    string
	}{
		{30 * time.Second, 10 * time.Second, 0, "9"}, // of 10 s, less a twelfth for the network
		{10 * time.Second, 30 * time.Second, 0, "5"}, // of 6 s, three fifths of the time left
		{30 * time.Second, 20 * time.Second, 10 * time.Second, "10"},
		{10 * time.Second, 30 * time.Second, 20 * time.Second, "5"},
		{30 * time.Second, 10 * time.Second, 20 * time.Second, "9"},
		{0, 10 * time.Second, 0, "9"},
		{60 * time.Second, 0, 0, "22"}, // of 24 s, two fifths of the time left
		{0, 0, 0, ""},
		{0, 60 * time.Second, 0, "55"},
		{0, 65 * time.Second, 0, ""},
	}
	for _, tc := range cases {
		synctest.Test(t, func(t *testing.T) {
			p := serving(done)
			var got string
			p.onServe = func(r *http.Request) { got = r.URL.Query().Get("timeout") }
			ctx := t.Context()
			if tc.context > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, tc.context)
				defer cancel()
			}
			client := directClient(t, &p.answers, wrapper.WithRetry(wrapper.Retry{AttemptTimeout: tc.attempt}))
			_, err := client.Cancel(ctx, opID, wrapper.CancelOptions{Timeout: tc.asked})
			must(t, err)
			if got != tc.want {
				t.Errorf("%+v: got timeout %q, want %q", tc, got, tc.want)
			}
		})
	}
}

// A request to a server that does not answer times out 5 s after the server's own timeout, and is retried. Without a
// deadline that is 65 s, with the server's default of 60 s.
func TestHangingServer(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name     string
		version  generated.APIVersion
		explicit time.Duration
		limit    time.Duration
	}{
		{"the default", "6.0", 0, 65 * time.Second},
		{"seed 3.0: no timeout, the default holds", "3.0", 0, 65 * time.Second},
		{"a short one", "6.0", 2 * time.Second, 7 * time.Second},
		{"a long one", "6.0", 10 * time.Minute, 10*time.Minute + 5*time.Second},
	}
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					c := newCluster(t, profile)
					makeStopping(t, c)
					c.wire.Spoil(wirefault.Any, wirefault.Fault{Hang: true, Apply: true})
					client := directClient(t, c.handler, wrapper.WithRetry(fast), known(t))
					begin := time.Now()
					got, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{APIVersion: tc.version, Timeout: tc.explicit})
					told{wrapper.Accepted, wrapper.StateRollingBack, true, thenProbed, emulator.RollingBackForce}.check(t, c, got, err)
					if took := time.Since(begin).Truncate(time.Millisecond); took != tc.limit {
						t.Errorf("the call took %v, want %v", took, tc.limit)
					}
					hung := got.Attempts[0]
					if hung.Class() != "ambiguous" || hung.Duration != tc.limit || errors.Is(hung.Err, context.DeadlineExceeded) ||
						!strings.Contains(hung.Err.Error(), "no answer within "+tc.limit.String()) {
						t.Errorf("got attempt %+v, want an ambiguous one that says no answer within %v", hung, tc.limit)
					}
				})
			})
		}
	})
}

// If the context ends while the server hangs on every request, the call ends with ErrOutcomeUnknown.
func TestHangingServerAndDeadline(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for _, force := range []bool{false, true} {
			for name, apply := range map[string]bool{"applied": true, "not applied": false} {
				t.Run(name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						c := newCluster(t, profile)
						makeStopping(t, c)
						c.wire.Spoil(wirefault.Any, slices.Repeat([]wirefault.Fault{{Hang: true, Apply: apply}}, 8)...)
						client := directClient(t, c.handler, known(t))
						ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
						defer cancel()
						begin := time.Now()
						err := cancelWith(ctx, client, force)
						e := asError(t, err, wrapper.ErrOutcomeUnknown)
						if !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 3*time.Second || len(e.Attempts()) < 3 {
							t.Errorf("got %v after %v and %d attempts, want %v after 3s and 3 or more", err, time.Since(begin), len(e.Attempts()), context.DeadlineExceeded)
						}
					})
				})
			}
		}
	})
}

// The error of a call whose context ended has the last failure as well.
func TestContextKeepsLastFailure(t *testing.T) {
	t.Parallel()
	busyThenHang := []answer{
		{status: 503, body: fabricError("FABRIC_E_NOT_READY")},
		{hang: true},
	}
	cases := []struct {
		name string
		ctx  func(context.Context) (context.Context, context.CancelFunc)
		want error
	}{
		{"a deadline", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 10*time.Second)
		}, context.DeadlineExceeded},
		{"a cancel", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(10*time.Second, cancel)
			return ctx, cancel
		}, context.Canceled},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := tc.ctx(t.Context())
				defer cancel()
				p := serving(busyThenHang...)
				twice := fast
				twice.MaxAttempts = 2 // so that the second attempt may take all the time left
				err := p.cancel(ctx, t, twice)
				e := asError(t, err, wrapper.ErrOutcomeUnknown)
				if !errors.Is(err, tc.want) || !errors.Is(err, wrapper.Code("FABRIC_E_NOT_READY")) || e.Status() != 503 {
					t.Errorf("got %v with status %d, want it to wrap %v and FABRIC_E_NOT_READY, and 503", err, e.Status(), tc.want)
				}
				if p.took != 10*time.Second || len(e.Attempts()) != 2 {
					t.Errorf("got %d attempts in %v, want 2 in 10s", len(e.Attempts()), p.took)
				}
			})
		})
	}
}

// If the context has ended before the call, nothing is sent, and the error says so.
func TestEndedContext(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		c := newCluster(t, profile)
		makeStopping(t, c)
		ledger := new(wrapper.MemoryLedger)
		client := c.client(t, wrapper.WithForcePolicy(wrapper.ServerDecides{}), wrapper.WithLedger(ledger))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		for _, force := range []bool{false, true} {
			err := cancelWith(ctx, client, force)
			if wantKind(t, err, wrapper.ErrNotSent); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want it to wrap %v", err, context.Canceled)
			}
		}
		_, err := client.StartDataLoss(ctx, orders, "FullDataLoss", wrapper.StartOptions{})
		wantKind(t, err, wrapper.ErrNotSent)
		_, err = client.Operations(ctx)
		wantKind(t, err, wrapper.ErrNotSent)
		if len(c.seen()) != 0 {
			t.Errorf("the wire saw %v, want nothing", c.seen())
		}
		nothingDone(t, ledger)
	})
}

// A cancelled context ends a pause at once.
func TestCancelledWhilePausing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Second, cancel)
		p := serving(retryAfter(429, "3600"))
		err := p.cancel(ctx, t, wrapper.Retry{})
		wantKind(t, err, wrapper.ErrServerRefused) // a 429 is a refusal
		if !errors.Is(err, context.Canceled) || p.took != 10*time.Second || p.served != 1 {
			t.Errorf("got %v after %d requests in %v, want %v after 1 in 10s", err, p.served, p.took, context.Canceled)
		}
	})
}

// The outcome is recorded even if the context has ended, because it is evidence for later calls.
func TestRecordedAfterContextEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		p := serving(done)
		noting := &noteContext{}
		client := directClient(t, &p.answers, wrapper.WithLedger(noting))
		p.onServe = nil
		noting.before = cancel // between the answer and the entry
		got, err := client.Cancel(ctx, opID, wrapper.CancelOptions{})
		if err != nil || got.Verdict != wrapper.Accepted || got.LedgerErr != nil || noting.err != nil || noting.notes != 1 {
			t.Errorf("got %s, %v, LedgerErr %v with %d entries and context error %v, want Accepted with one entry and no errors", got.Verdict, err, got.LedgerErr, noting.notes, noting.err)
		}
		if noting.left != 5*time.Second {
			t.Errorf("got %v for the ledger, want 5s", noting.left)
		}
	})
}

// noteContext is a ledger that records the context of Append.
type noteContext struct {
	wrapper.MemoryLedger
	before func()
	notes  int
	err    error
	left   time.Duration
}

func (l *noteContext) Append(ctx context.Context, e wrapper.Entry) error {
	l.before()
	l.notes++
	l.err = ctx.Err()
	if deadline, ok := ctx.Deadline(); ok {
		l.left = time.Until(deadline)
	}
	return l.MemoryLedger.Append(ctx, e)
}

// usual is the time limit of a call by default on the command line.
const usual = 30 * time.Second

// patientCalls are all calls, with default settings. again is the time by which the clock of the cluster advances with
// each request, so that operations end.
var patientCalls = map[string]struct {
	situation string
	again     time.Duration
	make      func(ctx context.Context, c *wrapper.Client) error
}{
	"Cancel": {"running", 0, func(ctx context.Context, c *wrapper.Client) error {
		_, err := c.Cancel(ctx, opID, wrapper.CancelOptions{})
		return err
	}},
	"Cancel of a finished operation": {"completed", 0, func(ctx context.Context, c *wrapper.Client) error {
		_, err := c.Cancel(ctx, opID, wrapper.CancelOptions{})
		return err
	}},
	"ForceCancel": {"gracefully cancelled", 0, func(ctx context.Context, c *wrapper.Client) error {
		_, err := c.ForceCancel(ctx, opID, wrapper.ForceOptions{Policy: wrapper.ServerDecides{}})
		return err
	}},
	"ForceCancel of a failing operation": {"failing by itself", 0, func(ctx context.Context, c *wrapper.Client) error {
		_, err := c.ForceCancel(ctx, opID, wrapper.ForceOptions{Policy: wrapper.RequireGraceful{Look: true}})
		return err
	}},
	"ForceCancel, graceful first": {"running", 0, func(ctx context.Context, c *wrapper.Client) error {
		_, err := c.ForceCancel(ctx, opID, wrapper.ForceOptions{Policy: wrapper.GracefulFirst{Grace: time.Second}})
		return err
	}},
	"Stop": {"running", 10 * time.Second, func(ctx context.Context, c *wrapper.Client) error {
		_, err := c.Stop(ctx, opID, wrapper.StopOptions{Grace: 2 * time.Second, Interval: 250 * time.Millisecond})
		return err
	}},
	"Wait": {"gracefully cancelled", 50 * time.Second, func(ctx context.Context, c *wrapper.Client) error {
		_, err := c.Wait(ctx, opID, wrapper.WaitOptions{})
		return err
	}},
	"Operation": {"running", 0, func(ctx context.Context, c *wrapper.Client) error {
		_, err := c.Operation(ctx, opID)
		return err
	}},
	"Operations": {"running", 0, func(ctx context.Context, c *wrapper.Client) error {
		_, err := c.Operations(ctx)
		return err
	}},
	"a start": {"unknown id", 0, func(ctx context.Context, c *wrapper.Client) error {
		_, err := c.StartDataLoss(ctx, orders, generated.DataLossModePartialDataLoss, wrapper.StartOptions{OperationID: opID})
		return err
	}},
	"a start with a generated id": {"unknown id", 0, func(ctx context.Context, c *wrapper.Client) error {
		_, err := c.StartNodeTransition(ctx, node, generated.NodeTransitionTypeStop, 20*time.Minute, wrapper.StartOptions{})
		return err
	}},
}

// swallower is a cluster that never answers one request, without a reset.
type swallower struct {
	c      *cluster
	at     int // the number of that request, from 0
	apply  bool
	again  time.Duration
	served int
}

func (s *swallower) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.c.clock.advance(s.again)
	s.served++
	if s.served-1 != s.at {
		s.c.handler.ServeHTTP(w, r)
		return
	}
	if s.apply {
		s.c.handler.ServeHTTP(&statusWriter{ResponseWriter: discard{}}, r)
	}
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

// An answer lost without a reset, as when a NAT forgets a connection or a process hangs, costs only a part of the time
// of the context: for any request of any call, the rest is enough for a verdict.
func TestSilentLossEndsInAVerdict(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for name, call := range patientCalls {
			for _, apply := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, carried out %t", name, apply), func(t *testing.T) {
					for at, more := 0, true; more; at++ {
						synctest.Test(t, func(t *testing.T) {
							c := newCluster(t, profile)
							situationNamed(t, call.situation).make(t, c)
							s := &swallower{c: c, at: at, apply: apply, again: call.again}
							ctx, cancel := context.WithTimeout(t.Context(), usual)
							defer cancel()
							if err := call.make(ctx, directClient(t, s)); err != nil {
								t.Errorf("without an answer to request %d: got %v, want a verdict", at+1, err)
							}
							more = s.served > at // the call made that request
						})
					}
				})
			}
		}
	})
}

// If one gateway hangs, the call fails over to another in less than half the time of the context.
func TestHungGatewayCostsLessThanHalf(t *testing.T) {
	t.Parallel()
	hangs := func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	}
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for name, call := range patientCalls {
			for _, all := range []time.Duration{2 * time.Second, 5 * time.Second, usual, 5 * time.Minute} {
				if call.again > 0 && all < usual || name == "ForceCancel, graceful first" && all < usual {
					continue // the call waits for a grace, or for the end of the operation
				}
				t.Run(fmt.Sprintf("%s within %v", name, all), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						g := newGateways(newCluster(t, profile))
						situationNamed(t, call.situation).make(t, g.c)
						g.fails["a"] = hangs
						if call.again > 0 {
							pass := func(w http.ResponseWriter, r *http.Request, cluster http.Handler) {
								g.c.clock.advance(call.again)
								cluster.ServeHTTP(w, r)
							}
							g.fails["b"], g.fails["c"] = pass, pass
						}
						ctx, cancel := context.WithTimeout(t.Context(), all)
						defer cancel()
						begin := time.Now()
						if err := call.make(ctx, g.client(t)); err != nil {
							t.Errorf("got %v, want a verdict", err)
						}
						if took := time.Since(begin); took >= all/2 {
							t.Errorf("the call took %v of %v, want less than half", took, all)
						}
					})
				})
			}
		}
	})
}

// A server that takes 10 s for each answer does not cause timeouts: a call with two requests gets both answers within
// 30 s.
func TestSlowServer(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for _, name := range []string{"Cancel", "Cancel of a finished operation", "ForceCancel", "Operation", "Operations", "a start"} {
			for _, endpoints := range [][]string{nil, {"http://b"}} {
				t.Run(fmt.Sprintf("%s, %d endpoints", name, 1+len(endpoints)), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						c := newCluster(t, profile)
						situationNamed(t, patientCalls[name].situation).make(t, c)
						slow := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
							time.Sleep(10 * time.Second)
							c.handler.ServeHTTP(w, r)
						})
						ctx, cancel := context.WithTimeout(t.Context(), usual)
						defer cancel()
						err := patientCalls[name].make(ctx, directClient(t, slow, wrapper.WithEndpoints(endpoints...)))
						if err != nil {
							t.Errorf("got %v, want a verdict", err)
						}
						for n, seen := range c.wire.Seen() {
							if n > 1 {
								t.Errorf("got request %d: %s, want two at most", n+1, seen)
							}
						}
					})
				})
			}
		}
	})
}

// An error wraps context.DeadlineExceeded only if the caller's context ended, not after a timeout of a dial, of the
// caller's HTTP client, of a request, of the ledger, or of a read.
func TestOnlyCallersContextError(t *testing.T) {
	t.Parallel()
	late := func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, time.Nanosecond)
		defer cancel()
		<-ctx.Done()
		return ctx.Err()
	}
	cases := map[string]struct {
		transport http.RoundTripper
		timeout   time.Duration
		options   []wrapper.Option
	}{
		"a dial that took too long": {transport: failsWith(func(r *http.Request) error {
			return fmt.Errorf("dial tcp: i/o timeout: %w", late(r.Context()))
		})},
		"a cancel in a transport": {transport: failsWith(func(*http.Request) error { return context.Canceled })},
		"the HTTP client's limit": {transport: direct{serving(answer{hang: true})}, timeout: time.Second},
		"the limit of a request": {transport: direct{serving(answer{hang: true})}, options: []wrapper.Option{
			wrapper.WithRetry(wrapper.Retry{MaxAttempts: 2, AttemptTimeout: time.Second})}},
		"a ledger that hangs": {transport: direct{serving(answer{status: 403})}, options: []wrapper.Option{wrapper.WithLedger(hangingLedger{})}},
		"middleware with a deadline": {transport: direct{serving(answer{hang: true})}, options: []wrapper.Option{
			wrapper.WithCallMiddleware(func(next wrapper.CallFunc) wrapper.CallFunc {
				return func(ctx context.Context, call wrapper.Call) (wrapper.Outcome, error) {
					ctx, cancel := context.WithTimeout(ctx, time.Second)
					defer cancel()
					return next(ctx, call)
				}
			})}},
		"a token source": {transport: direct{serving(done)}, options: []wrapper.Option{wrapper.WithTokenSource(
			func(ctx context.Context, _ string) (string, error) { return "", late(ctx) })}},
	}
	for name, tc := range cases {
		for _, force := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, force %t", name, force), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					options := append([]wrapper.Option{
						wrapper.WithHTTPClient(&http.Client{Transport: tc.transport, Timeout: tc.timeout}),
						wrapper.WithForcePolicy(wrapper.ServerDecides{}), fastWith(2),
					}, tc.options...)
					client, err := wrapper.New("http://cluster", options...)
					must(t, err)
					err = cancelWith(t.Context(), client, force)
					if err == nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
						t.Errorf("got %v, want an error without a context error, since the context has not ended", err)
					}
				})
			})
		}
	}
	t.Run("a read that timed out", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster(t, server.Documented)
			makeRunning(t, c)
			hang := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					<-r.Context().Done()
					panic(http.ErrAbortHandler)
				}
				if r.URL.Query().Get("Force") == "true" {
					w.WriteHeader(http.StatusForbidden)
					return
				}
				c.handler.ServeHTTP(w, r)
			})
			_, err := directClient(t, hang).Stop(t.Context(), opID, wrapper.StopOptions{Grace: 3 * time.Second})
			onlyKind(t, err, wrapper.ErrNotFinished)
			if errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want no %v, since the context has not ended", err, context.DeadlineExceeded)
			}
		})
	})
}

// failsWith is a transport that always fails.
type failsWith func(*http.Request) error

func (f failsWith) RoundTrip(r *http.Request) (*http.Response, error) { return nil, f(r) }
