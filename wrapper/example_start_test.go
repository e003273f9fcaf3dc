package wrapper_test

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

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
