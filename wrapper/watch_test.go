package wrapper_test

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// watched returns the states and the error that a watch yields.
func watched(tb testing.TB, seq iter.Seq2[wrapper.Operation, error], id uuid.UUID) (states []wrapper.State, err error) {
	tb.Helper()
	for op, e := range seq {
		switch {
		case err != nil:
			tb.Errorf("got %v, %v after the error %v, want nothing", op, e, err)
		case e != nil && op != (wrapper.Operation{}):
			tb.Errorf("got %v with the error %v, want the zero operation", op, e)
		case e == nil && op.ID != id:
			tb.Errorf("got %v, want operation %s", op, id)
		case e == nil && len(states) > 0 && states[len(states)-1].Final():
			tb.Errorf("got %v after a final state, want nothing", op)
		}
		if err = e; err == nil {
			states = append(states, op.State)
		}
	}
	return states, err
}

// Watch yields every state that lasts longer than the interval, once, and ends with a final one.
func TestWatch(t *testing.T) {
	t.Parallel()
	for _, life := range lives {
		t.Run(life.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, c *sftest.Cluster) {
				id := opID
				if life.put != nil {
					id = c.Put(*life.put)
				}
				if life.meanwhile != nil {
					life.meanwhile(t, c, id)
				}
				states, err := watched(t, c.Client().Watch(t.Context(), id, wrapper.WaitOptions{}), id)
				if !slices.Equal(states, life.shown) {
					t.Errorf("got %v, want %v", states, life.shown)
				}
				if err != nil {
					t.Errorf("got %v, want no error", err)
				}
			})
		})
	}
}

// Whatever states the cluster shows, and when, a watch yields those that its reads saw, without repetitions. If the
// operation disappears before its end, the last one is not found.
func TestWatchSequence(t *testing.T) {
	t.Parallel()
	shown := rapid.SampledFrom([]wrapper.State{"Running", "RollingBack", "Running", "RollingBack", "Strange", "Cancelled", ""})
	rapid.Check(t, func(rt *rapid.T) {
		states := rapid.SliceOfN(shown, 1, 12).Draw(rt, "states")
		each := time.Duration(rapid.IntRange(1, 5000).Draw(rt, "milliseconds")) * time.Millisecond
		eachCase(t, rt, func(check checker) {
			var saw []wrapper.State
			l := newLister(func(since time.Duration) wrapper.State {
				state := states[min(int(since/each), len(states)-1)]
				if since > 12*each && !state.Final() {
					state = "Completed"
				}
				if len(saw) == 0 || saw[len(saw)-1] != state {
					saw = append(saw, state)
				}
				return state
			})
			got, err := watched(t, directClient(t, l).Watch(background(), opID, wrapper.WaitOptions{}), opID)
			if saw[len(saw)-1] == "" {
				check(len(got) > 0 && got[len(got)-1] == "", "got states %v, want the last one not found", got)
			}
			check(err == nil, "got %v, want nil", err)
			check(slices.Equal(got, saw), "got states %v, want %v as the cluster showed", got, saw)
		})
	})
}

// After the caller leaves the loop, there is no request, no goroutine and no error.
func TestLeavingWatch(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(seq iter.Seq2[wrapper.Operation, error]) (yielded int){
		"break at once": func(seq iter.Seq2[wrapper.Operation, error]) int { return leaveAfter(seq, 1) },
		"break later":   func(seq iter.Seq2[wrapper.Operation, error]) int { return leaveAfter(seq, 2) },
		"a panic": func(seq iter.Seq2[wrapper.Operation, error]) (n int) {
			defer func() { _ = recover() }()
			for _, err := range seq {
				n++
				panic(err)
			}
			return n
		},
		"a stopped pull": func(seq iter.Seq2[wrapper.Operation, error]) int {
			next, stop := iter.Pull2(seq)
			defer stop()
			_, _, _ = next()
			return 1
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, c *sftest.Cluster) {
				id := c.Put(emulator.Record{})
				later(5*time.Second, false)(t, c, id)
				if n := leave(c.Client().Watch(t.Context(), id, wrapper.WaitOptions{})); n < 1 || n > 2 {
					t.Errorf("got %d yielded, want 1 or 2", n)
				}
				synctest.Wait()
				asked := len(c.Requests())
				time.Sleep(time.Hour)
				if n := len(c.Requests()); n != asked {
					t.Errorf("got %d requests after the loop, want 0", n-asked)
				}
			})
		})
	}
}

func leaveAfter(seq iter.Seq2[wrapper.Operation, error], n int) (yielded int) {
	for _, err := range seq {
		if yielded++; err != nil || yielded == n {
			break
		}
	}
	return yielded
}

// An error is yielded once, after the states seen.
func TestWatchErrors(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		script func(c *sftest.Cluster, cancel context.CancelFunc)
		states []wrapper.State
		kind   error
		last   wrapper.State
	}{
		{"unreachable", func(c *sftest.Cluster, _ context.CancelFunc) { c.SetReachable(false) }, nil, wrapper.ErrNotSent, ""},
		{"refused", func(c *sftest.Cluster, _ context.CancelFunc) { c.On(sftest.Any, sftest.Status(403, "E_ACCESSDENIED")) },
			nil, wrapper.ErrServerRefused, ""},
		{"cancelled between two reads", func(_ *sftest.Cluster, cancel context.CancelFunc) { time.AfterFunc(4*time.Second+1, cancel) },
			[]wrapper.State{"Running"}, wrapper.ErrNotFinished, "Running"},
		{"cancelled while a read hangs", func(c *sftest.Cluster, cancel context.CancelFunc) {
			time.AfterFunc(10*time.Second, cancel)
			hangsAfter(time.Second)(c)
		}, []wrapper.State{"Running"}, wrapper.ErrNotFinished, "Running"},
		{"cancelled before the call", func(_ *sftest.Cluster, cancel context.CancelFunc) { cancel() }, nil, wrapper.ErrNotSent, ""},
		{"cancelled in an outage", func(c *sftest.Cluster, cancel context.CancelFunc) {
			time.AfterFunc(5*time.Minute, cancel)
			downAfter(time.Second)(c)
		}, []wrapper.State{"Running"}, wrapper.ErrNotFinished, "Running"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, c *sftest.Cluster) {
				id := c.Put(emulator.Record{Scenario: emulator.Scenario{Perform: 24 * time.Hour}})
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				tc.script(c, cancel)
				states, err := watched(t, c.Client().Watch(ctx, id, wrapper.WaitOptions{}), id)
				e := asOnly(t, err, tc.kind)
				if !slices.Equal(states, tc.states) || e.State() != tc.last || contextError(err) != (ctx.Err() != nil) {
					t.Errorf("got %v, then %v with state %q, want %v, then state %q, and a context error only if it ended", states, err, e.State(), tc.states, tc.last)
				}
			})
		})
	}
}

// The caller may cancel the context in the loop.
func TestWatchCancelledInLoop(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, c *sftest.Cluster) {
		id := c.Put(emulator.Record{})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		steps := 0
		for op, err := range c.Client().Watch(ctx, id, wrapper.WaitOptions{}) {
			switch steps++; steps {
			case 1:
				if err != nil || op.State != wrapper.StateRunning {
					t.Errorf("got %v, %v, want Running", op, err)
				}
				cancel()
			default:
				onlyKind(t, err, wrapper.ErrNotFinished)
			}
		}
		if n := len(c.Requests()); steps != 2 || n != 1 {
			t.Errorf("got %d steps and %d requests, want 2 and 1", steps, n)
		}
	})
}

// An operation that ended and was removed between two reads is not found (runtime §5.8).
func TestWatchVanishes(t *testing.T) {
	t.Parallel()
	settings := emulator.Settings{MaxStoredActionCount: -1, CompletedActionKeepDuration: -1, StoredActionCleanupInterval: time.Second}
	for _, profile := range []server.Profile{server.Documented, server.Runtime} {
		bubble(t, profile, func(t *testing.T, c *sftest.Cluster) {
			id := c.Put(emulator.Record{})
			time.AfterFunc(20*time.Second, func() { must(t, c.Engine().CleanUp(background())) })
			client, options := c.Client(), wrapper.WaitOptions{Interval: time.Hour}
			states, err := watched(t, client.Watch(t.Context(), id, options), id)
			if err != nil || !slices.Equal(states, []wrapper.State{"Running", ""}) {
				t.Errorf("got %q, then %v, want Running, then not found", states, err)
			}
			id = c.Put(emulator.Record{})
			time.AfterFunc(20*time.Second, func() { must(t, c.Engine().CleanUp(background())) })
			got, err := client.Wait(t.Context(), id, options)
			if err != nil || got.Verdict != wrapper.NotFound || got.State != "" {
				t.Errorf("wait: got %s %q, %v, want NotFound without a state", got.Verdict, got.State, err)
			}
		}, sftest.WithEngine(emulator.WithSettings(settings)))
	}
}

// Each loop over the same watch starts over.
func TestWatchTwice(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, c *sftest.Cluster) {
		id := c.Put(emulator.Record{})
		later(5*time.Second, false)(t, c, id)
		watch := c.Client().Watch(t.Context(), id, wrapper.WaitOptions{})
		time.Sleep(time.Second)
		if len(c.Requests()) != 0 {
			t.Errorf("got requests %v before the loop, want none", c.Requests())
		}
		leaveAfter(watch, 1)
		for i, want := range [][]wrapper.State{{"Running", "RollingBack", "Cancelled"}, {"Cancelled"}, {"Cancelled"}} {
			states, err := watched(t, watch, id)
			if err != nil || !slices.Equal(states, want) {
				t.Errorf("loop %d: got %v, %v, want %v", i+2, states, err, want)
			}
		}
	})
}

// A watch sends no request while the caller's loop body runs.
func TestWatchWithSlowLoop(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, c *sftest.Cluster) {
		id := c.Put(emulator.Record{})
		var states []wrapper.State
		for op, err := range c.Client().Watch(t.Context(), id, wrapper.WaitOptions{}) {
			must(t, err)
			states = append(states, op.State)
			asked := len(c.Requests())
			time.Sleep(time.Hour)
			if len(c.Requests()) != asked {
				t.Errorf("got %d requests within the loop body, want 0", len(c.Requests())-asked)
			}
		}
		if want := []wrapper.State{"Running", "Completed"}; !slices.Equal(states, want) {
			t.Errorf("got %v, want %v", states, want)
		}
	})
}

// After the caller has left the loop, an error that middleware returns is not yielded.
func TestLeavingWatchYieldsNoError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		late := wrapper.WithCallMiddleware(func(next wrapper.CallFunc) wrapper.CallFunc {
			return func(ctx context.Context, call wrapper.Call) (wrapper.Outcome, error) {
				outcome, err := next(ctx, call)
				return outcome, errors.Join(err, errOwn)
			}
		})
		for _, err := range directClient(t, new(scriptedCluster), late).Watch(t.Context(), opID, wrapper.WaitOptions{}) {
			must(t, err)
			break
		}
	})
}
