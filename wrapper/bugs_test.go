package wrapper_test

import (
	"context"
	"errors"
	"io"
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

// Each TestBug was written for one mistake, and keeps it from coming back.

// A force that a server refused was sent: the error must not say that nothing reached a
// server because the attempts were used up on finding out why. Nor may it say that the
// server did nothing: something on the way may have sent the force twice, and a copy of it may
// be what is in the way.
func TestBugRefusedForceCalledNotSent(t *testing.T) {
	t.Parallel()
	c := newCluster(t, server.Runtime)
	makeFailing(t, c)
	_, err := c.client(t, fastWith(2)).ForceCancel(t.Context(), opID, wrapper.ForceOptions{Policy: wrapper.ServerDecides{}})
	if errors.Is(err, wrapper.ErrNotSent) {
		t.Errorf("the wire saw %v, and the error is %v", c.seen(), err)
	}
	wantKind(t, err, wrapper.ErrOutcomeUnknown)
}

// A list that was answered was sent, too.
func TestBugFullListCalledNotSent(t *testing.T) {
	t.Parallel()
	f := newFull(t)
	f.byBit["8"] = f.all
	_, err := directClient(t, f).Operation(t.Context(), opID)
	wantKind(t, err, wrapper.ErrUnavailable)
}

// A read that was answered badly and then lost its connection was sent.
func TestBugLostReadCalledNotSent(t *testing.T) {
	t.Parallel()
	client := directClient(t, &answers{made: []answer{{status: 503}, {dial: true}}}, fastWith(2))
	_, err := client.Operations(t.Context())
	wantKind(t, err, wrapper.ErrUnavailable)
}

// MaxAttempts bounds the requests of one call, probes and reads included.
func TestBugMoreThanMaxAttempts(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, situation string
		attempts        int
		policy          wrapper.ForcePolicy
	}{
		{"the list after a 404", "completed", 1, nil},
		{"the list after a refused force", "running", 1, wrapper.ServerDecides{}},
		{"the list after a 404 to a force", "completed", 1, wrapper.ServerDecides{}},
		{"the force after its graceful cancel", "running", 1, wrapper.GracefulFirst{}},
	}
	for _, tc := range cases {
		c := newCluster(t, server.Runtime)
		situationNamed(t, tc.situation).make(t, c)
		client := directClient(t, c.handler, fastWith(tc.attempts))
		if tc.policy == nil {
			_, _ = client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
		} else {
			_, _ = client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{Policy: tc.policy})
		}
		if n := len(c.seen()); n > tc.attempts {
			t.Errorf("%s: %d requests, and %d are allowed: %v", tc.name, n, tc.attempts, c.seen())
		}
	}
}

// Status is that of an answer that was not a success, 0 if none came.
func TestBugStatusOfASuccess(t *testing.T) {
	t.Parallel()
	c := newCluster(t, server.Documented)
	makeRunning(t, c)
	_, err := c.client(t).ForceCancel(t.Context(), opID, wrapper.ForceOptions{Policy: wrapper.RequireGraceful{Look: true}})
	e := asError(t, err, wrapper.ErrForceRefused)
	if got := e.Status(); got != 0 || len(e.Attempts()) != 1 || strings.Contains(e.Error(), "200") {
		t.Errorf("got status %d, message %q, want 0 and no status after the list that was read", got, e)
	}
}

// A force that this client knows of came before, whether or not the answer to another one is lost.
func TestBugKnownForceForgotten(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		c := newCluster(t, profile)
		makeStopping(t, c)
		client := c.client(t, wrapper.WithForcePolicy(wrapper.ServerDecides{}))
		_, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
		must(t, err)
		c.wire.Spoil(wirefault.Force, wirefault.Fault{})
		got, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
		if err != nil || got.Verdict != wrapper.AlreadyForced {
			t.Errorf("got %s, %v", got.Verdict, err)
		}
	})
}

// seed: force is not allowed before graceful. Under ServerDecides the server says so;
// a lost answer must not make the client's own probe the graceful cancel that was missing.
func TestBugProbeMakesForceLegal(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for name, fault := range map[string]wirefault.Fault{"before": {}, "after": {Apply: true}, "503": {Status: 503}} {
			c := newCluster(t, profile)
			makeRunning(t, c)
			c.wire.Spoil(wirefault.Force, fault)
			_, err := c.client(t).ForceCancel(t.Context(), opID, wrapper.ForceOptions{Policy: wrapper.ServerDecides{}})
			if flag := c.flag(t, opID); flag != emulator.NotRollingBack || err == nil {
				t.Errorf("lost %s: the server recorded %s, %v; the wire saw %v", name, flag, err, c.seen())
			}
		}
	})
}

// Context errors are behind an error when the context ended the call, also if it has a
// cause of its own, and the failure that was told last is kept.
func TestBugContextWithCause(t *testing.T) {
	t.Parallel()
	cause := errors.New("shutting down")
	synctest.Test(t, func(t *testing.T) {
		for name, last := range map[string]answer{"hanging": {hang: true}, "waiting": retryAfter(503, "3600")} {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Second, func() { cancel(cause) })
			last.body = fabricError("FABRIC_E_NOT_READY")
			err := serving(answer{status: 503, body: fabricError("FABRIC_E_NOT_READY")}, last).cancel(ctx, t, fast)
			e := asError(t, err, wrapper.ErrOutcomeUnknown)
			if !errors.Is(err, context.Canceled) || !errors.Is(err, cause) || e.Status() != 503 {
				t.Errorf("%s: Canceled %v, the cause %v, status %d: %v", name, errors.Is(err, context.Canceled), errors.Is(err, cause), e.Status(), err)
			}
		}
	})
}

// A context that ends with the grace cannot last it: nothing is sent.
func TestBugGraceEndsWithContext(t *testing.T) {
	t.Parallel()
	firstGraceful(t, "running", func(t *testing.T, c *cluster, client *wrapper.Client) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := client.ForceCancel(ctx, opID, wrapper.ForceOptions{})
		wantKind(t, err, wrapper.ErrForceRefused)
		if seen := c.seen(); !slices.Equal(seen, nil) {
			t.Errorf("refused before anything is sent, and the wire saw %v", seen)
		}
	})
}

// The same if the context ends while the body of an answer comes in.
func TestBugContextEndsInABody(t *testing.T) {
	t.Parallel()
	cause := errors.New("shutting down")
	ctx, cancel := context.WithCancelCause(t.Context())
	prepared := &answers{made: []answer{{status: 503, body: fabricError("FABRIC_E_NOT_READY")}, done}}
	client := newClient(t, "http://cluster", wrapper.WithHTTPClient(&http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
		response, err := direct{prepared}.RoundTrip(r)
		if err == nil && response.StatusCode == http.StatusOK {
			response.Body = io.NopCloser(readerFunc(func([]byte) (int, error) { // as net/http does it
				cancel(cause)
				return 0, context.Cause(r.Context())
			}))
		}
		return response, err
	})}))
	e := asError(t, cancelWith(ctx, client, false), wrapper.ErrOutcomeUnknown)
	if !errors.Is(e, context.Canceled) || !errors.Is(e, cause) || e.Code() != "FABRIC_E_NOT_READY" {
		t.Errorf("Canceled %v, the cause %v, the code %q: %v", errors.Is(e, context.Canceled), errors.Is(e, cause), e.Code(), e)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
