package wrapper_test

import (
	"net/http"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// After a lost force the list of the next gateway decides, and not the ledger: an operation
// that is Running is forced and not probed ([wrapper.Client.ForceCancel]).
func TestFailoverOfForceWhileRunning(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		synctest.Test(t, func(t *testing.T) {
			g := newGateways(newCluster(t, profile))
			makeRunning(t, g.c)
			g.fails["a"], g.fails["c"] = loses, loses
			client := g.client(t, known(t), fastWith(3))
			_, _ = client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
			if seen := g.take(); seen != "a force, b list, b force" {
				t.Error(seen)
			}
		})
	})
}

// [wrapper.NotFound] has no state, also if the call had seen one ([wrapper.Result].State).
func TestNotFoundHasNoState(t *testing.T) {
	t.Parallel()
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodGet:
			_, _ = w.Write([]byte("[]"))
		case r.URL.Query().Get("Force") == "true":
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	client := directClient(t, handler, wrapper.WithEndpoints("http://b"), wrapper.WithRetry(fast))
	got, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{Policy: wrapper.GracefulFirst{}})
	if err != nil || got.Verdict != wrapper.NotFound || got.State != "" {
		t.Errorf("%s %q, %v", got.Verdict, got.State, err)
	}
}

// A code means what it means only in a refusal: beside a status that promises nothing, the
// request is ambiguous, whatever the code (package comment, When it asks again).
func TestCodesOfAmbiguousAnswers(t *testing.T) {
	t.Parallel()
	for _, code := range []wrapper.Code{wrapper.Code(generated.ErrorCodeKeyNotFound), wrapper.Code(generated.ErrorCodeInvalidTestCommandState), "FMFailoverUnitNotFound"} {
		for _, status := range []int{502, 503, 504} {
			s := &scriptedCluster{writes: []answer{{status: status, body: fabricError(code)}, done}}
			got, err := directClient(t, s, fastWith(3)).Cancel(t.Context(), opID, wrapper.CancelOptions{})
			if err != nil || got.Verdict != wrapper.Accepted || !slices.Equal(s.wrote, []string{"graceful", "graceful"}) || s.lists != 0 {
				t.Errorf("%d %s: %s, %v after %v and %d lists", status, code, got.Verdict, err, s.wrote, s.lists)
			}
		}
	}
}
