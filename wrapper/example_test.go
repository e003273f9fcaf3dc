package wrapper_test

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/store/memory"
	"github.com/sfcancel/sfcancel/wrapper"
)

// A client of a cluster. The examples below get theirs from package sftest, which is a
// cluster in memory.
func Example() {
	client, err := wrapper.New("https://sf1.example.com:19080",
		wrapper.WithEndpoints("https://sf2.example.com:19080", "https://sf3.example.com:19080"),
		wrapper.WithForcePolicy(wrapper.RequireGraceful{MinGrace: time.Minute}))
	if err != nil {
		panic(err)
	}
	defer client.Close()
	fmt.Println(client)
	// Output:
	// wrapper.Client[https://sf1.example.com:19080/ https://sf2.example.com:19080/ https://sf3.example.com:19080/]
}

// Stop an operation and let the cluster clean up after it.
func ExampleClient_Cancel() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		id := c.Put(emulator.Record{}) // a data loss under way
		client := c.Client()

		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		result, err := client.Cancel(ctx, id, wrapper.CancelOptions{Reason: "the test is over"})
		fmt.Println(result.Verdict, result.State, err)

		// What never was is a verdict, too, not an error.
		result, err = client.Cancel(ctx, uuid.New(), wrapper.CancelOptions{})
		fmt.Println(result.Verdict, err)
	})
	// Output:
	// Accepted RollingBack <nil>
	// NotFound <nil>
}

// By default a force needs to know of a graceful cancel, and is refused before
// anything is sent.
func ExampleClient_ForceCancel() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		id := c.Put(emulator.Record{})
		client, ctx := c.Client(), context.Background()

		_, err := client.ForceCancel(ctx, id, wrapper.ForceOptions{})
		fmt.Println(errors.Is(err, wrapper.ErrForceRefused), len(c.Requests()))

		graceful, err := client.Cancel(ctx, id, wrapper.CancelOptions{})
		fmt.Println(graceful.Verdict, err)
		forced, err := client.ForceCancel(ctx, id, wrapper.ForceOptions{Reason: "it does not come to an end"})
		fmt.Println(forced.Verdict, forced.State, err)
	})
	// Output:
	// true 0
	// Accepted <nil>
	// Accepted RollingBack <nil>
}

// A process that starts with an empty ledger lets the cluster be the evidence: an
// operation that is RollingBack may be forced.
func ExampleRequireGraceful() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		id := c.Put(emulator.Record{})
		other, client, ctx := c.Client(), c.Client(), context.Background()
		policy := wrapper.RequireGraceful{Look: true}

		_, err := client.ForceCancel(ctx, id, wrapper.ForceOptions{Policy: policy})
		var refusal *wrapper.Refusal
		if errors.As(err, &refusal) {
			fmt.Println(refusal.Missing)
		}
		if _, err := other.Cancel(ctx, id, wrapper.CancelOptions{}); err != nil {
			t.Fatalf("%v", err)
		}
		result, err := client.ForceCancel(ctx, id, wrapper.ForceOptions{Policy: policy})
		fmt.Println(result.Verdict, err)
	})
	// Output:
	// no graceful cancel of this operation is known: cancel it gracefully first
	// Accepted <nil>
}

// Leave the judgement to the server. It refuses a force that no graceful cancel came before.
func ExampleServerDecides() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t, sftest.WithProfile(server.Runtime))
		id := c.Put(emulator.Record{})
		client := c.Client(wrapper.WithForcePolicy(wrapper.ServerDecides{}))

		_, err := client.ForceCancel(context.Background(), id, wrapper.ForceOptions{})
		fmt.Println(errors.Is(err, wrapper.ErrServerRefused), wrapper.CodeOf(err))
	})
	// Output:
	// true FABRIC_E_INVALID_TEST_COMMAND_STATE
}

// The answer to a force is lost on the wire, after the server has carried it out. Sent
// again, it would come back as an error. A probe finds out instead.
func ExampleResult() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t, sftest.WithProfile(server.Runtime))
		id := c.Put(emulator.Record{})
		client, ctx := c.Client(), context.Background()
		if _, err := client.Cancel(ctx, id, wrapper.CancelOptions{}); err != nil {
			t.Fatalf("%v", err)
		}

		c.On(sftest.Force, sftest.DropAfter())
		result, err := client.ForceCancel(ctx, id, wrapper.ForceOptions{})
		fmt.Println(result.Verdict, "resolved:", result.Resolved, err)
		for _, a := range result.Attempts {
			fmt.Println(a.Purpose(), a.Class())
		}
	})
	// Output:
	// Accepted resolved: true <nil>
	// force ambiguous
	// read done
	// probe refused
}

// An outcome that could not be found out says so, and tells what is known.
func ExampleError() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		id := c.Put(emulator.Record{})
		c.On(sftest.Any, sftest.Status(503, "E_ABORT")).Always()
		client := c.Client(wrapper.WithRetry(wrapper.Retry{MaxAttempts: 3, Base: time.Millisecond}))

		_, err := client.Cancel(context.Background(), id, wrapper.CancelOptions{})
		var e *wrapper.Error
		if errors.Is(err, wrapper.ErrOutcomeUnknown) && errors.As(err, &e) {
			fmt.Println(e.OperationID() == id, e.Status(), e.Code(), len(e.Attempts()))
		}
	})
	// Output:
	// true 503 E_ABORT 3
}

// A refusal of the policy says what is missing, and from when on the same call will be allowed.
func ExampleRefusal() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		id := c.Put(emulator.Record{})
		client, ctx := c.Client(wrapper.WithForcePolicy(wrapper.RequireGraceful{MinGrace: time.Hour})), context.Background()
		if _, err := client.Cancel(ctx, id, wrapper.CancelOptions{}); err != nil {
			t.Fatalf("%v", err)
		}

		_, err := client.ForceCancel(ctx, id, wrapper.ForceOptions{})
		var refusal *wrapper.Refusal
		if errors.Is(err, wrapper.ErrForceRefused) && errors.As(err, &refusal) {
			fmt.Println(refusal.Missing)
			fmt.Println("wait:", time.Until(refusal.NotBefore).Round(time.Hour))
		}
	})
	// Output:
	// the graceful cancel has not had its 1h0m0s yet
	// wait: 1h0m0s
}

// The whole sequence in one call: a graceful cancel, a while to come to an end, the
// force. If the operation ends in time, the verdict is Finished and no force was needed.
//
// The minute of grace takes no time in a bubble of testing/synctest.
func ExampleGracefulFirst() {
	// In your package this is func TestGracefulFirst(t *testing.T).
	_ = gracefulFirst
}

func gracefulFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := sftest.NewCluster(t) // whose operations get on by Advance alone, and so do not end
		id := c.Put(emulator.Record{})
		client := c.Client(wrapper.WithForcePolicy(wrapper.GracefulFirst{Grace: time.Minute}))

		begin := time.Now()
		result, err := client.ForceCancel(t.Context(), id, wrapper.ForceOptions{})
		if err != nil || result.Verdict != wrapper.Accepted || result.State != wrapper.StateRollingBack {
			t.Errorf("got %s %s, %v", result.Verdict, result.State, err)
		}
		if took := time.Since(begin); took != time.Minute {
			t.Errorf("it took %v", took)
		}
		want := []string{"graceful", "read", "force"}
		if len(result.Attempts) != len(want) {
			t.Fatalf("got %v", result.Attempts)
		}
		for i, a := range result.Attempts {
			if a.Purpose() != want[i] || a.Class() != "done" || a.Status != 200 {
				t.Errorf("attempt %d: got %s, %s %d", i+1, a.Purpose(), a.Class(), a.Status)
			}
		}
	})
}

// The first gateway refuses connections; the client goes to the next, and stays there.
func ExampleWithEndpoints() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		id := c.Put(emulator.Record{})
		client, err := wrapper.New("http://127.0.0.1:1", wrapper.WithEndpoints(c.URL()), wrapper.WithHTTPClient(&http.Client{Transport: oneIsDown{c.Transport()}}))
		if err != nil {
			t.Fatalf("%v", err)
		}
		result, err := client.Cancel(context.Background(), id, wrapper.CancelOptions{})
		for _, a := range result.Attempts {
			fmt.Println(a.Endpoint, a.Class())
		}
		fmt.Println(result.Verdict, err)
	})
	// Output:
	// http://127.0.0.1:1/ not sent
	// http://cluster.test:19080/ done
	// Accepted <nil>
}

// A cluster whose certificate is known by its thumbprint, as Service Fabric has it. The
// files of a client certificate would be CertFile and KeyFile.
func ExampleWithTLS() {
	engine, err := server.New(emulator.New(memory.New()))
	if err != nil {
		panic(err)
	}
	cluster := httptest.NewTLSServer(engine)
	defer cluster.Close()
	thumbprint := sha1.Sum(cluster.Certificate().Raw)

	client, err := wrapper.New(cluster.URL, wrapper.WithTLS(wrapper.TLS{ServerThumbprints: []string{hex.EncodeToString(thumbprint[:])}}))
	if err != nil {
		panic(err)
	}
	defer client.Close()
	ops, err := client.Operations(context.Background())
	fmt.Println(len(ops), err)

	// Any other server is turned away before anything is sent.
	stranger, err := wrapper.New(cluster.URL, wrapper.WithTLS(wrapper.TLS{ServerThumbprints: []string{strings.Repeat("00", 20)}}))
	if err != nil {
		panic(err)
	}
	defer stranger.Close()
	_, err = stranger.Operations(context.Background())
	fmt.Println(errors.Is(err, wrapper.ErrNotSent))
	// Output:
	// 0 <nil>
	// true
}

// A token source keeps its token until it is told that it was refused.
// A request to an http:// endpoint goes to the proxy, which sends it on; one to https:// goes through a tunnel.
func ExampleWithProxy() {
	engine, err := server.New(emulator.New(memory.New()))
	if err != nil {
		panic(err)
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("proxy:", r.Method, r.URL.Host)
		engine.ServeHTTP(w, r)
	}))
	defer proxy.Close()
	address, err := url.Parse(proxy.URL)
	if err != nil {
		panic(err)
	}

	client, err := wrapper.New("http://cluster.example:19080", wrapper.WithProxy(http.ProxyURL(address)))
	if err != nil {
		panic(err)
	}
	defer client.Close()
	ops, err := client.Operations(context.Background())
	fmt.Println(len(ops), "operations,", err)
	// Output:
	// proxy: GET cluster.example:19080
	// 0 operations, <nil>
}

func ExampleWithTokenSource() {
	sftest.Run(func(t sftest.TB) {
		token := "stale"
		source := func(_ context.Context, refused string) (string, error) {
			if refused != "" {
				token = "fresh" // a call to the directory, in a real source
			}
			return token, nil
		}
		c := sftest.NewCluster(t)
		c.On(sftest.MatchFunc(func(r sftest.Request) bool { return r.Header.Get("Authorization") != "Bearer fresh" }), sftest.Status(403, ""))
		client := c.Client(wrapper.WithTokenSource(source))

		var attempts []wrapper.Attempt
		_, err := client.Operations(wrapper.PerCall(context.Background(), wrapper.CallOptions{Attempts: &attempts}))
		for _, a := range attempts {
			fmt.Println(a.Status)
		}
		fmt.Println(err)
	})
	// Output:
	// 403
	// 200
	// <nil>
}

// Nobody forces on a Sunday: middleware that refuses a call.
func ExampleWithCallMiddleware() {
	errSunday := errors.New("no force on a Sunday")
	noSundays := func(next wrapper.CallFunc) wrapper.CallFunc {
		return func(ctx context.Context, call wrapper.Call) (wrapper.Outcome, error) {
			if call.Force {
				return wrapper.Outcome{}, errSunday
			}
			return next(ctx, call)
		}
	}
	sftest.Run(func(t sftest.TB) {
		client := sftest.NewCluster(t).Client(wrapper.WithCallMiddleware(noSundays))
		_, err := client.ForceCancel(context.Background(), uuid.New(), wrapper.ForceOptions{})
		fmt.Println(errors.Is(err, wrapper.ErrNotSent), errors.Is(err, errSunday))
	})
	// Output:
	// true true
}

// A header on every request, for a proxy that wants to know who asks.
func ExampleWithAttemptMiddleware() {
	name := func(next http.RoundTripper) http.RoundTripper {
		return roundTrip(func(r *http.Request) (*http.Response, error) {
			call, _, _ := wrapper.AttemptFrom(r.Context())
			r = r.Clone(r.Context())
			r.Header.Set("X-Asked-By", "night shift, "+call.Name)
			return next.RoundTrip(r)
		})
	}
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		_, err := c.Client(wrapper.WithAttemptMiddleware(name)).Operations(context.Background())
		fmt.Println(c.Requests()[0].Header.Get("X-Asked-By"), err)
	})
	// Output:
	// night shift, list operations <nil>
}

// Count how often calls have to ask again.
func ExampleWithObserver() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		c.On(sftest.Any, sftest.Status(503, "E_ABORT")).Times(2)
		pauses := 0
		count := func(_ context.Context, e wrapper.Event) {
			if e.Name == "pause" {
				pauses++
			}
		}
		_, err := c.Client(wrapper.WithObserver(count)).Operations(context.Background())
		fmt.Println(pauses, err)
	})
	// Output:
	// 2 <nil>
}

// What a client logs, without the times.
func ExampleWithLogger() {
	handler := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "took" || a.Key == "request_id" { // different each time
				return slog.Attr{}
			}
			return a
		},
	})
	sftest.Run(func(t sftest.TB) {
		client := sftest.NewCluster(t).Client(wrapper.WithLogger(slog.New(handler)))
		_, _ = client.Operations(context.Background())
	})
	// Output:
	// level=DEBUG msg=request call="list operations" purpose=read number=1 host=cluster.test:19080 class=done status=200
	// level=INFO msg=call call="list operations" requests=1
}

// What was asked of an operation, and what came of it.
func ExampleMemoryLedger() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		id, ledger, ctx := c.Put(emulator.Record{}), new(wrapper.MemoryLedger), context.Background()
		client := c.Client(wrapper.WithLedger(ledger))
		_, _ = client.Cancel(ctx, id, wrapper.CancelOptions{Reason: "end of the drill"})
		_, _ = client.ForceCancel(ctx, id, wrapper.ForceOptions{Reason: "it hangs"})

		entries, err := ledger.Entries(ctx, id)
		for _, e := range entries {
			fmt.Printf("%s %q %s, %s\n", e.Action, e.Verdict, e.State, e.Reason)
		}
		fmt.Println(err)
	})
	// Output:
	// graceful "Accepted" RollingBack, end of the drill
	// force "" , it hangs
	// force "Accepted" RollingBack, it hangs
	// <nil>
}

// oneIsDown refuses connections to the address that nobody listens at.
type oneIsDown struct{ next http.RoundTripper }

func (o oneIsDown) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host == "127.0.0.1:1" {
		return nil, fmt.Errorf("%w: connection refused", wrapper.ErrNotSent)
	}
	return o.next.RoundTrip(r)
}

// Start an operation, and read how it stands.
func ExampleClient_StartDataLoss() {
	sftest.Run(func(t sftest.TB) {
		client, ctx := sftest.NewCluster(t).Client(), context.Background()

		target := wrapper.Partition{Service: "fabric:/shop/orders", ID: uuid.MustParse("0c1f7f6a-9f0e-4d0c-8a55-0d7d1d7f4b11")}
		started, err := client.StartDataLoss(ctx, target, "PartialDataLoss", wrapper.StartOptions{})
		fmt.Println(started.Verdict, started.State, err)
		op, err := client.Operation(ctx, started.OperationID)
		fmt.Println(op.Kind, op.State, err)
	})
	// Output:
	// Accepted Running <nil>
	// PartitionDataLoss Running <nil>
}

// The answer to a start is lost. It is sent again with the same id, so that there is
// one operation all the same.
func ExampleClient_StartQuorumLoss() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		client, ctx := c.Client(), context.Background()
		c.On(sftest.StartQuorumLoss, sftest.DropAfter())

		target := wrapper.Partition{Service: "fabric:/shop/orders", ID: uuid.UUID{1}}
		started, err := client.StartQuorumLoss(ctx, target, "AllReplicas", 90*time.Second, wrapper.StartOptions{})
		fmt.Println(started.Verdict, "resolved:", started.Resolved, err)
		ops, err := client.Operations(ctx)
		fmt.Println(len(ops), err)
	})
	// Output:
	// Accepted resolved: true <nil>
	// 1 <nil>
}

// An id of the caller's own makes a start safe to repeat, also in another process.
func ExampleClient_StartPartitionRestart() {
	sftest.Run(func(t sftest.TB) {
		client, ctx := sftest.NewCluster(t).Client(), context.Background()

		target := wrapper.Partition{Service: "fabric:/shop/orders", ID: uuid.UUID{1}}
		options := wrapper.StartOptions{OperationID: uuid.MustParse("5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01")}
		for range 2 {
			result, err := client.StartPartitionRestart(ctx, target, "OnlyActiveSecondaries", options)
			fmt.Println(result.Verdict, err)
		}
	})
	// Output:
	// Accepted <nil>
	// AlreadyStarted <nil>
}

// Stop a node for ten minutes.
func ExampleClient_StartNodeTransition() {
	sftest.Run(func(t sftest.TB) {
		client := sftest.NewCluster(t).Client()

		node := wrapper.Node{Name: "_Node_0", Instance: 131232}
		started, err := client.StartNodeTransition(context.Background(), node, "Stop", 10*time.Minute, wrapper.StartOptions{})
		fmt.Println(started.Verdict, started.Kind, err)
	})
	// Output:
	// Accepted NodeTransition <nil>
}

// Read one operation by its id, whatever its kind.
func ExampleClient_Operation() {
	sftest.Run(func(t sftest.TB) {
		client := sftest.NewCluster(t).Client()

		op, err := client.Operation(context.Background(), uuid.New())
		fmt.Println(op.Found(), err)
	})
	// Output:
	// false <nil>
}

// Read all operations that the cluster remembers.
func ExampleClient_Operations() {
	sftest.Run(func(t sftest.TB) {
		client, ctx := sftest.NewCluster(t).Client(), context.Background()
		target := wrapper.Partition{Service: "fabric:/shop/orders", ID: uuid.UUID{1}}
		if _, err := client.StartDataLoss(ctx, target, "FullDataLoss", wrapper.StartOptions{}); err != nil {
			t.Fatalf("%v", err)
		}

		ops, err := client.Operations(ctx)
		for _, op := range ops {
			fmt.Println(op.Kind, op.State)
		}
		fmt.Println(err)
	})
	// Output:
	// PartitionDataLoss Running
	// <nil>
}

// What a cluster remembers, one by one.
func ExampleClient_AllOperations() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		c.Put(emulator.Record{}) // a data loss under way

		for op, err := range c.Client().AllOperations(context.Background()) {
			fmt.Println(op.Kind, op.State, err)
		}
	})
	// Output:
	// PartitionDataLoss Running <nil>
}

// The cleaning up of this operation fails for ever. Stop forces it when the grace is over.
//
// The minutes of it take no time in a bubble of testing/synctest.
func ExampleClient_Stop() {
	// In your package this is func TestStop(t *testing.T).
	_ = stopped
}

func stopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := sftest.NewCluster(t, sftest.WithClock(time.Now)) // whose operations get on as time passes
		id := c.Put(emulator.Record{
			Step:     emulator.StepLookingUpState,
			Scenario: emulator.Scenario{UndoFails: emulator.Failure{Times: emulator.Always}},
		})

		begin := time.Now()
		result, err := c.Client().Stop(t.Context(), id, wrapper.StopOptions{
			Grace:  2 * time.Minute,
			Reason: "the test is over",
		})
		if err != nil || result.Verdict != wrapper.Finished || result.State != wrapper.StateForceCancelled || !result.Force {
			t.Errorf("got %s %s, force %t, %v", result.Verdict, result.State, result.Force, err)
		}
		if took := time.Since(begin); took < 2*time.Minute {
			t.Errorf("it was forced within the grace: it took %v", took)
		}
	})
}

// endsOnceCancelled lets a minute pass in the engine after each graceful cancel.
func endsOnceCancelled(c *sftest.Cluster) {
	c.On(sftest.Graceful, sftest.Func(func(server http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			server.ServeHTTP(w, r)
			c.Advance(time.Minute)
		})
	})).Always()
}

// Wait for an operation that is not to be cancelled.
func ExampleClient_Wait() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		id := c.Put(emulator.Record{}) // a data loss under way
		client := c.Client()
		time.AfterFunc(5*time.Millisecond, func() { c.Advance(time.Minute) }) // in which it ends

		result, err := client.Wait(context.Background(), id, wrapper.WaitOptions{Interval: 10 * time.Millisecond})
		fmt.Println(result.Verdict, result.State, err)
	})
	// Output:
	// Finished Completed <nil>
}

// A wait may be given up: the error says how the operation was seen last.
func ExampleClient_Wait_givenUp() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		id := c.Put(emulator.Record{})
		client := c.Client()
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		c.On(sftest.GetFaultOperationList, sftest.Pass()) // the first look; the second is one too many
		c.On(sftest.GetFaultOperationList, sftest.Func(func(server http.Handler) http.Handler {
			cancel()
			return server
		}))

		_, err := client.Wait(ctx, id, wrapper.WaitOptions{Interval: 10 * time.Millisecond})
		var e *wrapper.Error
		if errors.As(err, &e) && errors.Is(err, wrapper.ErrNotFinished) {
			fmt.Println("still", e.State())
		}
	})
	// Output:
	// still Running
}

// Follow an operation until it is over.
func ExampleClient_Watch() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		id := c.Put(emulator.Record{Step: emulator.StepLookingUpState})
		client, ctx := c.Client(), context.Background()

		for op, err := range client.Watch(ctx, id, wrapper.WaitOptions{Interval: 10 * time.Millisecond}) {
			if err != nil {
				fmt.Println(err)
				break
			}
			fmt.Println(op.Kind, op.State)
			switch op.State {
			case wrapper.StateRunning: // enough of it
				if _, err := client.Cancel(ctx, id, wrapper.CancelOptions{}); err != nil {
					t.Fatalf("%v", err)
				}
			case wrapper.StateRollingBack:
				c.Advance(time.Minute) // in which it ends
			default:
			}
		}
	})
	// Output:
	// PartitionDataLoss Running
	// PartitionDataLoss RollingBack
	// PartitionDataLoss Cancelled
}

// Without a force there is no end but the operation's own.
func ExampleClient_Stop_neverForce() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		id := c.Put(emulator.Record{})
		endsOnceCancelled(c)
		client := c.Client()

		result, err := client.Stop(context.Background(), id, wrapper.StopOptions{NeverForce: true, Interval: 10 * time.Millisecond})
		fmt.Println(result.Verdict, result.State, "force:", result.Force, err)
	})
	// Output:
	// Finished Cancelled force: false <nil>
}

// Cancel everything that runs. What is over is not touched.
func ExampleClient_CancelAll() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		for _, r := range []emulator.Record{{}, {Kind: "PartitionRestart"}, {Kind: "NodeTransition"}, {Step: emulator.StepCompletedSuccessfully}} {
			c.Put(r)
		}
		client := c.Client()

		cancelled := 0
		for result, err := range client.CancelAll(context.Background(), wrapper.Selector{}, wrapper.CancelAllOptions{Reason: "end of the shift"}) {
			if err != nil {
				fmt.Println(err)
				continue
			}
			if result.Verdict == wrapper.Accepted {
				cancelled++
			}
		}
		fmt.Println(cancelled, "cancelled")
	})
	// Output:
	// 3 cancelled
}

// Stop everything that restarts partitions, four at a time, and wait for the end of each.
func ExampleClient_CancelAll_stop() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		c.Put(emulator.Record{Kind: "PartitionRestart"})
		c.Put(emulator.Record{Kind: "PartitionDataLoss"})
		endsOnceCancelled(c)
		client := c.Client()

		which := wrapper.Selector{Kinds: []wrapper.Kind{wrapper.KindPartitionRestart}}
		all := client.CancelAll(context.Background(), which, wrapper.CancelAllOptions{
			Concurrency: 4,
			Each: func(ctx context.Context, op wrapper.Operation) (wrapper.Result, error) {
				return client.Stop(ctx, op.ID, wrapper.StopOptions{Interval: 10 * time.Millisecond})
			},
		})
		for result, err := range all {
			fmt.Println(result.Kind, result.Verdict, result.State, err)
		}
	})
	// Output:
	// PartitionRestart Finished Cancelled <nil>
}
