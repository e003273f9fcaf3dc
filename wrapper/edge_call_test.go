package wrapper_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// The source is asked for another token once a call, and not once a request of it
// ([wrapper.WithTokenSource]).
func TestTokenRefreshOnceACall(t *testing.T) {
	t.Parallel()
	p := serving(answer{status: 403}, answer{status: 503}, answer{status: 403}, done)
	source := new(tokens)
	_, err := directClient(t, &p.answers, wrapper.WithTokenSource(source.Token), wrapper.WithRetry(fast)).Operations(t.Context())
	wantKind(t, err, wrapper.ErrServerRefused)
	if p.served != 3 || source.made.Load() != 2 {
		t.Errorf("%d requests, %d tokens", p.served, source.made.Load())
	}
}

// The cancels of a Stop may each use as many requests as [wrapper.Retry].MaxAttempts says,
// and the refresh of a token is among them.
func TestTokenRefreshOfALateForce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newCluster(t, server.Runtime)
		makeRunning(t, c)
		writes := 0
		handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				writes++
				switch writes {
				case 1:
					w.WriteHeader(503)
					return
				case 3:
					w.WriteHeader(403)
					return
				}
			}
			c.handler.ServeHTTP(w, r)
		})
		client := directClient(t, handler, wrapper.WithTokenSource(new(tokens).Token), fastWith(2))
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		_, err := client.Stop(ctx, opID, wrapper.StopOptions{Grace: time.Minute})
		if e := asError(t, err, wrapper.ErrNotFinished); !e.Force() || writes != 4 {
			t.Errorf("%v after %d writes", e, writes)
		}
	})
}

// The number of a request counts all of the call, also those that a wait does not keep
// ([wrapper.Attempt].Number).
func TestRequestNumberOfAWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n := 0
		count := wrapper.WithAttemptMiddleware(func(next http.RoundTripper) http.RoundTripper {
			return roundTrip(func(r *http.Request) (*http.Response, error) {
				n++
				if _, got, _ := wrapper.AttemptFrom(r.Context()); got.Number != n {
					t.Errorf("request %d is said to be number %d", n, got.Number)
				}
				return next.RoundTrip(r)
			})
		})
		_, err := directClient(t, newLister(endsAfter(time.Minute)), count).Wait(t.Context(), opID, wrapper.WaitOptions{})
		must(t, err)
		if n < 10 {
			t.Errorf("%d requests", n)
		}
	})
}

// What may have been carried out is not simply sent to another gateway
// ([wrapper.WithEndpoints]), also not if the client has left the one it was sent to while the
// call paused.
func TestFailoverWhilePausing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGateways(newCluster(t, server.Runtime))
		makeRunning(t, g.c)
		client := g.client(t, wrapper.WithRetry(fast))
		g.fail("a", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(504)
		})
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
			must(t, err)
		})
		time.Sleep(30 * time.Second)
		g.fail("a", refuses)
		_, err := client.Operations(t.Context())
		must(t, err)
		g.fail("a", nil)
		g.take()
		wg.Wait()
		if seen := g.take(); strings.HasPrefix(seen, "b graceful") {
			t.Errorf("it was written to another gateway before that was asked: %s", seen)
		}
	})
}
