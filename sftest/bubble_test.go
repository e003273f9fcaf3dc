package sftest_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// stuck never gets its undo done, if it is cancelled while it looks up its target.
var stuck = emulator.Scenario{LookUp: time.Second, UndoFails: emulator.Failure{Times: emulator.Always}}

// purposes are those of the requests of a call, in order.
func purposes(attempts []wrapper.Attempt) []wrapper.Purpose {
	var all []wrapper.Purpose
	for _, a := range attempts {
		all = append(all, a.Purpose)
	}
	return all
}

// A minute of grace and lost answers, in no time.
func TestGraceInABubble(t *testing.T) {
	t.Parallel()
	for _, profile := range []server.Profile{server.Documented, server.Runtime} {
		real := time.Now()
		synctest.Test(t, func(t *testing.T) {
			c := sftest.NewCluster(t, sftest.WithClock(time.Now), sftest.WithProfile(profile), sftest.WithScenario(stuck))
			id := c.Put(emulator.Record{Step: emulator.StepLookingUpState})
			c.On(sftest.Graceful, sftest.DropBefore())
			c.On(sftest.Graceful, sftest.DropAfter())
			c.On(sftest.Force, sftest.DropAfter())
			client := c.Client(wrapper.WithForcePolicy(wrapper.GracefulFirst{Grace: time.Minute}))

			begin := time.Now()
			result, err := client.ForceCancel(t.Context(), id, wrapper.ForceOptions{})
			if err != nil {
				t.Fatal(err)
			}
			want := []wrapper.Purpose{"graceful", "graceful", "graceful", "read", "force", "probe"}
			if got := purposes(result.Attempts); result.Verdict != wrapper.Accepted || !result.Resolved || !slices.Equal(got, want) {
				t.Errorf("%s, resolved %v, by %v", result.Verdict, result.Resolved, got)
			}
			if took := time.Since(begin); took < time.Minute || took > 2*time.Minute || c.Now().Sub(begin) != took {
				t.Errorf("it took %v, the engine %v", took, c.Now().Sub(begin))
			}
			// It was stuck for the whole minute, and the force ends it with the next try.
			time.Sleep(time.Second)
			if r := c.Operation(id); r.State() != generated.OperationStateForceCancelled || r.Failed.Undo < 50 /* one a second */ {
				t.Errorf("it is %s after %d tries to undo", r.State(), r.Failed.Undo)
			}
		})
		if took := time.Since(real); took > 30*time.Second {
			t.Errorf("it took %v of real time", took)
		}
	}
}

// With the clock of the bubble, who waits moves the engine.
func TestClockOfABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := sftest.NewCluster(t, sftest.WithClock(time.Now))
		client := c.Client()
		op, err := client.StartDataLoss(t.Context(), wrapper.Partition{Service: "fabric:/app/svc"}, "FullDataLoss", wrapper.StartOptions{})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(32*time.Second - time.Nanosecond)
		if s := c.Operation(op.OperationID).State(); s != generated.OperationStateRunning {
			t.Errorf("a moment before its end it is %s", s)
		}
		time.Sleep(time.Nanosecond)
		if s := c.Operation(op.OperationID).State(); s != generated.OperationStateCompleted {
			t.Errorf("at its end it is %s", s)
		}
	})
}

// Without it the engine stands still in a bubble, too.
func TestStillInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := sftest.NewCluster(t)
		id := c.Put(emulator.Record{})
		before := c.Now()
		time.Sleep(time.Hour)
		if !c.Now().Equal(before) || c.Operation(id).Terminal() {
			t.Errorf("the engine moved by %v", c.Now().Sub(before))
		}
	})
}

// Delays and hangs are in the time of the bubble, to the nanosecond.
func TestDelaysInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := sftest.NewCluster(t, sftest.WithClock(time.Now))
		took := func() time.Duration {
			begin := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			if g := send(ctx, c.HTTPClient(), http.MethodGet, listURL(c)); g.status != 200 && !errors.Is(g.err, context.DeadlineExceeded) {
				t.Errorf("got %d %v", g.status, g.err)
			}
			return time.Since(begin)
		}
		c.On(sftest.Any, sftest.DelayBefore(10*time.Minute))
		c.On(sftest.Any, sftest.DelayAfter(20*time.Minute))
		c.On(sftest.Any, sftest.HangBefore())
		for _, want := range []time.Duration{10 * time.Minute, 20 * time.Minute, time.Hour, 0} {
			if got := took(); got != want {
				t.Errorf("took %v, want %v", got, want)
			}
		}
	})
}

// Delayed before, a request is carried out though its caller has gone. Delayed after, it
// is carried out at once.
func TestDelayedArrival(t *testing.T) {
	t.Parallel()
	cases := []struct {
		fault        sftest.Fault
		lost         bool // at once
		at0, at2     emulator.Rollback
		seenAtTheEnd int
	}{
		{sftest.DelayBefore(2 * time.Minute), false, emulator.RollingBackDueToUserCancel, emulator.RollingBackForce, 200},
		{sftest.DelayAfter(2 * time.Minute), false, emulator.RollingBackForce, emulator.RollingBackForce, 200},
		{sftest.Late(2 * time.Minute), true, emulator.RollingBackDueToUserCancel, emulator.RollingBackForce, 200},
		{sftest.DropBefore(), true, emulator.RollingBackDueToUserCancel, emulator.RollingBackDueToUserCancel, 0},
	}
	for _, tc := range cases {
		synctest.Test(t, func(t *testing.T) {
			c := sftest.NewCluster(t, sftest.WithProfile(server.Runtime))
			id := c.Put(stopping())
			c.On(sftest.Force, tc.fault)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			g := send(ctx, c.HTTPClient(), http.MethodPost, cancelURL(c, id, true))
			if isLost(g.err) != tc.lost || !tc.lost && !errors.Is(g.err, context.DeadlineExceeded) {
				t.Errorf("%v: got %v", tc.fault, g.err)
			}
			synctest.Wait()
			if r := c.Operation(id); r.Rollback != tc.at0 {
				t.Errorf("%v: when the caller had gone: %s", tc.fault, r.Rollback)
			}
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			if r, q := c.Operation(id), last(t, c); r.Rollback != tc.at2 || q.Server != tc.seenAtTheEnd {
				t.Errorf("%v: in the end: %s, %s", tc.fault, r.Rollback, q)
			}
		})
	}
}

// A body gets there late as well, when its connection is long gone.
func TestLateBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := sftest.NewCluster(t)
		id := c.Put(emulator.Record{})
		for _, f := range []sftest.Fault{sftest.Late(2 * time.Minute), sftest.DelayBefore(2 * time.Minute), sftest.HangBefore()} {
			c.On(sftest.Graceful, f)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, cancelURL(c, id, false), strings.NewReader("x"))
			if err != nil {
				t.Fatal(err)
			}
			if response, err := c.HTTPClient().Do(r); err == nil {
				_ = response.Body.Close()
				t.Errorf("%v: %s", f, response.Status)
			}
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			if q := last(t, c); q.Server != 200 && q.Fault != "HangBefore" {
				t.Errorf("got %s", q)
			}
		}
	})
}

// A bubble ends though requests hang, are delayed, or keep a connection alive.
func TestBubbleEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := sftest.NewCluster(t, sftest.WithClock(time.Now))
		transport := c.Transport()
		transport.DisableKeepAlives = false
		send(t.Context(), &http.Client{Transport: transport}, http.MethodGet, listURL(c))
		for _, f := range []sftest.Fault{sftest.HangBefore(), sftest.HangAfter(), sftest.DelayBefore(time.Hour), sftest.DelayAfter(time.Hour), sftest.Late(time.Hour)} {
			c.On(sftest.Any, f)
			go send(context.Background(), c.HTTPClient(), http.MethodGet, listURL(c))
		}
		synctest.Wait()
	})
}

// A handler that does not heed the end of its request is told of, and holds nobody up.
func TestHandlerThatGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		begin := time.Now()
		saysOne(t, judged(func(tb sftest.TB) {
			c := sftest.NewCluster(tb)
			c.On(sftest.Any, sftest.Func(func(server http.Handler) http.Handler { <-release; return server }))
			go send(t.Context(), c.HTTPClient(), http.MethodGet, listURL(c))
			synctest.Wait()
		}), "still under way 5s after", "Func")
		if took := time.Since(begin); took != 5*time.Second {
			t.Errorf("it took %v", took)
		}
		close(release)
	})
}

// A cluster with a clock of its own cannot be moved, and says what to do.
func TestAdvanceRefuses(t *testing.T) {
	t.Parallel()
	saysOne(t, judged(func(tb sftest.TB) {
		sftest.NewCluster(tb, sftest.WithClock(time.Now)).Advance(time.Second)
	}), "fatal: ", "Advance(1s)", "WithClock", "time.Sleep")
	saysOne(t, judged(func(tb sftest.TB) { sftest.NewCluster(tb).Advance(-1) }), "fatal: ", "Advance(-1ns)", "never goes back")
}

// What is wrong with options is said at once, and all of it.
func TestOptionsRefused(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		options []sftest.Option
		says    []string
	}{
		{"nil", []sftest.Option{nil}, []string{"an option is nil"}},
		{"no clock", []sftest.Option{sftest.WithClock(nil)}, []string{"WithClock: the clock is nil"}},
		{"no scenarios", []sftest.Option{nil, sftest.WithScenarios(nil)}, []string{"an option is nil", "WithScenarios: the function is nil"}},
		{"two clocks", []sftest.Option{sftest.WithClock(time.Now), sftest.WithStart(time.Now())}, []string{"WithStart and WithClock"}},
		{"the server's", []sftest.Option{sftest.WithServer(server.WithRuntimeVersion("x"))}, []string{"runtime version"}},
		{"the profile", []sftest.Option{sftest.WithProfile(9)}, []string{"unknown profile"}},
	}
	for _, tc := range cases {
		said := judged(func(tb sftest.TB) { sftest.NewCluster(tb, tc.options...) })
		saysOne(t, said, append(tc.says, "fatal: sftest: ")...)
		if strings.Contains(strings.Join(said, ""), "%!") {
			t.Errorf("%s: %q", tc.name, said)
		}
	}
}
