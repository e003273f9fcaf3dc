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
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

var progressOf = map[wrapper.Kind]string{
	wrapper.KindDataLoss: "GetDataLossProgress", wrapper.KindQuorumLoss: "GetQuorumLossProgress",
	wrapper.KindPartitionRestart: "GetRestartProgress", wrapper.KindNodeTransition: "GetTransitionProgress",
}

func isProgress(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "Progress") }

// If the ledger has the target of a finished operation, a cancel reads its progress, which is a small answer, instead
// of the list. If the progress is not found, the cancel reads the list.
func TestCancelReadsProgress(t *testing.T) {
	t.Parallel()
	eachStart(t, func(t *testing.T, c *cluster, kind wrapper.Kind, start startCall) {
		client := c.client(t)
		started, err := start(t.Context(), client, wrapper.StartOptions{})
		must(t, err)
		id := started.OperationID
		c.clock.advance(allTime)
		for range 2 { // the second time the ledger has the end as well
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

// If the progress cannot be read, or is of another operation, the list decides.
func TestListDecidesWithoutProgress(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for name, tc := range map[string]struct {
			entry wrapper.Entry
			fault []wirefault.Fault
			want  []string
		}{
			"another kind":    {wrapper.Entry{Kind: wrapper.KindQuorumLoss, Target: "fabric:/shop/orders " + uuid.Nil.String()}, nil, []string{"graceful", "GetQuorumLossProgress", "list"}},
			"a bad answer":    {wrapper.Entry{}, []wirefault.Fault{{Status: 200, Body: "{}"}}, []string{"graceful", "GetDataLossProgress", "list"}},
			"no answer":       {wrapper.Entry{}, []wirefault.Fault{{}}, []string{"graceful", "GetDataLossProgress", "list"}},
			"a failure":       {wrapper.Entry{}, []wirefault.Fault{{Status: 503}}, []string{"graceful", "GetDataLossProgress", "list"}},
			"another cluster": {wrapper.Entry{Cluster: "elsewhere"}, nil, []string{"graceful", "list"}},
			"no partition":    {wrapper.Entry{Target: "fabric:/shop/orders"}, nil, []string{"graceful", "list"}},
			"a path":          {wrapper.Entry{Target: "fabric:/shop/../.. " + uuid.Nil.String()}, nil, []string{"graceful", "list"}},
			"an unknown kind": {wrapper.Entry{Kind: "CoffeeLoss"}, nil, []string{"graceful", "list"}},
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

// A call does not use its last request for a progress, which may not be found, but for the list.
func TestProgressLeavesARequestForTheList(t *testing.T) {
	t.Parallel()
	c := newCluster(t, server.Runtime)
	client := c.client(t, fastWith(2))
	_, err := client.StartDataLoss(t.Context(), orders, generated.DataLossModePartialDataLoss, wrapper.StartOptions{OperationID: opID})
	must(t, err)
	c.forget(t)
	got, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
	if seen, want := c.seen()[1:], []string{"graceful", "list"}; err != nil || got.Verdict != wrapper.NotFound || !slices.Equal(seen, want) {
		t.Errorf("got %+v, %v, want NotFound; the wire saw %v, want %v", got, err, seen, want)
	}
}

// faulted puts a Faulted operation of a kind into the cluster, and returns its cause and target.
func faulted(tb testing.TB, c *cluster, kind wrapper.Kind) (wrapper.Cause, wrapper.Target) {
	tb.Helper()
	number, _ := emulator.HRESULT("FABRIC_E_SERVICE_DOES_NOT_EXIST")
	must(tb, c.engine.Put(tb.Context(), emulator.Record{
		ID: opID, Kind: generated.OperationType(kind), Step: emulator.StepFailed, Rollback: emulator.NotRollingBack,
		ErrorCode: number, Target: targets[kind], LookedUp: true,
	}))
	return wrapper.Cause{Number: number, Code: "FABRIC_E_SERVICE_DOES_NOT_EXIST"}, targetOf(kind)
}

func targetOf(kind wrapper.Kind) wrapper.Target {
	if kind == wrapper.KindNodeTransition {
		return wrapper.Target{Kind: kind, Node: node}
	}
	return wrapper.Target{Kind: kind, Partition: wrapper.Partition{Service: "fabric:/shop/orders", ID: orders.ID}}
}

// Progress returns the cause and the target of a finished operation, over a socket, whether the caller gives the
// target, the kind alone, nothing, or a wrong target.
func TestProgress(t *testing.T) {
	t.Parallel()
	other := map[wrapper.Kind]wrapper.Kind{
		wrapper.KindDataLoss: wrapper.KindQuorumLoss, wrapper.KindQuorumLoss: wrapper.KindPartitionRestart,
		wrapper.KindPartitionRestart: wrapper.KindNodeTransition, wrapper.KindNodeTransition: wrapper.KindDataLoss,
	}
	eachStart(t, func(t *testing.T, c *cluster, kind wrapper.Kind, _ startCall) {
		cause, target := faulted(t, c, kind)
		want := wrapper.Progress{Operation: wrapper.Operation{ID: opID, Kind: kind, State: wrapper.StateFaulted}, Cause: cause, Target: target}
		ask := progressOf[kind]
		for _, tc := range []struct {
			name  string
			given wrapper.Target
			wire  []string // the last requests
		}{
			{"the target", target, []string{ask}},
			{"the kind", wrapper.Target{Kind: kind}, []string{ask}},
			{"nothing", wrapper.Target{}, []string{"list", ask}},
			{"another kind", targetOf(other[kind]), []string{progressOf[other[kind]], "list", ask}},
		} {
			before := len(c.seen())
			got, err := c.client(t).Progress(t.Context(), opID, tc.given)
			if err != nil || got != want {
				t.Errorf("%s: got %+v, %v, want %+v", tc.name, got, err, want)
			}
			if seen := c.seen()[before:]; !slices.Equal(seen, tc.wire) {
				t.Errorf("%s: the wire saw %v, want %v", tc.name, seen, tc.wire)
			}
		}
		if got, want := want.Cause.String(), "FABRIC_E_SERVICE_DOES_NOT_EXIST (0x80071BCD)"; got != want {
			t.Errorf("got cause %q, want %q", got, want)
		}
	})
}

// A running operation has no cause. Its target is that of the start, if the caller or the ledger has it.
func TestProgressOfARunningOperation(t *testing.T) {
	t.Parallel()
	eachStart(t, func(t *testing.T, c *cluster, kind wrapper.Kind, start startCall) {
		client := c.client(t)
		started, err := start(t.Context(), client, wrapper.StartOptions{})
		must(t, err)
		target := targetOf(kind)
		if kind == wrapper.KindNodeTransition {
			target.Node.Instance = 0 // the ledger does not store it
		} else {
			target.Partition.Service = orders.Service
		}
		if started.Target != target {
			t.Errorf("start: got target %+v, want %+v", started.Target, target)
		}
		want := wrapper.Progress{Operation: wrapper.Operation{ID: started.OperationID, Kind: kind, State: wrapper.StateRunning}, Target: target}
		got, err := client.Progress(t.Context(), started.OperationID, wrapper.Target{})
		if err != nil || got != want {
			t.Errorf("got %+v, %v, want %+v", got, err, want)
		}
		want.Target = wrapper.Target{}
		if got, err := c.client(t).Progress(t.Context(), started.OperationID, wrapper.Target{}); err != nil || got != want {
			t.Errorf("with an empty ledger: got %+v, %v, want %+v", got, err, want)
		}
		unknown := uuid.New()
		if got, err := client.Progress(t.Context(), unknown, target); err != nil || got.Found() || got.ID != unknown {
			t.Errorf("unknown id: got %+v, %v, want not found", got, err)
		}
	})
}

// Progress retries like any read, and falls back to the list.
func TestProgressRetries(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for name, tc := range map[string]struct {
			faults []wirefault.Fault
			wire   []string
			cause  bool
		}{
			"lost twice": {[]wirefault.Fault{{}, {Apply: true}}, []string{"GetDataLossProgress", "GetDataLossProgress", "GetDataLossProgress"}, true},
			"busy":       {[]wirefault.Fault{{Status: 503}}, []string{"GetDataLossProgress", "GetDataLossProgress"}, true},
			"refused":    {[]wirefault.Fault{{Status: 403}}, []string{"GetDataLossProgress", "list"}, false},
		} {
			c := newCluster(t, profile)
			cause, target := faulted(t, c, wrapper.KindDataLoss)
			c.wire.Spoil(isProgress, tc.faults...)
			got, err := c.client(t).Progress(t.Context(), opID, target)
			if err != nil || got.State != wrapper.StateFaulted || got.Cause == cause != tc.cause {
				t.Errorf("%s: got %+v, %v, want Faulted, with the cause: %t", name, got, err, tc.cause)
			}
			if seen := c.seen(); !slices.Equal(seen, tc.wire) {
				t.Errorf("%s: the wire saw %v, want %v", name, seen, tc.wire)
			}
		}
		c := newCluster(t, profile)
		_, target := faulted(t, c, wrapper.KindDataLoss)
		c.wire.Spoil(wirefault.Any, slices.Repeat([]wirefault.Fault{{Status: 403}}, 2)...)
		_, err := c.client(t).Progress(t.Context(), opID, target)
		onlyKind(t, err, wrapper.ErrServerRefused)
	})
}

// A target must be complete, or have the kind alone.
func TestInvalidTarget(t *testing.T) {
	t.Parallel()
	for name, target := range map[string]wrapper.Target{
		"no kind":       {Partition: orders},
		"unknown kind":  {Kind: "CoffeeLoss", Partition: orders},
		"no service":    {Kind: wrapper.KindDataLoss, Partition: wrapper.Partition{ID: uuid.New()}},
		"a path":        {Kind: wrapper.KindDataLoss, Partition: wrapper.Partition{Service: "fabric:/a/..", ID: uuid.New()}},
		"a node's kind": {Kind: wrapper.KindDataLoss, Node: node},
	} {
		p := serving(done)
		client := directClient(t, &p.answers)
		_, err := client.Progress(t.Context(), opID, target)
		onlyKind(t, err, wrapper.ErrInvalidArgument)
		_, err = client.Cancel(t.Context(), opID, wrapper.CancelOptions{Target: target})
		onlyKind(t, err, wrapper.ErrInvalidArgument)
		_, err = client.Wait(t.Context(), opID, wrapper.WaitOptions{Target: target})
		onlyKind(t, err, wrapper.ErrInvalidArgument)
		_, err = client.Stop(t.Context(), opID, wrapper.StopOptions{Target: target})
		onlyKind(t, err, wrapper.ErrInvalidArgument)
		if p.served != 0 {
			t.Errorf("%s: got %d requests, want none", name, p.served)
		}
	}
}

// A result has the cause and the target of a Faulted operation if the ledger has its start or the caller gives its
// target. Without either, the result has neither.
func TestResultHasTheCause(t *testing.T) {
	t.Parallel()
	eachStart(t, func(t *testing.T, c *cluster, kind wrapper.Kind, _ startCall) {
		cause, target := faulted(t, c, kind)
		calls := map[string]func(client *wrapper.Client, target wrapper.Target) (wrapper.Result, error){
			"Wait": func(client *wrapper.Client, target wrapper.Target) (wrapper.Result, error) {
				return client.Wait(t.Context(), opID, wrapper.WaitOptions{Target: target})
			},
			"Stop": func(client *wrapper.Client, target wrapper.Target) (wrapper.Result, error) {
				return client.Stop(t.Context(), opID, wrapper.StopOptions{Target: target})
			},
			"Cancel": func(client *wrapper.Client, target wrapper.Target) (wrapper.Result, error) {
				return client.Cancel(t.Context(), opID, wrapper.CancelOptions{Target: target})
			},
		}
		for name, call := range calls {
			known := new(wrapper.MemoryLedger)
			must(t, known.Append(t.Context(), wrapper.Entry{
				OperationID: opID, Time: time.Now(), Cluster: "here", Action: "start", Outcome: "done", Verdict: wrapper.Accepted, Kind: kind, Target: target.String(),
			}))
			for who, tc := range map[string]struct {
				ledger wrapper.Ledger
				given  wrapper.Target
				want   wrapper.Target
				cause  wrapper.Cause
			}{
				"the ledger": {known, wrapper.Target{}, target, cause},
				"the caller": {new(wrapper.MemoryLedger), target, target, cause},
				"no one":     {new(wrapper.MemoryLedger), wrapper.Target{}, wrapper.Target{}, wrapper.Cause{}},
			} {
				got, err := call(c.client(t, wrapper.WithLedger(tc.ledger), wrapper.WithCluster("here")), tc.given)
				if err != nil || got.Verdict != wrapper.Finished || got.State != wrapper.StateFaulted || got.Cause != tc.cause || got.Target != tc.want {
					t.Errorf("%s, target from %s: got %+v, %v, want Finished Faulted with cause %v and target %+v", name, who, got, err, tc.cause, tc.want)
				}
			}
		}
		// Without the cause the verdict is the same.
		c.wire.Spoil(isProgress, slices.Repeat([]wirefault.Fault{{}}, 9)...)
		got, err := calls["Wait"](c.client(t), target)
		if err != nil || got.State != wrapper.StateFaulted || got.Cause != (wrapper.Cause{}) {
			t.Errorf("lost progress: got %+v, %v, want Faulted without a cause", got, err)
		}
	})
}

// oneEntry is a ledger that always has this entry alone.
type oneEntry wrapper.Entry

func (o oneEntry) Append(context.Context, wrapper.Entry) error { return nil }
func (o oneEntry) Entries(context.Context, uuid.UUID) ([]wrapper.Entry, error) {
	return []wrapper.Entry{wrapper.Entry(o)}, nil
}

// BenchmarkCancelOver measures a cancel of a finished operation over loopback, in a cluster with 9 000 operations: with
// a read of the list, with a read of the progress, and with the same requests sent by net/http alone.
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
					b.Fatalf("got %+v, %v, want Finished after 2 attempts", got, err)
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

// The progress is read at the service and partition that the ledger has for the operation.
func TestProgressUsesTarget(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, c *sftest.Cluster) {
		client := c.Client()
		started, err := client.StartDataLoss(t.Context(), orders, "FullDataLoss", wrapper.StartOptions{})
		must(t, err)
		time.Sleep(24 * time.Hour)
		if got, err := client.Cancel(t.Context(), started.OperationID, wrapper.CancelOptions{}); err != nil || got.Verdict != wrapper.Finished {
			t.Errorf("got %+v, %v, want Finished", got, err)
		}
		want := "/Faults/Services/" + strings.ReplaceAll(strings.TrimPrefix(orders.Service, "fabric:/"), "/", "~") +
			"/$/GetPartitions/" + orders.ID.String() + "/$/GetDataLossProgress?"
		var seen []string
		for _, r := range c.Requests() {
			if strings.HasPrefix(r.Target, want) {
				return
			}
			seen = append(seen, r.Target)
		}
		t.Errorf("got requests %q, want one of %s", seen, want)
	})
}
