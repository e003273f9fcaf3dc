package wrapper_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

var errOwn = errors.New("the reason of the caller")

// Who gives up a wait learns what was seen last, and why it ended.
func TestWaitGivenUp(t *testing.T) {
	t.Parallel()
	list := sftest.GetFaultOperationList
	cases := []struct {
		name   string
		script func(c *sftest.Cluster)
		end    func(ctx context.Context) (context.Context, context.CancelFunc)
		kind   error
		state  wrapper.State
		behind error
		at     time.Duration // when it ends; -1 for at the end of the context or within an interval before
	}{
		{"cancelled between two looks", nil, cancelAfter(30*time.Second + 1), wrapper.ErrNotFinished, "Running", context.Canceled, 30*time.Second + 1},
		{"for a reason", nil, causeAfter(30*time.Second + 1), wrapper.ErrNotFinished, "Running", errOwn, 30*time.Second + 1},
		{"a deadline between two looks", nil, deadlineAfter(30 * time.Second), wrapper.ErrNotFinished, "Running", nil, -1},
		{"cancelled while a look hangs", hangsAfter(10 * time.Second), cancelAfter(30 * time.Second), wrapper.ErrNotFinished, "Running", context.Canceled, 30 * time.Second},
		{"a deadline while a look hangs", hangsAfter(10 * time.Second), deadlineAfter(30 * time.Second), wrapper.ErrNotFinished, "Running", context.DeadlineExceeded, 30 * time.Second},
		{"cancelled in an outage", downAfter(10 * time.Second), cancelAfter(5 * time.Minute), wrapper.ErrNotFinished, "Running", context.Canceled, 5 * time.Minute},
		{"before anything was sent", nil, cancelled, wrapper.ErrNotSent, "", context.Canceled, 0},
		{"before anything was seen", func(c *sftest.Cluster) { c.On(list, sftest.HangBefore()) }, cancelAfter(time.Second),
			wrapper.ErrUnavailable, "", context.Canceled, time.Second},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, c *sftest.Cluster) {
				id := c.Put(emulator.Record{Scenario: emulator.Scenario{Perform: 24 * time.Hour}})
				if tc.script != nil {
					tc.script(c)
				}
				ctx, cancel := tc.end(t.Context())
				defer cancel()
				begin := time.Now()
				got, err := c.Client().Wait(ctx, id, wrapper.WaitOptions{})
				e := asOnly(t, err, tc.kind)
				if e.State() != tc.state || e.OperationID() != id || e.Force() || got.Verdict != "" {
					t.Errorf("got %+v, %v, state %q", got, err, e.State())
				}
				if tc.behind != nil && !errors.Is(err, tc.behind) {
					t.Errorf("%v is not behind %v", tc.behind, err)
				}
				took := time.Since(begin)
				if tc.at >= 0 && took != tc.at {
					t.Errorf("it took %v, want %v", took, tc.at)
				}
				if tc.at < 0 && (took > 30*time.Second || took < 28*time.Second) {
					t.Errorf("it took %v", took)
				}
				if n := len(e.Attempts()); n > 8 {
					t.Errorf("%d attempts were kept", n)
				}
				// It may be begun again at any time.
				c.SetReachable(true)
				got, err = c.Client().Wait(t.Context(), id, wrapper.WaitOptions{Interval: time.Hour})
				if err != nil || got.State != wrapper.StateCompleted {
					t.Errorf("begun again: %s, %v", got.State, err)
				}
			})
		})
	}
}

func cancelAfter(d time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
	return func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		time.AfterFunc(d, cancel)
		return ctx, cancel
	}
}

func causeAfter(d time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
	return func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancelCause(ctx)
		time.AfterFunc(d, func() { cancel(errOwn) })
		return ctx, func() { cancel(nil) }
	}
}

func deadlineAfter(d time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
	return func(ctx context.Context) (context.Context, context.CancelFunc) { return context.WithTimeout(ctx, d) }
}

func cancelled(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return ctx, cancel
}

func hangsAfter(d time.Duration) func(*sftest.Cluster) {
	return func(c *sftest.Cluster) {
		time.AfterFunc(d, func() { c.On(sftest.GetFaultOperationList, sftest.HangBefore()) })
	}
}

func downAfter(d time.Duration) func(*sftest.Cluster) {
	return func(c *sftest.Cluster) { time.AfterFunc(d, func() { c.SetReachable(false) }) }
}

// outage is a way in which a cluster does not answer.
type outage struct {
	name  string
	begin func(c *sftest.Cluster) (end func())
	kind  error // of a wait that never heard of it
}

var outages = []outage{
	{"off the network", func(c *sftest.Cluster) func() {
		c.SetReachable(false)
		return func() { c.SetReachable(true) }
	}, wrapper.ErrNotSent},
	unavailable(emulator.Starting),
	unavailable(emulator.GatewayCannotReachNaming),
	scripted("closing connections", sftest.DropBefore(), wrapper.ErrUnavailable),
	scripted("hanging", sftest.HangBefore(), wrapper.ErrUnavailable),
	scripted("cutting answers", sftest.CutBody(1), wrapper.ErrUnavailable),
	scripted("too busy", sftest.Status(429, "x"), wrapper.ErrServerRefused),
}

func unavailable(a emulator.Availability) outage {
	return outage{string(a), func(c *sftest.Cluster) func() {
		c.SetAvailability(a)
		return func() { c.SetAvailability(emulator.Ready) }
	}, wrapper.ErrUnavailable}
}

func scripted(name string, f sftest.Fault, kind error) outage {
	return outage{name, func(c *sftest.Cluster) func() { return c.On(sftest.Any, f).Always().Stop }, kind}
}

// A cluster that never answers ends the wait, also one that nothing else ends.
func TestWaitUnanswered(t *testing.T) {
	t.Parallel()
	for _, outage := range outages {
		t.Run(outage.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
				id := c.Put(emulator.Record{})
				outage.begin(c)
				begin := time.Now()
				_, err := c.Client().Wait(background(), id, wrapper.WaitOptions{})
				e := asOnly(t, err, outage.kind)
				if n := len(e.Attempts()); e.State() != "" || n != 8 || contextError(err) {
					t.Errorf("after %d attempts and %v: %v", n, time.Since(begin), err)
				}
				if n := len(c.Requests()); n > 8 {
					t.Errorf("%d requests", n)
				}
			})
		})
	}
}

// One that answered once is waited for, however long it is down, with no more than one
// look after the other. It is long over then, and that is said.
func TestWaitOutage(t *testing.T) {
	t.Parallel()
	for _, outage := range outages {
		t.Run(outage.name, func(t *testing.T) {
			t.Parallel()
			bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
				id := c.Put(emulator.Record{})
				time.AfterFunc(10*time.Second, func() { time.AfterFunc(10*time.Minute, outage.begin(c)) })
				begin := time.Now()
				got, err := c.Client().Wait(background(), id, wrapper.WaitOptions{Interval: time.Minute})
				if err != nil || got.Verdict != wrapper.Finished || got.State != wrapper.StateCompleted {
					t.Errorf("got %s %s, %v", got.Verdict, got.State, err)
				}
				// A pause is a minute at most, and a request that hangs is given up after 65 s.
				if took := time.Since(begin); took < 10*time.Minute || took > 13*time.Minute {
					t.Errorf("it took %v", took)
				}
				if n := len(got.Attempts); n > 9 {
					t.Errorf("%d attempts were kept", n)
				}
			})
		})
	}
}

// A refusal is an answer, and ends the wait with what is known.
func TestWaitRefused(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]func(c *sftest.Cluster){
		"forbidden":        func(c *sftest.Cluster) { c.On(sftest.Any, sftest.Status(403, "E_ACCESSDENIED")).Always() },
		"no fault service": func(c *sftest.Cluster) { c.SetAvailability(emulator.NotDeployed) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, server.Runtime, func(t *testing.T, c *sftest.Cluster) {
				id := c.Put(emulator.Record{})
				time.AfterFunc(10*time.Second, func() { refuse(c) })
				begin := time.Now()
				_, err := c.Client().Wait(background(), id, wrapper.WaitOptions{})
				e := asOnly(t, err, wrapper.ErrServerRefused)
				if took := time.Since(begin); e.State() != wrapper.StateRunning || took > 12*time.Second {
					t.Errorf("after %v: %v", took, err)
				}
			})
		})
	}
}

// Who closes the client keeps the waits that are under way, and gets no new ones.
func TestWaitClosed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := directClient(t, newLister(endsAfter(time.Minute)))
		time.AfterFunc(time.Second, client.Close)
		if got, err := client.Wait(t.Context(), opID, wrapper.WaitOptions{}); err != nil || got.State != wrapper.StateCompleted {
			t.Errorf("got %s, %v", got.State, err)
		}
		_, err := client.Wait(t.Context(), opID, wrapper.WaitOptions{})
		onlyKind(t, err, wrapper.ErrNotSent)
		for op, err := range client.Watch(t.Context(), opID, wrapper.WaitOptions{}) {
			if onlyKind(t, err, wrapper.ErrNotSent); op.State != "" {
				t.Errorf("got %v", op)
			}
		}
	})
}

// contextError is what is behind an error of a call whose context ended.
func contextError(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// onlyKind checks that exactly one meaning is behind an error.
func onlyKind(tb testing.TB, err, kind error) {
	tb.Helper()
	_ = asOnly(tb, err, kind)
}

// asOnly is onlyKind, and returns the Error.
func asOnly(tb testing.TB, err, kind error) *wrapper.Error {
	tb.Helper()
	e := asError(tb, err, kind)
	for _, other := range []error{
		wrapper.ErrInvalidArgument, wrapper.ErrForceRefused, wrapper.ErrNotSent, wrapper.ErrServerRefused,
		wrapper.ErrUnavailable, wrapper.ErrOutcomeUnknown, wrapper.ErrNotFinished,
	} {
		if !errors.Is(kind, other) && errors.Is(err, other) {
			tb.Errorf("%v means %v, too", err, other)
		}
	}
	if err != nil && strings.Count(err.Error(), "\n") > 0 {
		tb.Errorf("the error has several lines: %q", err)
	}
	return e
}
