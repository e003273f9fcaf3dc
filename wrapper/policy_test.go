package wrapper_test

import (
	"context"
	"errors"
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
// first. The default policy wants evidence, and without it nothing is sent.
func TestForceNeedsEvidence(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for _, s := range situations {
			c := newCluster(t, profile)
			s.make(t, c)
			_, err := c.client(t).ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
			r := refusal(t, err)
			if !strings.Contains(r.Missing, "no graceful cancel") || !r.NotBefore.IsZero() || r.Cause != nil {
				t.Errorf("%s: got %+v", s.name, r)
			}
			if len(c.wire.Seen()) != 0 || c.flag(t, opID) != s.flag {
				t.Errorf("%s: the wire saw %v, the server recorded %q", s.name, c.seen(), c.flag(t, opID))
			}
		}
	})
}

// What counts as evidence, and what does not.
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
		{"its answer was lost and asked for again", "running", cancel, []wirefault.Fault{{Apply: true}}, true},
		{"it stayed unknown whether it arrived", "running", cancel, []wirefault.Fault{{}, {}, {}, {}}, false},
		{"it was refused", "running", cancel, []wirefault.Fault{{Status: 403}}, false},
		{"it found the operation forced already", "forced", cancel, nil, true},
		{"it found the operation over", "completed", cancel, nil, false},
		{"it found nothing", "unknown id", cancel, nil, false},
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
						t.Errorf("no force was sent: %v", err)
					}
					return
				}
				wantKind(t, err, wrapper.ErrForceRefused)
				if len(c.wire.Seen()) != sent {
					t.Errorf("the refused force sent %v", c.seen()[sent:])
				}
			})
		}
	})
}

// The grace of RequireGraceful counts from the evidence, to the nanosecond.
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
					t.Errorf("after %v: %v", waited, err)
				}
			}
			if seen := c.seen(); !slices.Equal(seen, []string{"graceful"}) {
				t.Errorf("the wire saw %v", seen)
			}
			// Asking once more does not begin the grace anew.
			if _, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Nanosecond)
			got, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
			if err != nil || got.Verdict != wrapper.Accepted {
				t.Errorf("when the grace is over: %s, %v", got.Verdict, err)
			}
		})
	})
}

// The policy of a call takes the place of the client's.
func TestPolicyOfACall(t *testing.T) {
	t.Parallel()
	c := newCluster(t, server.Runtime)
	makeStopping(t, c)
	client := c.client(t, wrapper.WithForcePolicy(wrapper.ServerDecides{}))
	_, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{Policy: wrapper.RequireGraceful{}})
	wantKind(t, err, wrapper.ErrForceRefused)
	if len(c.seen()) != 0 {
		t.Errorf("the wire saw %v", c.seen())
	}
	for _, p := range []wrapper.ForcePolicy{wrapper.RequireGraceful{MinGrace: -1}, wrapper.GracefulFirst{Grace: -1}} {
		if _, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{Policy: p}); !errors.Is(err, wrapper.ErrInvalidArgument) {
			t.Errorf("%+v: got %v", p, err)
		}
	}
	if got, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{}); err != nil || got.Verdict != wrapper.Accepted {
		t.Errorf("the policy of the client: got %s, %v", got.Verdict, err)
	}
	if flag := c.flag(t, opID); flag != emulator.RollingBackForce {
		t.Errorf("the server recorded %s", flag)
	}
}
