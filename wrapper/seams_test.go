package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// diary notes what every seam hears, in order.
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
			t.Errorf("captured %+v", attempts)
		}
	})
}

// Every call passes both kinds of middleware, under its name and with what it is about.
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
			return errors.New("nothing was yielded")
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
							return next(ctx, wrapper.Call{Name: "something else"}) // which changes nothing
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
					t.Errorf("veto %v: middleware saw %+v and %+v, want %+v; %v", veto, around, tried, tc.want, err)
				}
				if veto {
					if e := asError(t, err, wrapper.ErrNotSent); !errors.Is(err, stop) || len(e.Attempts()) != 0 || len(c.seen()) != 0 {
						t.Errorf("got %v; the wire saw %v", err, c.seen())
					}
				}
			}
		})
	}
}

// Middleware bounds a call by its context, and its own error after going on comes as it is.
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
					t.Errorf("middleware got %+v, %v", outcome, err)
				}
				return outcome, own
			}
		}
		begin := time.Now()
		err := cancelWith(t.Context(), directClient(t, p, wrapper.WithCallMiddleware(bound)), false)
		if !errors.Is(err, own) || time.Since(begin) != time.Second {
			t.Errorf("%v after %v", err, time.Since(begin))
		}
	})
}

// What attempt middleware vouches for was not sent; anything else may have been.
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
			t.Errorf("%v: %v, %d meanings", tc.err, err, meant)
		}
	}
}

// The error of another call, as the cause of a context, lends its meaning to none here.
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
		t.Errorf("got %v", err)
	}
}

func TestSeamsRefused(t *testing.T) {
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
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, _, ok := wrapper.AttemptFrom(t.Context()); ok {
		t.Error("a context that belongs to no request tells of one")
	}
}
