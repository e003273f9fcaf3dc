package sftest_test

import (
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// What the wrapper makes of the faults of a force.
func TestClientForces(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name     string
		script   func(c *sftest.Cluster)
		want     []string
		resolved bool
		kind     error
	}{
		{"nothing happens", func(*sftest.Cluster) {}, []string{"force"}, false, nil},
		{"lost after", func(c *sftest.Cluster) { c.On(sftest.Force, sftest.DropAfter()) }, []string{"force", "read", "probe"}, true, nil},
		{"lost before", func(c *sftest.Cluster) { c.On(sftest.Force, sftest.DropBefore()) }, []string{"force", "read", "probe", "force"}, false, nil},
		{"504 though it was applied", func(c *sftest.Cluster) {
			c.On(sftest.Force, sftest.Answer{Status: 504, Code: "FABRIC_E_TIMEOUT"}.After())
		}, []string{"force", "read", "probe"}, true, nil},
		{"busy twice", func(c *sftest.Cluster) {
			c.On(sftest.Force, sftest.Status(429, wrapper.Code(generated.ErrorCodeServiceTooBusy))).Times(2)
		}, []string{"force", "force", "force"}, false, nil},
		{"refused", func(c *sftest.Cluster) { c.On(sftest.Force, sftest.Status(403, "E_ACCESSDENIED")) }, []string{"force"}, false, wrapper.ErrServerRefused},
		{"the probes are lost, too", func(c *sftest.Cluster) {
			c.On(sftest.Force, sftest.DropAfter())
			c.On(sftest.Graceful, sftest.DropBefore()).Always()
		}, nil, false, wrapper.ErrOutcomeUnknown},
		{"delivered twice", func(c *sftest.Cluster) {
			c.On(sftest.Force, sftest.Func(func(server http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					server.ServeHTTP(discard{http.Header{}}, r)
					server.ServeHTTP(w, r)
				})
			}))
		}, []string{"force", "read", "probe"}, true, nil},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := sftest.NewCluster(t, sftest.WithProfile(server.Runtime))
			id := c.Put(emulator.Record{})
			client := c.Client()
			if _, err := client.Cancel(t.Context(), id, wrapper.CancelOptions{}); err != nil {
				t.Fatal(err)
			}
			tc.script(c)
			result, err := client.ForceCancel(t.Context(), id, wrapper.ForceOptions{})
			if !errors.Is(err, tc.kind) {
				t.Fatalf("got %v, want %v", err, tc.kind)
			}
			if got := purposes(result.Attempts); err == nil && !slices.Equal(got, tc.want) || result.Resolved != tc.resolved {
				t.Errorf("resolved %v by %v; the cluster says %v", result.Resolved, got, c.Requests())
			}
			if sent := len(c.Requests()) - 1; err == nil && sent != len(result.Attempts) {
				t.Errorf("%d requests for %d attempts", sent, len(result.Attempts))
			}
			forced := c.Operation(id).Rollback == emulator.RollingBackForce
			if forced != !errors.Is(err, wrapper.ErrServerRefused) {
				t.Errorf("forced: %v", forced)
			}
		})
	}
}

// discard is where an answer goes that nobody gets.
type discard struct{ header http.Header }

func (d discard) Header() http.Header       { return d.header }
func (discard) Write(b []byte) (int, error) { return len(b), nil }
func (discard) WriteHeader(int)             {}

// The ready client does not make a test wait, unless time is that of a bubble.
func TestClientPauses(t *testing.T) {
	t.Parallel()
	for _, options := range [][]sftest.Option{nil, {sftest.WithClock(time.Now)}} {
		synctest.Test(t, func(t *testing.T) {
			c := sftest.NewCluster(t, options...)
			c.On(sftest.Any, sftest.Status(429, "")).Times(7)
			begin := time.Now()
			if _, err := c.Client().Operations(t.Context()); err != nil {
				t.Error(err)
			}
			if took := time.Since(begin); options == nil && took > 7*time.Millisecond || options != nil && took < time.Second {
				t.Errorf("with %d options it took %v", len(options), took)
			}
		})
	}
}

// Options of the client come last.
func TestClientOptions(t *testing.T) {
	t.Parallel()
	c := sftest.NewCluster(t)
	c.On(sftest.Any, sftest.Status(503, ""))
	if _, err := c.Client(wrapper.WithRetry(wrapper.Retry{MaxAttempts: 1})).Operations(t.Context()); err == nil {
		t.Error("one attempt, answered with 503: got no error, want one")
	}
	saysOne(t, watch(func(tb sftest.TB) { sftest.NewCluster(tb).Client(nil) }), "fatal: sftest: ", "an option is nil")
}
