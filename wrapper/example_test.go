package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
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
