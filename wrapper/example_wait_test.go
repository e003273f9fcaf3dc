package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

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
