package wrapper_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

var progressOf = map[wrapper.Kind]string{
	wrapper.KindDataLoss: "GetDataLossProgress", wrapper.KindQuorumLoss: "GetQuorumLossProgress",
	wrapper.KindPartitionRestart: "GetRestartProgress", wrapper.KindNodeTransition: "GetTransitionProgress",
}

func isProgress(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "Progress") }

// What the ledger knows the address of is asked for there, with one small answer, when it turns
// out to be over. Where the answer shows nothing, the list tells.
func TestCancelAsksForTheProgress(t *testing.T) {
	t.Parallel()
	eachStart(t, func(t *testing.T, c *cluster, kind wrapper.Kind, start startCall) {
		client := c.client(t)
		started, err := start(t.Context(), client, wrapper.StartOptions{})
		must(t, err)
		id := started.OperationID
		c.clock.advance(allTime)
		for range 2 { // after the first the ledger knows of the end as well
			got, err := client.Cancel(t.Context(), id, wrapper.CancelOptions{})
			if err != nil || got.Verdict != wrapper.Finished || got.State != wrapper.StateCompleted || got.Kind != kind || !got.Resolved {
				t.Errorf("got %+v, %v, want Finished Completed", got, err)
			}
		}
		progress := progressOf[kind]
		want := []string{"graceful", progress, "graceful", progress}
		if seen := c.seen()[1:]; !slices.Equal(seen, want) {
			t.Errorf("the wire saw %v, want %v", seen, want)
		}
		must(t, c.engine.CleanUp(t.Context()))
		got, err := client.Cancel(t.Context(), id, wrapper.CancelOptions{})
		if err != nil || got.Verdict != wrapper.NotFound {
			t.Errorf("removed: got %+v, %v, want NotFound", got, err)
		}
		if seen, want := c.seen()[5:], []string{"graceful", progress, "list"}; !slices.Equal(seen, want) {
			t.Errorf("removed: the wire saw %v, want %v", seen, want)
		}
	})
}

// An address proves nothing: what it does not show, the list tells, whatever came in its place.
func TestProgressProvesNoMoreThanItShows(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for name, tc := range map[string]struct {
			entry wrapper.Entry
			fault []wirefault.Fault
			want  []string
		}{
			"of another kind":      {wrapper.Entry{Kind: wrapper.KindQuorumLoss, Target: "fabric:/shop/orders " + uuid.Nil.String()}, nil, []string{"graceful", "GetQuorumLossProgress", "list"}},
			"a bad answer":         {wrapper.Entry{}, []wirefault.Fault{{Status: 200, Body: "{}"}}, []string{"graceful", "GetDataLossProgress", "list"}},
			"no answer":            {wrapper.Entry{}, []wirefault.Fault{{}}, []string{"graceful", "GetDataLossProgress", "list"}},
			"a failure":            {wrapper.Entry{}, []wirefault.Fault{{Status: 503}}, []string{"graceful", "GetDataLossProgress", "list"}},
			"another cluster":      {wrapper.Entry{Cluster: "elsewhere"}, nil, []string{"graceful", "list"}},
			"no partition":         {wrapper.Entry{Target: "fabric:/shop/orders"}, nil, []string{"graceful", "list"}},
			"a path":               {wrapper.Entry{Target: "fabric:/shop/../.. " + uuid.Nil.String()}, nil, []string{"graceful", "list"}},
			"no kind of this time": {wrapper.Entry{Kind: "CoffeeLoss"}, nil, []string{"graceful", "list"}},
		} {
			c := newCluster(t, profile)
			c.start(t, opID, "shop~orders")
			c.clock.advance(allTime)
			l := new(wrapper.MemoryLedger)
			client := c.client(t, wrapper.WithLedger(l), wrapper.WithCluster("here"))
			e := tc.entry
			e.OperationID, e.Time, e.Action, e.Verdict, e.Outcome = opID, time.Now(), "start", wrapper.Accepted, "done"
			for field, usual := range map[*string]string{
				&e.Cluster: "here", (*string)(&e.Kind): string(wrapper.KindDataLoss), &e.Target: "fabric:/shop/orders " + uuid.Nil.String(),
			} {
				if *field == "" {
					*field = usual
				}
			}
			must(t, l.Append(t.Context(), e))
			c.wire.Spoil(isProgress, tc.fault...)
			got, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
			if err != nil || got.Verdict != wrapper.Finished || got.Kind != wrapper.KindDataLoss || got.State != wrapper.StateCompleted {
				t.Errorf("%s: got %+v, %v, want Finished Completed", name, got, err)
			}
			if seen := c.seen(); !slices.Equal(seen, tc.want) {
				t.Errorf("%s: the wire saw %v, want %v", name, seen, tc.want)
			}
		}
	})
}

// The last request that a call may send is not spent on a progress that may show nothing.
func TestProgressLeavesARequestForTheList(t *testing.T) {
	t.Parallel()
	c := newCluster(t, server.Runtime)
	client := c.client(t, fastWith(2))
	_, err := client.StartDataLoss(t.Context(), orders, generated.DataLossModePartialDataLoss, wrapper.StartOptions{OperationID: opID})
	must(t, err)
	c.forget(t)
	got, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
	if seen, want := c.seen()[1:], []string{"graceful", "list"}; err != nil || got.Verdict != wrapper.NotFound || !slices.Equal(seen, want) {
		t.Errorf("got %+v, %v; the wire saw %v, want %v", got, err, seen, want)
	}
}

// oneEntry is a ledger that stays as it is.
type oneEntry wrapper.Entry

func (o oneEntry) Append(context.Context, wrapper.Entry) error { return nil }
func (o oneEntry) Entries(context.Context, uuid.UUID) ([]wrapper.Entry, error) {
	return []wrapper.Entry{wrapper.Entry(o)}, nil
}

// BenchmarkCancelOver is a cancel of an operation that is over, of 9 000 that the cluster remembers, over
// loopback: by the list, by the progress at the address that the ledger knows, and what a
// program sends that knows all of that.
func BenchmarkCancelOver(b *testing.B) {
	c := newCluster(b, server.Documented)
	for i := range 9_000 {
		must(b, c.engine.Put(b.Context(), emulator.Record{
			ID: uuid.UUID{1, byte(i >> 8), byte(i)}, Kind: generated.OperationTypePartitionDataLoss, Step: emulator.StepCompletedSuccessfully,
			Rollback: emulator.NotRollingBack, Target: emulator.Target{ServiceName: "fabric:/shop/orders", PartitionID: orders.ID},
		}))
	}
	srv := httptest.NewServer(c.server)
	defer srv.Close()
	id := uuid.UUID{1, 10, 10}
	known := oneEntry{OperationID: id, Time: time.Now(), Cluster: srv.URL + "/", Action: "start",
		Kind: wrapper.KindDataLoss, Target: "fabric:/shop/orders " + orders.ID.String(), Outcome: "done", Verdict: wrapper.Accepted}
	for _, way := range []struct {
		name    string
		options []wrapper.Option
	}{{"list", nil}, {"progress", []wrapper.Option{wrapper.WithLedger(known)}}} {
		client := newClient(b, srv.URL, way.options...)
		b.Run(way.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				got, err := client.Cancel(b.Context(), id, wrapper.CancelOptions{})
				if err != nil || got.Verdict != wrapper.Finished || len(got.Attempts) != 2 {
					b.Fatal(got, err)
				}
			}
		})
	}
	b.Run("plain", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for method, path := range map[string]string{
				http.MethodPost: "/Faults/$/Cancel?api-version=6.0&Force=false&OperationId=",
				http.MethodGet:  "/Faults/Services/shop~orders/$/GetPartitions/" + orders.ID.String() + "/$/GetDataLossProgress?api-version=6.0&OperationId=",
			} {
				r, err := http.NewRequestWithContext(b.Context(), method, srv.URL+path+id.String(), nil)
				must(b, err)
				response, err := http.DefaultClient.Do(r)
				must(b, err)
				_, err = io.Copy(io.Discard, response.Body)
				must(b, err)
				must(b, response.Body.Close())
			}
		}
	})
}
