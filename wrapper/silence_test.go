package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

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
