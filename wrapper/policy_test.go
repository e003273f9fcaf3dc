package wrapper_test

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
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// seed: force is not allowed until the API has been called with force set to false
// first. The default policy requires evidence; without it nothing is sent.
func TestForceNeedsEvidence(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for _, s := range situations {
			c := newCluster(t, profile)
			s.make(t, c)
			_, err := c.client(t).ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
			r := refusal(t, err)
			if !strings.Contains(r.Missing, "no graceful cancel") || !r.NotBefore.IsZero() || r.Cause != nil {
				t.Errorf("%s: got %+v, want a refusal because no graceful cancel is known", s.name, r)
			}
			if len(c.wire.Seen()) != 0 || c.flag(t, opID) != s.flag {
				t.Errorf("%s: the wire saw %v, the server recorded %q, want nothing and %q", s.name, c.seen(), c.flag(t, opID), s.flag)
			}
		}
	})
}

// The calls that leave evidence, and those that do not.
func TestEvidence(t *testing.T) {
	t.Parallel()
	read := func(ctx context.Context, client *wrapper.Client) error {
		_, err := client.Operation(ctx, opID)
		return err
	}
	cancel := func(ctx context.Context, client *wrapper.Client) error {
		_, err := client.Cancel(ctx, opID, wrapper.CancelOptions{})
		return err
	}
	force := func(ctx context.Context, client *wrapper.Client) error {
		_, err := client.ForceCancel(ctx, opID, wrapper.ForceOptions{Policy: wrapper.ServerDecides{}})
		return err
	}
	cases := []struct {
		name, situation string
		before          func(context.Context, *wrapper.Client) error
		fault           []wirefault.Fault
		enough          bool
	}{
		{"seed: called with force set to false first", "running", cancel, nil, true},
		{"its answer was lost, and a retry succeeded", "running", cancel, []wirefault.Fault{{Apply: true}}, true},
		{"its outcome stayed unknown", "running", cancel, []wirefault.Fault{{}, {}, {}, {}}, false},
		{"it was refused", "running", cancel, []wirefault.Fault{{Status: 403}}, false},
		{"the operation was already forced", "forced", cancel, nil, true},
		{"the operation was finished", "completed", cancel, nil, false},
		{"there was no operation", "unknown id", cancel, nil, false},
		{"seed: the state is RollingBack already", "gracefully cancelled", read, nil, true},
		{"seed: the state is RollingBack already, by a failure", "failing by itself", read, nil, true},
		{"a read that showed Running", "running", read, nil, false},
		{"a read that showed Completed", "completed", read, nil, false},
		{"a force that was refused because no graceful came first", "running", force, nil, false},
	}
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for _, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				t.Parallel()
				c := newCluster(t, profile)
				situationNamed(t, tc.situation).make(t, c)
				client := c.client(t, fastWith(4))
				c.wire.Spoil(wirefault.Graceful, tc.fault...)
				_ = tc.before(t.Context(), client)
				sent := len(c.wire.Seen())
				_, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
				if tc.enough {
					if !slices.Contains(c.seen()[sent:], "force") {
						t.Errorf("got requests %v, %v, want a force", c.seen()[sent:], err)
					}
					return
				}
				wantKind(t, err, wrapper.ErrForceRefused)
				if len(c.wire.Seen()) != sent {
					t.Errorf("got requests %v, want none from the refused force", c.seen()[sent:])
				}
			})
		}
	})
}

// The grace of RequireGraceful counts exactly from the evidence.
func TestMinGrace(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster(t, profile)
			makeRunning(t, c)
			client := directClient(t, c.handler, wrapper.WithForcePolicy(wrapper.RequireGraceful{MinGrace: time.Minute}))
			cancelled := time.Now()
			if _, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{}); err != nil {
				t.Fatal(err)
			}
			for _, waited := range []time.Duration{0, time.Second, time.Minute - 1} {
				time.Sleep(time.Until(cancelled.Add(waited)))
				_, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
				r := refusal(t, err)
				if !r.NotBefore.Equal(cancelled.Add(time.Minute)) || !strings.Contains(err.Error(), "allowed from 2000-01-01T00:01:00Z") {
					t.Errorf("after %v: got %v with NotBefore %v, want a minute after the cancel", waited, err, r.NotBefore)
				}
				if r.Grace != time.Minute || r.Ran != waited || r.Policy != (wrapper.RequireGraceful{MinGrace: time.Minute}) || r.Cause != nil {
					t.Errorf("after %v: got %+v, want Grace 1m, Ran %v and the policy", waited, r, waited)
				}
			}
			if seen := c.seen(); !slices.Equal(seen, []string{"graceful"}) {
				t.Errorf("the wire saw %v, want one graceful cancel", seen)
			}
			// Another graceful cancel does not start the grace over.
			if _, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Nanosecond)
			got, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
			if err != nil || got.Verdict != wrapper.Accepted {
				t.Errorf("after the grace: got %s, %v, want Accepted", got.Verdict, err)
			}
		})
	})
}

// The policy of a call replaces the client's.
func TestPolicyOfACall(t *testing.T) {
	t.Parallel()
	c := newCluster(t, server.Runtime)
	makeStopping(t, c)
	client := c.client(t, wrapper.WithForcePolicy(wrapper.ServerDecides{}))
	_, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{Policy: wrapper.RequireGraceful{}})
	wantKind(t, err, wrapper.ErrForceRefused)
	if len(c.seen()) != 0 {
		t.Errorf("the wire saw %v, want nothing", c.seen())
	}
	for _, p := range []wrapper.ForcePolicy{wrapper.RequireGraceful{MinGrace: -1}, wrapper.GracefulFirst{Grace: -1}} {
		if _, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{Policy: p}); !errors.Is(err, wrapper.ErrInvalidArgument) {
			t.Errorf("%+v: got %v, want %v", p, err, wrapper.ErrInvalidArgument)
		}
	}
	if got, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{}); err != nil || got.Verdict != wrapper.Accepted {
		t.Errorf("the policy of the client: got %s, %v, want Accepted", got.Verdict, err)
	}
	if flag := c.flag(t, opID); flag != emulator.RollingBackForce {
		t.Errorf("the server recorded %s, want %s", flag, emulator.RollingBackForce)
	}
}

// If the context ends together with the grace, nothing is sent.
func TestNothingSentIfContextEndsWithinGrace(t *testing.T) {
	t.Parallel()
	firstGraceful(t, "running", func(t *testing.T, c *cluster, client *wrapper.Client) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := client.ForceCancel(ctx, opID, wrapper.ForceOptions{})
		wantKind(t, err, wrapper.ErrForceRefused)
		if seen := c.seen(); !slices.Equal(seen, nil) {
			t.Errorf("the wire saw %v, want nothing", seen)
		}
	})
}

// The error of GracefulFirst is about its force: if the force was not sent, it is ErrNotSent, whatever the result of
// the graceful cancel.
func TestGracefulFirstForceNotSent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, server.Runtime)
		makeRunning(t, c)
		g := newGateways(c)
		forces := 0
		g.fails["a"] = func(w http.ResponseWriter, r *http.Request, cluster http.Handler) {
			if strings.Contains(r.URL.RawQuery, "Force=true") {
				forces++
				panic(refuseDial{})
			}
			cluster.ServeHTTP(w, r)
		}
		client, err := wrapper.New("http://a", wrapper.WithHTTPClient(&http.Client{Transport: direct{g}}), fastWith(3), wrapper.WithForcePolicy(wrapper.GracefulFirst{}))
		must(t, err)
		_, err = client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
		if onlyKind(t, err, wrapper.ErrNotSent); forces != 2 {
			t.Errorf("got %d forces, %v, want 2", forces, err)
		}
	})
}

// firstGraceful runs a test of GracefulFirst in virtual time.
func firstGraceful(t *testing.T, situation string, test func(t *testing.T, c *cluster, client *wrapper.Client)) {
	t.Helper()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		synctest.Test(t, func(t *testing.T) {
			c := newCluster(t, profile)
			situationNamed(t, situation).make(t, c)
			test(t, c, directClient(t, c.handler, wrapper.WithForcePolicy(wrapper.GracefulFirst{Grace: time.Minute})))
		})
	})
}

// GracefulFirst performs the whole sequence of the seed in one call: graceful cancel, grace, force.
func TestGracefulFirst(t *testing.T) {
	t.Parallel()
	for _, situation := range []string{"queued", "running", "gracefully cancelled", "failing by itself"} {
		firstGraceful(t, situation, func(t *testing.T, c *cluster, client *wrapper.Client) {
			begin := time.Now()
			got, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
			told{wrapper.Accepted, wrapper.StateRollingBack, false, []string{"graceful", "looks", "force"}, emulator.RollingBackForce}.check(t, c, got, err)
			if took := time.Since(begin); took != time.Minute {
				t.Errorf("%s: the call took %v, want the grace of a minute", situation, took)
			}
			if !got.Attempts[2].Start.Equal(begin.Add(time.Minute)) {
				t.Errorf("%s: got the force after %v, want a minute", situation, got.Attempts[2].Start.Sub(begin))
			}
		})
	}
}

// If no force is needed, none is sent, and the call returns at once.
func TestGracefulFirstWithoutForce(t *testing.T) {
	t.Parallel()
	cases := map[string]told{
		"forced":             {wrapper.AlreadyForced, wrapper.StateRollingBack, false, []string{"graceful"}, emulator.RollingBackForce},
		"completed":          {wrapper.Finished, wrapper.StateCompleted, true, []string{"graceful", "list"}, emulator.NotRollingBack},
		"cancelled and over": {wrapper.Finished, wrapper.StateCancelled, true, []string{"graceful", "list"}, emulator.RollingBackDueToUserCancel},
		"unknown id":         {wrapper.NotFound, "", true, []string{"graceful", "list"}, ""},
	}
	for situation, want := range cases {
		firstGraceful(t, situation, func(t *testing.T, c *cluster, client *wrapper.Client) {
			begin := time.Now()
			got, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
			want.check(t, c, got, err)
			if !got.Force || time.Since(begin) != 0 {
				t.Errorf("%s: got Force %v after %v, want true at once", situation, got.Force, time.Since(begin))
			}
		})
	}
}

// If the operation ends within the grace, no force is sent, and the call returns without waiting for the rest of the
// grace.
func TestGracefulFirstEndsInTime(t *testing.T) {
	t.Parallel()
	firstGraceful(t, "running", func(t *testing.T, c *cluster, client *wrapper.Client) {
		time.AfterFunc(30*time.Second, func() { c.clock.advance(allTime) })
		begin := time.Now()
		got, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
		told{wrapper.Finished, wrapper.StateCancelled, false, []string{"graceful", "looks"},
			emulator.RollingBackDueToUserCancel}.check(t, c, got, err)
		if took := time.Since(begin); took < 30*time.Second || took > 32*time.Second {
			t.Errorf("the call took %v, want 30s to 32s", took)
		}
	})
}

// After a known graceful cancel, the call waits only for the rest of the grace.
func TestGracefulFirstKnown(t *testing.T) {
	t.Parallel()
	for _, had := range []time.Duration{0, 20 * time.Second, time.Minute, time.Hour} {
		firstGraceful(t, "running", func(t *testing.T, c *cluster, client *wrapper.Client) {
			_, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
			must(t, err)
			time.Sleep(had)
			begin := time.Now()
			got, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
			if err != nil || got.Verdict != wrapper.Accepted || writes(got.Attempts) != 1 {
				t.Errorf("after %v: got %s, %v, want Accepted with one write; the wire saw %v", had, got.Verdict, err, c.seen())
			}
			if took, want := time.Since(begin), max(time.Minute-had, 0); took != want {
				t.Errorf("after %v: the call took %v, want %v", had, took, want)
			}
		})
	}
}

func writes(attempts []wrapper.Attempt) int {
	n := 0
	for _, a := range attempts {
		if a.Purpose() != "read" {
			n++
		}
	}
	return n
}

// A force is refused before anything is sent if the context ends before the grace.
func TestGracefulFirstNoTime(t *testing.T) {
	t.Parallel()
	firstGraceful(t, "running", func(t *testing.T, c *cluster, client *wrapper.Client) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute-1)
		defer cancel()
		begin := time.Now()
		_, err := client.ForceCancel(ctx, opID, wrapper.ForceOptions{})
		r := refusal(t, err)
		if !r.NotBefore.IsZero() || time.Since(begin) != 0 || len(c.seen()) != 0 || r.Grace != time.Minute || r.Ran != 0 { // no grace has begun
			t.Errorf("got %+v after %v, want Grace 1m, Ran 0 and no NotBefore at once; the wire saw %v, want nothing", r, time.Since(begin), c.seen())
		}
		if flag := c.flag(t, opID); flag != emulator.NotRollingBack {
			t.Errorf("the server recorded %s, want %s", flag, emulator.NotRollingBack)
		}
	})
}

// If the context is cancelled within the grace, the error says that no force was sent, and when one may be.
func TestGracefulFirstInterrupted(t *testing.T) {
	t.Parallel()
	firstGraceful(t, "running", func(t *testing.T, c *cluster, client *wrapper.Client) {
		ctx, cancel := context.WithCancel(t.Context())
		begin := time.Now()
		time.AfterFunc(time.Second, cancel)
		_, err := client.ForceCancel(ctx, opID, wrapper.ForceOptions{})
		r := refusal(t, err)
		if !errors.Is(err, context.Canceled) || !r.NotBefore.Equal(begin.Add(time.Minute)) || time.Since(begin) != time.Second {
			t.Errorf("got %v with NotBefore %v after %v, want %v, a minute after the start, after a second", err, r.NotBefore, time.Since(begin), context.Canceled)
		}
		if r.Grace != time.Minute || r.Ran != time.Second || r.Policy != (wrapper.GracefulFirst{Grace: time.Minute}) {
			t.Errorf("got %+v, want Grace 1m, Ran 1s and the policy", r)
		}
		if !slices.Equal(looks(c.seen()), []string{"graceful", "looks"}) || c.flag(t, opID) != emulator.RollingBackDueToUserCancel {
			t.Errorf("the wire saw %v, the server recorded %s, want a graceful cancel and looks, and %s", c.seen(), c.flag(t, opID), emulator.RollingBackDueToUserCancel)
		}
		// The evidence is kept, and the next call continues the same grace.
		got, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
		if err != nil || got.Verdict != wrapper.Accepted || time.Since(begin) != time.Minute {
			t.Errorf("second call: got %s, %v after %v, want Accepted after a minute", got.Verdict, err, time.Since(begin))
		}
	})
}

// Unless a graceful cancel is known to be in effect, no force is sent.
func TestGracefulFirstUnknown(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		fault wirefault.Fault
		kind  error
	}{
		"always lost": {wirefault.Fault{}, wrapper.ErrOutcomeUnknown},
		"refused":     {wirefault.Fault{Status: 403}, wrapper.ErrServerRefused},
	}
	for name, tc := range cases {
		firstGraceful(t, "running", func(t *testing.T, c *cluster, client *wrapper.Client) {
			c.wire.Spoil(wirefault.Graceful, slices.Repeat([]wirefault.Fault{tc.fault}, 8)...)
			_, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
			wantKind(t, err, tc.kind)
			if slices.Contains(c.seen(), "force") {
				t.Errorf("%s: the wire saw %v, want no force", name, c.seen())
			}
		})
	}
}

// The example of GracefulFirst runs as a test, because it needs virtual time.
func TestExampleOfGracefulFirst(t *testing.T) {
	t.Parallel()
	gracefulFirst(t)
}
