package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http/httptest"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store/memory"
	"github.com/sfcancel/sfcancel/wrapper"
)

// exampleID is the operation that runs on the cluster of every example.
var exampleID = uuid.MustParse("5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01")

// exampleCluster is a reference server with one operation under way, that loses the
// answers to so many forces. It returns its address.
func exampleCluster(lost int) (endpoint string, stop func()) {
	wire := new(wirefault.Wire)
	for range lost {
		wire.Spoil(wirefault.Force, wirefault.Fault{Apply: true})
	}
	handler, err := server.New(emulator.New(memory.New(), emulator.WithProfile(server.Runtime)), server.WithProfile(server.Runtime))
	if err != nil {
		log.Panic(err)
	}
	srv := httptest.NewServer(wire.Handler(handler))
	client, err := wrapper.New(srv.URL)
	if err != nil {
		log.Panic(err)
	}
	defer client.Close()
	_, err = client.StartPartitionRestart(context.Background(),
		wrapper.Partition{Service: "fabric:/shop/orders", ID: uuid.UUID{1}}, "OnlyActiveSecondaries", wrapper.StartOptions{OperationID: exampleID})
	if err != nil {
		log.Panic(err)
	}
	return srv.URL, srv.Close
}

// Stop an operation and let the cluster clean up after it.
func ExampleClient_Cancel() {
	endpoint, stop := exampleCluster(0)
	defer stop()

	client, err := wrapper.New(endpoint)
	if err != nil {
		log.Panic(err)
	}
	defer client.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	result, err := client.Cancel(ctx, exampleID, wrapper.CancelOptions{Reason: "the test is over"})
	if err != nil {
		log.Panic(err)
	}
	fmt.Println(result.Verdict, result.State)

	// What never was is a verdict, too, not an error.
	result, err = client.Cancel(ctx, uuid.New(), wrapper.CancelOptions{})
	fmt.Println(result.Verdict, err)
	// Output:
	// Accepted RollingBack
	// NotFound <nil>
}

// By default a force needs to know of a graceful cancel, and is refused before
// anything is sent.
func ExampleClient_ForceCancel() {
	endpoint, stop := exampleCluster(0)
	defer stop()

	client, err := wrapper.New(endpoint, wrapper.WithForcePolicy(wrapper.RequireGraceful{}))
	if err != nil {
		log.Panic(err)
	}
	defer client.Close()
	ctx := context.Background()

	_, err = client.ForceCancel(ctx, exampleID, wrapper.ForceOptions{})
	fmt.Println(errors.Is(err, wrapper.ErrForceRefused))

	graceful, err := client.Cancel(ctx, exampleID, wrapper.CancelOptions{})
	if err != nil {
		log.Panic(err)
	}
	forced, err := client.ForceCancel(ctx, exampleID, wrapper.ForceOptions{Reason: "it does not come to an end"})
	if err != nil {
		log.Panic(err)
	}
	fmt.Println(graceful.Verdict, forced.Verdict, forced.State)
	// Output:
	// true
	// Accepted Accepted RollingBack
}

// The whole sequence in one call: a graceful cancel, a while to come to an end, the
// force. If the operation ends in time, the verdict is Finished and no force was needed.
func ExampleGracefulFirst() {
	endpoint, stop := exampleCluster(0)
	defer stop()

	client, err := wrapper.New(endpoint, wrapper.WithForcePolicy(wrapper.GracefulFirst{Grace: 10 * time.Millisecond}))
	if err != nil {
		log.Panic(err)
	}
	defer client.Close()

	result, err := client.ForceCancel(context.Background(), exampleID, wrapper.ForceOptions{})
	if err != nil {
		log.Panic(err)
	}
	fmt.Println(result.Verdict, result.State)
	for _, a := range result.Attempts {
		fmt.Println(a.Purpose, a.Class, a.Status)
	}
	// Output:
	// Accepted RollingBack
	// graceful done 200
	// read done 200
	// force done 200
}

// Leave the judgement to the server. It refuses a force that no graceful cancel came before.
func ExampleServerDecides() {
	endpoint, stop := exampleCluster(0)
	defer stop()

	client, err := wrapper.New(endpoint)
	if err != nil {
		log.Panic(err)
	}
	defer client.Close()

	options := wrapper.ForceOptions{Policy: wrapper.ServerDecides{}}
	_, err = client.ForceCancel(context.Background(), exampleID, options)
	fmt.Println(errors.Is(err, wrapper.ErrServerRefused), wrapper.CodeOf(err))
	// Output:
	// true FABRIC_E_INVALID_TEST_COMMAND_STATE
}

// The answer to a force is lost on the wire, after the server has carried it out. Sent
// again, it would come back as an error. A probe finds out instead.
func ExampleResult() {
	endpoint, stop := exampleCluster(1)
	defer stop()

	client, err := wrapper.New(endpoint)
	if err != nil {
		log.Panic(err)
	}
	defer client.Close()
	ctx := context.Background()
	if _, err := client.Cancel(ctx, exampleID, wrapper.CancelOptions{}); err != nil {
		log.Panic(err)
	}

	result, err := client.ForceCancel(ctx, exampleID, wrapper.ForceOptions{})
	if err != nil {
		log.Panic(err)
	}
	fmt.Println(result.Verdict, "resolved:", result.Resolved)
	for _, a := range result.Attempts {
		fmt.Println(a.Purpose, a.Class)
	}
	// Output:
	// Accepted resolved: true
	// force ambiguous
	// probe refused
}

// A refusal of the policy says what is missing, and from when on the same call will be allowed.
func ExampleRefusal() {
	endpoint, stop := exampleCluster(0)
	defer stop()

	client, err := wrapper.New(endpoint, wrapper.WithForcePolicy(wrapper.RequireGraceful{MinGrace: time.Hour}))
	if err != nil {
		log.Panic(err)
	}
	defer client.Close()
	ctx := context.Background()
	if _, err := client.Cancel(ctx, exampleID, wrapper.CancelOptions{}); err != nil {
		log.Panic(err)
	}

	_, err = client.ForceCancel(ctx, exampleID, wrapper.ForceOptions{})
	var refusal *wrapper.Refusal
	if errors.Is(err, wrapper.ErrForceRefused) && errors.As(err, &refusal) {
		fmt.Println(refusal.Missing)
		fmt.Println("wait:", time.Until(refusal.NotBefore).Round(time.Hour))
	}
	// Output:
	// the graceful cancel has not had its 1h0m0s yet
	// wait: 1h0m0s
}

// Start an operation, and read how it stands.
func ExampleClient_StartDataLoss() {
	endpoint, stop := exampleCluster(0)
	defer stop()

	client, err := wrapper.New(endpoint)
	if err != nil {
		log.Panic(err)
	}
	defer client.Close()
	ctx := context.Background()

	target := wrapper.Partition{Service: "fabric:/shop/orders", ID: uuid.MustParse("0c1f7f6a-9f0e-4d0c-8a55-0d7d1d7f4b11")}
	started, err := client.StartDataLoss(ctx, target, "PartialDataLoss", wrapper.StartOptions{})
	if err != nil {
		log.Panic(err)
	}
	op, err := client.Operation(ctx, started.OperationID)
	if err != nil {
		log.Panic(err)
	}
	fmt.Println(started.Verdict, op.Kind, op.State)
	// Output:
	// Accepted PartitionDataLoss Running
}
