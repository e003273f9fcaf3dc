package wrapper_test

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

type startCall func(context.Context, *wrapper.Client, wrapper.StartOptions) (wrapper.Result, error)

var (
	orders = wrapper.Partition{Service: "fabric:/shop/orders", ID: uuid.UUID{7}}
	node   = wrapper.Node{Name: "_Node_0", Instance: 131232}
)

// starts are the four calls that start an operation, each with arguments that both profiles accept.
var starts = map[wrapper.Kind]startCall{
	wrapper.KindDataLoss: func(ctx context.Context, c *wrapper.Client, o wrapper.StartOptions) (wrapper.Result, error) {
		return c.StartDataLoss(ctx, orders, "PartialDataLoss", o)
	},
	wrapper.KindQuorumLoss: func(ctx context.Context, c *wrapper.Client, o wrapper.StartOptions) (wrapper.Result, error) {
		return c.StartQuorumLoss(ctx, orders, "AllReplicas", 90*time.Second, o)
	},
	wrapper.KindPartitionRestart: func(ctx context.Context, c *wrapper.Client, o wrapper.StartOptions) (wrapper.Result, error) {
		return c.StartPartitionRestart(ctx, orders, "OnlyActiveSecondaries", o)
	},
	wrapper.KindNodeTransition: func(ctx context.Context, c *wrapper.Client, o wrapper.StartOptions) (wrapper.Result, error) {
		return c.StartNodeTransition(ctx, node, "Stop", 20*time.Minute, o)
	},
}

var targets = map[wrapper.Kind]emulator.Target{
	wrapper.KindDataLoss:         {ServiceName: "fabric:/shop/orders", PartitionID: orders.ID, Mode: "PartialDataLoss"},
	wrapper.KindQuorumLoss:       {ServiceName: "fabric:/shop/orders", PartitionID: orders.ID, Mode: "AllReplicas", Duration: 90 * time.Second},
	wrapper.KindPartitionRestart: {ServiceName: "fabric:/shop/orders", PartitionID: orders.ID, Mode: "OnlyActiveSecondaries"},
	wrapper.KindNodeTransition:   {NodeName: "_Node_0", NodeInstanceID: "131232", Transition: "Stop", Duration: 20 * time.Minute},
}

func eachStart(t *testing.T, test func(t *testing.T, c *cluster, kind wrapper.Kind, start startCall)) {
	t.Helper()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		for kind, start := range starts {
			t.Run(string(kind), func(t *testing.T) {
				t.Parallel()
				test(t, newCluster(t, profile), kind, start)
			})
		}
	})
}

// The server records the operation as requested, with both api-versions, which spell service names differently.
func TestStart(t *testing.T) {
	t.Parallel()
	eachStart(t, func(t *testing.T, c *cluster, kind wrapper.Kind, start startCall) {
		client := c.client(t)
		for _, version := range []generated.APIVersion{generated.APIVersion60, generated.APIVersion30} {
			got, err := start(t.Context(), client, wrapper.StartOptions{APIVersion: version})
			must(t, err)
			if got.OperationID == (uuid.UUID{}) {
				t.Fatalf("%s: got no operation id, want one", version)
			}
			if got.Verdict != wrapper.Accepted || got.State != wrapper.StateRunning || got.Kind != kind || got.Resolved {
				t.Errorf("%s: got %+v, want Accepted Running of %s, not resolved", version, got, kind)
			}
			record, found := c.record(t, got.OperationID)
			if !found || record.Target != targets[kind] || wrapper.Kind(record.Kind) != kind {
				t.Errorf("%s: the server recorded %+v, want %s with %+v", version, record, kind, targets[kind])
			}
			c.clock.advance(24 * time.Hour) // because a node allows one transition at a time
		}
	})
}

// runtime §8: Start may be repeated only if 409 on the repeat is read as "the first one
// got through". §5.7: for a node it is 400 NODE_TRANSITION_IN_PROGRESS.
func TestStartLostAnswer(t *testing.T) {
	t.Parallel()
	eachStart(t, func(t *testing.T, c *cluster, kind wrapper.Kind, start startCall) {
		c.wire.Spoil(wirefault.Any, wirefault.Fault{Apply: true}, wirefault.Fault{Status: 503})
		got, err := start(t.Context(), c.client(t), wrapper.StartOptions{OperationID: opID})
		must(t, err)
		if got.Verdict != wrapper.Accepted || !got.Resolved || got.Kind != kind || got.State != wrapper.StateRunning || got.OperationID != opID {
			t.Errorf("got %+v, want Accepted Running of %s, resolved", got, kind)
		}
		if seen := c.seen(); len(seen) != 4 || seen[3] != "list" {
			t.Errorf("the wire saw %v, want three starts and a list", seen)
		}
		if record, found := c.record(t, opID); !found || wrapper.Kind(record.Kind) != kind {
			t.Errorf("the server recorded %+v, want %s", record, kind)
		}
	})
}

func TestStartNeverArrived(t *testing.T) {
	t.Parallel()
	eachStart(t, func(t *testing.T, c *cluster, _ wrapper.Kind, start startCall) {
		c.wire.Spoil(wirefault.Any, wirefault.Fault{}, wirefault.Fault{Status: 200, Body: "<html>"})
		got, err := start(t.Context(), c.client(t), wrapper.StartOptions{OperationID: opID})
		must(t, err)
		if got.Verdict != wrapper.Accepted || got.Resolved {
			t.Errorf("got %+v, want Accepted, not resolved", got)
		}
		if seen := c.seen(); len(seen) != 3 || slices.Contains(seen, "list") {
			t.Errorf("the wire saw %v, want three starts", seen)
		}
	})
}

// A start with the caller's id of an existing operation is AlreadyStarted if the operation is of the same kind, so that
// a pipeline can be rerun, and a refusal if it is of another kind.
func TestStartTakenID(t *testing.T) {
	t.Parallel()
	eachStart(t, func(t *testing.T, c *cluster, kind wrapper.Kind, start startCall) {
		makeRunning(t, c) // a data loss
		client := c.client(t)
		got, err := start(t.Context(), client, wrapper.StartOptions{OperationID: opID})
		if kind == wrapper.KindDataLoss {
			if err != nil || got.Verdict != wrapper.AlreadyStarted || !got.Resolved || got.State != wrapper.StateRunning || got.Kind != kind {
				t.Errorf("got %+v, %v, want %s", got, err, wrapper.AlreadyStarted)
			}
		} else if e := asError(t, err, wrapper.ErrServerRefused); e.Status() != 409 || e.Code() != wrapper.Code(generated.ErrorCodeTestCommandOperationIDAlreadyExists) || e.OperationID() != opID {
			t.Errorf("got %v, want the 409 as a refusal", e)
		}
		if seen := c.seen(); len(seen) != 2 || seen[1] != "list" {
			t.Errorf("the wire saw %v, want a start and a list", seen)
		}
	})
}

// runtime §5.7: the id is searched across all kinds. If an operation of another kind has it, the lost start did not
// take effect, but it may still arrive.
func TestStartTakenByAnotherKind(t *testing.T) {
	t.Parallel()
	eachStart(t, func(t *testing.T, c *cluster, kind wrapper.Kind, start startCall) {
		if kind == wrapper.KindDataLoss {
			t.Skip("the operation with the id is of this kind")
		}
		makeRunning(t, c)
		c.wire.Spoil(wirefault.Any, wirefault.Fault{})
		_, err := start(t.Context(), c.client(t), wrapper.StartOptions{OperationID: opID})
		wantKind(t, err, wrapper.ErrOutcomeUnknown)
	})
}

// runtime §5.7: a node has at most one live transition.
func TestStartNodeInTransition(t *testing.T) {
	t.Parallel()
	eachProfile(t, func(t *testing.T, profile server.Profile) {
		c := newCluster(t, profile)
		client := c.client(t)
		start := starts[wrapper.KindNodeTransition]
		if _, err := start(t.Context(), client, wrapper.StartOptions{}); err != nil {
			t.Fatal(err)
		}
		_, err := start(t.Context(), client, wrapper.StartOptions{OperationID: opID})
		if e := asError(t, err, wrapper.ErrServerRefused); e.Code() != wrapper.Code(generated.ErrorCodeNodeTransitionInProgress) {
			t.Errorf("got %v, want %s", err, generated.ErrorCodeNodeTransitionInProgress)
		}
		if _, found := c.record(t, opID); found {
			t.Error("got a record of the refused transition, want none")
		}
		// A lost start that is then refused because of another transition has an unknown outcome.
		c.wire.Spoil(wirefault.Any, wirefault.Fault{})
		_, err = start(t.Context(), client, wrapper.StartOptions{OperationID: opID})
		wantKind(t, err, wrapper.ErrOutcomeUnknown)
	})
}

// A start that is lost until the attempts are used up has an unknown outcome, and the error has its id.
func TestStartUnknown(t *testing.T) {
	t.Parallel()
	eachStart(t, func(t *testing.T, c *cluster, _ wrapper.Kind, start startCall) {
		c.wire.Spoil(wirefault.Any, wirefault.Fault{Apply: true}, wirefault.Fault{}, wirefault.Fault{})
		_, err := start(t.Context(), c.client(t, fastWith(3)), wrapper.StartOptions{})
		e := asError(t, err, wrapper.ErrOutcomeUnknown)
		if _, found := c.record(t, e.OperationID()); !found {
			t.Errorf("got operation id %s in the error, want that of the record", e.OperationID())
		}
	})
}

func TestStartArguments(t *testing.T) {
	t.Parallel()
	c := newCluster(t, server.Documented)
	client := c.client(t)
	ctx, none := t.Context(), wrapper.StartOptions{OperationID: opID}
	quorumLoss := func(d time.Duration) func() (wrapper.Result, error) {
		return func() (wrapper.Result, error) { return client.StartQuorumLoss(ctx, orders, "AllReplicas", d, none) }
	}
	stop := func(d time.Duration) func() (wrapper.Result, error) {
		return func() (wrapper.Result, error) { return client.StartNodeTransition(ctx, node, "Stop", d, none) }
	}
	cases := []struct {
		name string
		call func() (wrapper.Result, error)
	}{
		{"a quorum loss of half a second", quorumLoss(500 * time.Millisecond)},
		{"a negative quorum loss", quorumLoss(-time.Second)},
		{"a quorum loss beyond 32 bits", quorumLoss((1 << 32) * time.Second)},
		{"a stop of a second and a bit", stop(1001 * time.Millisecond)},
		{"a negative stop", stop(-time.Second)},
		{"a stop beyond 31 bits", stop((1 << 31) * time.Second)},
		{"an unknown api-version", func() (wrapper.Result, error) {
			return client.StartDataLoss(ctx, orders, "FullDataLoss", wrapper.StartOptions{OperationID: opID, APIVersion: "6"})
		}},
		{"a timeout with 3.0", func() (wrapper.Result, error) {
			return client.StartDataLoss(ctx, orders, "FullDataLoss", wrapper.StartOptions{OperationID: opID, APIVersion: "3.0", Timeout: time.Second})
		}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			_, err := tc.call()
			if e := asError(t, err, wrapper.ErrInvalidArgument); e.OperationID() != opID || len(e.Attempts()) != 0 {
				t.Errorf("got %v about %s after %d attempts, want %s after 0", err, e.OperationID(), len(e.Attempts()), opID)
			}
		})
	}
	if len(c.seen()) != 0 {
		t.Errorf("the wire saw %v, want nothing", c.seen())
	}
}

// Each kind has its own type of mode, so that a mode of another kind does not compile.
func TestModesHaveTypes(t *testing.T) {
	t.Parallel()
	of := reflect.TypeFor[*wrapper.Client]()
	seen := make(map[reflect.Type]string)
	for _, name := range []string{"StartDataLoss", "StartQuorumLoss", "StartPartitionRestart", "StartNodeTransition"} {
		method, _ := of.MethodByName(name)
		mode := method.Type.In(3) // after the client, the context and the target
		if other, ok := seen[mode]; ok || mode == reflect.TypeFor[string]() {
			t.Errorf("%s: got mode type %v as in %s, want its own type", name, mode, other)
		}
		seen[mode] = name
	}
}

// A generated id is a unique UUID of version 7 ([wrapper.StartOptions]).
func TestNewIDs(t *testing.T) {
	t.Parallel()
	client, seen := directClient(t, serving(answer{status: http.StatusAccepted})), map[uuid.UUID]bool{}
	for range 200 {
		got, err := client.StartDataLoss(t.Context(), orders, "FullDataLoss", wrapper.StartOptions{})
		must(t, err)
		if v := got.OperationID; v.Version() != 7 || v.Variant() != uuid.RFC4122 || seen[v] {
			t.Fatalf("got id %s, want a new one of version 7", v)
		}
		seen[got.OperationID] = true
	}
}
