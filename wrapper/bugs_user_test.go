package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// A wait that was answered once lasts as long as its context, however far apart the
// retries of a look would have been.
func TestBugWaitUsesItsContext(t *testing.T) {
	t.Parallel()
	for range 20 {
		bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
			id, begin := c.Put(emulator.Record{Scenario: emulator.Scenario{Perform: time.Hour}}), time.Now()
			time.AfterFunc(time.Second, func() { c.SetReachable(false) })
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			_, err := c.Client().Wait(ctx, id, wrapper.WaitOptions{})
			if onlyKind(t, err, wrapper.ErrNotFinished); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != 2*time.Minute {
				t.Errorf("after %v: %v", time.Since(begin), err)
			}
		})
	}
}

// A Stop survives that nothing can be reached when the force is due, as it survives that in the grace.
func TestBugStopOutageAtForce(t *testing.T) {
	t.Parallel()
	bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
		id, begin := c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: stuck}), time.Now()
		time.AfterFunc(59*time.Second, func() { c.SetReachable(false) })
		time.AfterFunc(259*time.Second, func() { c.SetReachable(true) })
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		got, err := c.Client().Stop(ctx, id, wrapper.StopOptions{Grace: time.Minute})
		if err != nil || got.State != wrapper.StateForceCancelled || !got.Force || time.Since(begin) > 6*time.Minute {
			t.Errorf("after %v: %+v, %v", time.Since(begin), got, err)
		}
		if len(got.Attempts) > 25 {
			t.Errorf("%d attempts are kept", len(got.Attempts))
		}

		// If it never comes back, the error says what is in effect: the cancel, and no force.
		id = c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: stuck})
		time.AfterFunc(59*time.Second, func() { c.SetReachable(false) })
		begin = time.Now()
		ctx, cancel = context.WithTimeout(t.Context(), 10*time.Minute)
		defer cancel()
		_, err = c.Client().Stop(ctx, id, wrapper.StopOptions{Grace: time.Minute})
		e := asOnly(t, err, wrapper.ErrNotFinished)
		if e.Force() || time.Since(begin) < 9*time.Minute || !strings.Contains(e.Error(), "no force after the grace") {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
	})
}

// What a later answer made good is among the attempts, and is not the reason of the error.
func TestBugOvercomeFailures(t *testing.T) {
	t.Parallel()
	bubble(t, server.Documented, func(t *testing.T, c *sftest.Cluster) {
		unknown := uuid.UUID{9}
		policy := wrapper.WithForcePolicy(wrapper.RequireGraceful{Look: true})
		id := c.Put(emulator.Record{Step: emulator.StepLookingUpState, Scenario: stuck})
		for name, tc := range map[string]struct {
			call func(*wrapper.Client) error
			kind error // nil: it finds out that there is no such operation
		}{
			"read": {func(client *wrapper.Client) error {
				op, err := client.Operation(t.Context(), unknown)
				return notThere(op, err)
			}, nil},
			"watch": {func(client *wrapper.Client) (last error) {
				for op, err := range client.Watch(t.Context(), unknown, wrapper.WaitOptions{}) {
					last = notThere(op, err)
				}
				return last
			}, nil},
			"force": {func(client *wrapper.Client) error {
				_, err := client.ForceCancel(t.Context(), id, wrapper.ForceOptions{})
				return err
			}, wrapper.ErrForceRefused},
		} {
			c.On(sftest.GetFaultOperationList, sftest.Status(503, "FABRIC_E_NOT_READY")).Times(2)
			err := tc.call(c.Client(policy))
			if tc.kind == nil {
				must(t, err)
			} else if e := asOnly(t, err, tc.kind); e.Code() != "" || e.Status() != 0 || len(e.Attempts()) != 3 || strings.Contains(e.Error(), "503") {
				t.Errorf("%s: %v", name, err)
			}
			// Nor is a connection that was refused.
			client, err := wrapper.New("http://down.test", wrapper.WithEndpoints(c.URL()), policy, wrapper.WithHTTPClient(&http.Client{
				Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
					if r.URL.Host == "down.test" {
						return nil, fmt.Errorf("%w: %w", wrapper.ErrNotSent, syscall.ECONNREFUSED)
					}
					return c.Transport().RoundTrip(r)
				})}))
			must(t, err)
			if err := tc.call(client); errors.Is(err, syscall.ECONNREFUSED) || !errors.Is(err, tc.kind) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// notThere is an error unless a read told that there is no such operation.
func notThere(op wrapper.Operation, err error) error {
	if err == nil && op.Found() {
		return fmt.Errorf("found %v", op)
	}
	return err
}

// The number of requests is that of all, where only the last look is kept.
func TestBugCounts(t *testing.T) {
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
			t.Errorf("%d requests, middleware heard of %d: %v", n, requests, err)
		}
	})
}

// After a force the error of a Stop says so, in words and in Force.
func TestBugForceIsTold(t *testing.T) {
	t.Parallel()
	bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
		id := c.Put(emulator.Record{Scenario: emulator.Scenario{Perform: time.Hour}})
		for grace, forced := range map[time.Duration]bool{5 * time.Second: true, time.Hour: false} {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			_, err := c.Client().Stop(ctx, id, wrapper.StopOptions{Grace: grace})
			cancel()
			e := asOnly(t, err, wrapper.ErrNotFinished)
			if e.Force() != forced || strings.Contains(e.Error(), "after the force") != forced || strings.Contains(e.Error(), "before a force") == forced {
				t.Errorf("grace %v: %v", grace, err)
			}
			id = c.Put(emulator.Record{Scenario: emulator.Scenario{Perform: time.Hour}})
		}
	})
}

// What is nil inside is refused by New, or ends the call with an error, and not with a panic.
func TestBugNilInside(t *testing.T) {
	t.Parallel()
	for name, option := range map[string]wrapper.Option{
		"token source":  wrapper.WithTokenSource(nil),
		"round tripper": wrapper.WithAttemptMiddleware(func(http.RoundTripper) http.RoundTripper { return nil }),
	} {
		_, err := wrapper.New("https://a", option)
		if e := asError(t, err, wrapper.ErrInvalidArgument); !strings.Contains(e.Error(), "nil") {
			t.Errorf("%s: %v", name, err)
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
			t.Errorf("%s: %v", name, err)
		}
	}
	nothing := roundTrip(func(*http.Request) (*http.Response, error) { return nil, nil })
	client, err := wrapper.New("http://a", wrapper.WithHTTPClient(&http.Client{Transport: nothing}), fastWith(1))
	must(t, err)
	if err := gracefully(t.Context(), client); !errors.Is(err, wrapper.ErrOutcomeUnknown) || !strings.Contains(err.Error(), "neither an answer nor an error") {
		t.Errorf("got %v", err)
	}
}

// An id of all zeros is one that was forgotten: no verdict, and nothing is sent.
func TestBugNoID(t *testing.T) {
	t.Parallel()
	c := newCluster(t, server.Documented)
	client := directClient(t, c.handler, wrapper.WithForcePolicy(wrapper.ServerDecides{}))
	var none uuid.UUID
	for name, err := range map[string]error{
		"cancel": func() error { _, err := client.Cancel(t.Context(), none, wrapper.CancelOptions{}); return err }(),
		"force":  func() error { _, err := client.ForceCancel(t.Context(), none, wrapper.ForceOptions{}); return err }(),
		"stop":   func() error { _, err := client.Stop(t.Context(), none, wrapper.StopOptions{}); return err }(),
		"wait":   func() error { _, err := client.Wait(t.Context(), none, wrapper.WaitOptions{}); return err }(),
		"read":   func() error { _, err := client.Operation(t.Context(), none); return err }(),
	} {
		if !errors.Is(err, wrapper.ErrInvalidArgument) || len(c.seen()) != 0 {
			t.Errorf("%s: %v; the wire saw %v", name, err, c.seen())
		}
	}
}
