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

// sent are the query parameters of a request that the wire saw.
func sent(tb testing.TB, c *cluster, n int) url.Values {
	tb.Helper()
	seen := c.wire.Seen()
	if n >= len(seen) {
		tb.Fatalf("the wire saw %v only", c.seen())
	}
	_, target, _ := strings.Cut(seen[n], " ")
	u, err := url.Parse(target)
	must(tb, err)
	return u.Query()
}

// The timeout parameter as it goes over the wire; "" for none.
func TestTimeoutOnTheWire(t *testing.T) {
	t.Parallel()
	const none = time.Duration(0)
	cases := []struct {
		name     string
		version  generated.APIVersion
		explicit time.Duration
		left     time.Duration // of the context; none for no deadline
		want     string
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
								t.Errorf("the wire saw %s", c.wire.Seen()[n])
							}
						}
					})
				})
			}
		}
	})
}

// Every request of a call has the timeout of its own moment, reads included.
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
				t.Errorf("request %d had timeout=%s, want %s", n, got, want)
			}
		}
	})
}

// What a call sends, to the letter: the two seeds' request lines.
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

// An explicit timeout that cannot go over the wire is refused before anything is sent.
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
					t.Errorf("got %v", e)
				}
			}
		})
	}
	if len(c.wire.Seen()) != 0 {
		t.Errorf("the wire saw %v", c.seen())
	}
}

// The server is told the least of what the context leaves, what the request may take
// ([wrapper.Retry].AttemptTimeout), and what was asked for.
func TestLeastTimeoutIsTold(t *testing.T) {
	t.Parallel()
	cases := []struct {
		context, attempt, asked time.Duration
		told                    string
	}{
		{30 * time.Second, 10 * time.Second, 0, "9"}, // of 10 s, and a twelfth is for the way
		{10 * time.Second, 30 * time.Second, 0, "5"}, // of 6 s, three fifths of what is left
		{30 * time.Second, 20 * time.Second, 10 * time.Second, "10"},
		{10 * time.Second, 30 * time.Second, 20 * time.Second, "5"},
		{30 * time.Second, 10 * time.Second, 20 * time.Second, "9"},
		{0, 10 * time.Second, 0, "9"},
		{60 * time.Second, 0, 0, "22"}, // of 24 s, two fifths of what is left
		{0, 0, 0, ""},
		{0, 60 * time.Second, 0, "55"},
		{0, 65 * time.Second, 0, ""},
	}
	for _, tc := range cases {
		synctest.Test(t, func(t *testing.T) {
			p := serving(done)
			var told string
			p.onServe = func(r *http.Request) { told = r.URL.Query().Get("timeout") }
			ctx := t.Context()
			if tc.context > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, tc.context)
				defer cancel()
			}
			client := directClient(t, &p.answers, wrapper.WithRetry(wrapper.Retry{AttemptTimeout: tc.attempt}))
			_, err := client.Cancel(ctx, opID, wrapper.CancelOptions{Timeout: tc.asked})
			must(t, err)
			if told != tc.told {
				t.Errorf("%+v: the server was told %q", tc, told)
			}
		})
	}
}

// A server that does not answer is given up on when even its own timeout would be
// over, and asked again. Without a deadline that is the default of 60 s and 5 more.
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
						t.Errorf("it took %v, want %v", took, tc.limit)
					}
					hung := got.Attempts[0]
					if hung.Class() != "ambiguous" || hung.Duration != tc.limit || errors.Is(hung.Err, context.DeadlineExceeded) ||
						!strings.Contains(hung.Err.Error(), "no answer within "+tc.limit.String()) {
						t.Errorf("the attempt is %+v", hung)
					}
				})
			})
		}
	})
}

// A context that ends while the server hangs, whatever it is asked, ends the call, and nothing
// is claimed.
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
							t.Errorf("after %v: %v", time.Since(begin), err)
						}
					})
				})
			}
		}
	})
}

// the failure that was told last is not lost because the context ended.
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
				twice.MaxAttempts = 2 // the second one may take all the time that is left
				err := p.cancel(ctx, t, twice)
				e := asError(t, err, wrapper.ErrOutcomeUnknown)
				if !errors.Is(err, tc.want) || !errors.Is(err, wrapper.Code("FABRIC_E_NOT_READY")) || e.Status() != 503 {
					t.Errorf("got %v", err)
				}
				if p.took != 10*time.Second || len(e.Attempts()) != 2 {
					t.Errorf("%d requests in %v", len(e.Attempts()), p.took)
				}
			})
		})
	}
}

// A context that had ended before the call: nothing goes out, and that is what the error says.
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
				t.Errorf("got %v", err)
			}
		}
		_, err := client.StartDataLoss(ctx, orders, "FullDataLoss", wrapper.StartOptions{})
		wantKind(t, err, wrapper.ErrNotSent)
		_, err = client.Operations(ctx)
		wantKind(t, err, wrapper.ErrNotSent)
		if len(c.seen()) != 0 {
			t.Errorf("the wire saw %v", c.seen())
		}
		nothingDone(t, ledger)
	})
}

// A cancelled context ends a wait at once.
func TestCancelledWhileWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Second, cancel)
		p := serving(retryAfter(429, "3600"))
		err := p.cancel(ctx, t, wrapper.Retry{})
		wantKind(t, err, wrapper.ErrServerRefused) // a 429 did nothing
		if !errors.Is(err, context.Canceled) || p.took != 10*time.Second || p.served != 1 {
			t.Errorf("%d requests in %v: %v", p.served, p.took, err)
		}
	})
}

// The outcome is noted although the context has ended: it is the evidence for what comes next.
func TestNotedAfterTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		p := serving(done)
		noting := &noteContext{}
		client := directClient(t, &p.answers, wrapper.WithLedger(noting))
		p.onServe = nil
		noting.before = cancel // between the answer and the note
		got, err := client.Cancel(ctx, opID, wrapper.CancelOptions{})
		if err != nil || got.Verdict != wrapper.Accepted || got.LedgerErr != nil || noting.err != nil || noting.notes != 1 {
			t.Errorf("got %s, %v; %d notes, ledger %v, context %v", got.Verdict, err, noting.notes, got.LedgerErr, noting.err)
		}
		if noting.left != 5*time.Second {
			t.Errorf("the ledger has %v for a note, want 5s", noting.left)
		}
	})
}

// noteContext is a ledger that looks at the context of its notes.
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

// usual is the context of a call with nothing set, as the command line has it.
const usual = 30 * time.Second

// patientCalls are all calls, with default settings. again is how much of the time of the
// engine goes by with each request, so that what has to end does.
var patientCalls = map[string]struct {
	situation string
	again     time.Duration
	make      func(ctx context.Context, c *wrapper.Client) error
}{
	"Cancel": {"running", 0, func(ctx context.Context, c *wrapper.Client) error {
		_, err := c.Cancel(ctx, opID, wrapper.CancelOptions{})
		return err
	}},
	"Cancel of one that is over": {"completed", 0, func(ctx context.Context, c *wrapper.Client) error {
		_, err := c.Cancel(ctx, opID, wrapper.CancelOptions{})
		return err
	}},
	"ForceCancel": {"gracefully cancelled", 0, func(ctx context.Context, c *wrapper.Client) error {
		_, err := c.ForceCancel(ctx, opID, wrapper.ForceOptions{Policy: wrapper.ServerDecides{}})
		return err
	}},
	"ForceCancel of one that fails by itself": {"failing by itself", 0, func(ctx context.Context, c *wrapper.Client) error {
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
	"a start with an id of its own": {"unknown id", 0, func(ctx context.Context, c *wrapper.Client) error {
		_, err := c.StartNodeTransition(ctx, node, generated.NodeTransitionTypeStop, 20*time.Minute, wrapper.StartOptions{})
		return err
	}},
}

// swallower takes one request and never answers it, without a reset.
type swallower struct {
	c      *cluster
	at     int // the request, from 0
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

// An answer that is lost without a reset, as where a NAT forgets a connection or a process
// hangs, takes a part of the context and not all of it: at any position of any call the
// rest is enough for a verdict.
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
								t.Errorf("request %d was swallowed: got %v, want a verdict", at+1, err)
							}
							more = s.served > at // the loss was met
						})
					}
				})
			}
		}
	})
}

// Of two gateways one hangs: the other one is asked in less than half of the context.
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
					continue // it waits for its grace, or for the end
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
							t.Errorf("it took %v of %v, want less than half", took, all)
						}
					})
				})
			}
		}
	})
}

// A server that takes 10 s for each answer is slow, and not lost: a call of two requests has
// both answers within 30 s.
func TestSlowServerIsHeard(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for _, name := range []string{"Cancel", "Cancel of one that is over", "ForceCancel", "Operation", "Operations", "a start"} {
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
								t.Errorf("request %d was %s, want two at most", n+1, seen)
							}
						}
					})
				})
			}
		}
	})
}

// errors.Is(err, context.DeadlineExceeded) says that the caller's context ended, and nothing
// else does: neither a time-out of a dial or of the caller's HTTP client, nor one of a
// request, of the ledger, or of a look.
func TestOnlyTheCallersContextIsTold(t *testing.T) {
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
		"a cancel below":          {transport: failsWith(func(*http.Request) error { return context.Canceled })},
		"the HTTP client's limit": {transport: direct{serving(answer{hang: true})}, timeout: time.Second},
		"the limit of a request": {transport: direct{serving(answer{hang: true})}, options: []wrapper.Option{
			wrapper.WithRetry(wrapper.Retry{MaxAttempts: 2, AttemptTimeout: time.Second})}},
		"a ledger that hangs": {transport: direct{serving(answer{status: 403})}, options: []wrapper.Option{wrapper.WithLedger(hangingLedger{})}},
		"middleware that bounds a call": {transport: direct{serving(answer{hang: true})}, options: []wrapper.Option{
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
						t.Errorf("the context goes on: got %v, want an error without one of a context", err)
					}
				})
			})
		}
	}
	t.Run("a look whose time was over", func(t *testing.T) {
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
				t.Errorf("the context goes on: got %v", err)
			}
		})
	})
}

// failsWith is a transport that does nothing but fail.
type failsWith func(*http.Request) error

func (f failsWith) RoundTrip(r *http.Request) (*http.Response, error) { return nil, f(r) }
