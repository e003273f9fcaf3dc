package wrapper_test

import (
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// The same over real TLS: a 403 with an empty body (runtime §7), one other token, and the
// request again, on the same connection. A second refusal is the answer.
func TestTLSTokenRefresh(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "the root")
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(proto, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, server.Runtime)
			makeStopping(t, c)
			var good atomic.Value
			good.Store("secret-2")
			var came atomic.Int32
			endpoint := serveTLS(t, ca.issue(t, "cluster"), proto, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				came.Add(1)
				guard(c.handler, http.StatusForbidden, good.Load().(string)).ServeHTTP(w, r)
			}))
			source := new(tokens)
			client := newClient(t, endpoint, wrapper.WithTLS(wrapper.TLS{RootCAs: ca.pool()}), wrapper.WithTokenSource(source.Token),
				wrapper.WithForcePolicy(wrapper.ServerDecides{}))
			got, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
			if err != nil || got.Verdict != wrapper.Accepted || got.Resolved || len(got.Attempts) != 2 || source.made.Load() != 2 || came.Load() != 2 {
				t.Errorf("%+v, %v; %d tokens, %d requests", got, err, source.made.Load(), came.Load())
			}
			good.Store("another")
			_, err = client.Operations(t.Context())
			if e := asError(t, err, wrapper.ErrServerRefused); e.Status() != http.StatusForbidden || len(e.Attempts()) != 2 {
				t.Errorf("got %v", err)
			}
		})
	}
}
