package sftest_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// A cluster, an operation, a client. In a test, give NewCluster the t of the test and
// leave Run out.
func Example() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		id := c.Put(emulator.Record{}) // a running data loss
		client := c.Client()

		result, err := client.Cancel(context.Background(), id, wrapper.CancelOptions{})
		fmt.Println(result.Verdict, result.State, err)

		c.Advance(time.Minute)
		fmt.Println(c.Operation(id).State())
		fmt.Println(c.Requests())
	})
	// Output:
	// Accepted RollingBack <nil>
	// Cancelled
	// [CancelOperation Force=false 00000000-0000-4000-8000-000000000001: 200]
}

// The answer to a force is lost after the cluster has carried it out. If the force were retried, the
// cluster would answer with an error; the client resolves the outcome instead.
func ExampleCluster_On() {
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
		for _, q := range c.Requests() {
			fmt.Println(q.Call, q.Force, q.Fault, q.Server, q.Status)
		}
	})
	// Output:
	// Accepted resolved: true <nil>
	// CancelOperation false  200 200
	// CancelOperation true DropAfter 200 0
	// GetFaultOperationList false  200 200
	// CancelOperation false  400 400
}

// Time passes when the test says so.
func ExampleCluster_Advance() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t, sftest.WithScenario(emulator.Scenario{Queue: time.Minute, LookUp: 2 * time.Second, Perform: time.Hour}))
		started, err := c.Client().StartDataLoss(context.Background(),
			wrapper.Partition{Service: "fabric:/shop/orders"}, "PartialDataLoss", wrapper.StartOptions{})
		if err != nil {
			t.Fatalf("%v", err)
		}
		for _, d := range []time.Duration{0, time.Minute, 2 * time.Second, time.Hour} {
			c.Advance(d)
			r := c.Operation(started.OperationID)
			fmt.Println(c.Now().Format(time.TimeOnly), r.Step, r.State())
		}
	})
	// Output:
	// 00:00:00 IntentSaved Running
	// 00:01:00 LookingUpState Running
	// 00:01:02 PerformingActions Running
	// 01:01:02 CompletedSuccessfully Completed
}

// A graceful cancel never completes because the undo always fails. A force ends the operation.
func ExampleWithScenario() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t, sftest.WithScenario(emulator.Scenario{
			Undo:      time.Second,
			UndoFails: emulator.Failure{Times: emulator.Always},
		}))
		id := c.Put(emulator.Record{Step: emulator.StepLookingUpState})
		client, ctx := c.Client(), context.Background()
		if _, err := client.Cancel(ctx, id, wrapper.CancelOptions{}); err != nil {
			t.Fatalf("%v", err)
		}
		c.Advance(time.Hour)
		fmt.Println(c.Operation(id).State(), "after", c.Operation(id).Failed.Undo/1000*1000, "tries and more")

		if _, err := client.ForceCancel(ctx, id, wrapper.ForceOptions{}); err != nil {
			t.Fatalf("%v", err)
		}
		c.Advance(time.Minute)
		fmt.Println(c.Operation(id).State())
	})
	// Output:
	// RollingBack after 1000 tries and more
	// ForceCancelled
}

// A read from a replica that lags behind.
func ExampleStale() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		id := c.Put(emulator.Record{})
		client, ctx := c.Client(), context.Background()

		c.On(sftest.GetFaultOperationList, sftest.Stale()) // as it is now
		if _, err := client.Cancel(ctx, id, wrapper.CancelOptions{}); err != nil {
			t.Fatalf("%v", err)
		}
		for range 2 {
			op, err := client.Operation(ctx, id)
			fmt.Println(op.State, err)
		}
	})
	// Output:
	// Running <nil>
	// RollingBack <nil>
}

// A proxy that retries a request by itself.
func ExampleFunc() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t, sftest.WithProfile(server.Runtime))
		id := c.Put(emulator.Record{Rollback: emulator.RollingBackDueToUserCancel})

		c.On(sftest.Force.Of(id), sftest.Func(func(server http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				server.ServeHTTP(httptest.NewRecorder(), r)
				server.ServeHTTP(w, r)
			})
		}))
		result, err := c.Client().ForceCancel(context.Background(), id, wrapper.ForceOptions{Policy: wrapper.ServerDecides{}})
		fmt.Println(result.Verdict, err)
		fmt.Println(c.Requests()[0])
	})
	// Output:
	// AlreadyForced <nil>
	// CancelOperation Force=true 00000000-0000-4000-8000-000000000001: Func, the server said 400, answer 400
}

// Any HTTP client works, with any host.
func ExampleCluster_HTTPClient() {
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t)
		response, err := c.HTTPClient().Get("http://production.example:19080/$/GetClusterVersion?api-version=6.0") //nolint:noctx // short
		if err != nil {
			t.Fatalf("%v", err)
		}
		defer response.Body.Close()
		fmt.Println(response.Status)
	})
	// Output:
	// 200 OK
}
