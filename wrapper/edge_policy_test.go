package wrapper_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// After the graceful cancel of a GracefulFirst the call is about its force again: one that
// never left is ErrNotSent, whatever became of the cancel.
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
			t.Errorf("%d forces: %v", forces, err)
		}
	})
}

// A token source that fails says nothing of the gateway.
func TestNoTokenBlamesNoGateway(t *testing.T) {
	t.Parallel()
	g := newGateways(newCluster(t, server.Documented))
	down := errors.New("the directory is down")
	client := g.client(t, wrapper.WithTokenSource(func(context.Context, string) (string, error) {
		if down != nil {
			return "", down
		}
		return "secret-1", nil
	}))
	_, err := client.Operations(t.Context())
	onlyKind(t, err, wrapper.ErrNotSent)
	down = nil
	_, err = client.Operations(t.Context())
	must(t, err)
	if seen := g.take(); seen != "a list" {
		t.Error(seen)
	}
}

// Middleware that does not go on has sent nothing, also where its error is that of another call.
func TestVetoWithAnotherCallsError(t *testing.T) {
	t.Parallel()
	other := cancelWith(t.Context(), directClient(t, serving(answer{lost: true}), fastWith(1)), false)
	wantKind(t, other, wrapper.ErrOutcomeUnknown)
	client := directClient(t, serving(done), wrapper.WithCallMiddleware(func(wrapper.CallFunc) wrapper.CallFunc {
		return func(context.Context, wrapper.Call) (wrapper.Outcome, error) { return wrapper.Outcome{}, other }
	}))
	onlyKind(t, cancelWith(t.Context(), client, false), wrapper.ErrNotSent)
}
