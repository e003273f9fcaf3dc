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
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

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
