// Command pipeline runs a command during a data loss, and then ends the data loss, whether the
// command succeeds, fails or is interrupted.
//
//	go run ./pipeline -service fabric:/shop/orders -partition 0c1f7f6a-9f0e-4d0c-8a55-0d7d1d7f4b11 ./check-orders
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/wrapper"
)

func main() {
	endpoint := flag.String("endpoint", "http://localhost:19080", "address of the cluster")
	service := flag.String("service", "", "service that loses data")
	var partition uuid.UUID
	flag.TextVar(&partition, "partition", uuid.Nil, "partition of the service")
	flag.Parse()
	if *service == "" || partition == uuid.Nil || flag.NArg() == 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, *endpoint, wrapper.Partition{Service: *service, ID: partition}, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "pipeline:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, endpoint string, target wrapper.Partition, args []string) error {
	client, err := wrapper.New(endpoint)
	if err != nil {
		return err
	}
	defer client.Close()
	return during(ctx, client, target, func(ctx context.Context) error {
		cmd := exec.CommandContext(ctx, args[0], args[1:]...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		return cmd.Run()
	})
}

// during runs step during a data loss of the target, and returns when both have ended.
func during(ctx context.Context, client *wrapper.Client, target wrapper.Partition, step func(context.Context) error) (err error) {
	// The id is chosen before the start, so that a start of unknown outcome can be ended, too.
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	_, err = client.StartDataLoss(ctx, target, "PartialDataLoss", wrapper.StartOptions{OperationID: id})
	if errors.Is(err, wrapper.ErrNotSent) || errors.Is(err, wrapper.ErrServerRefused) {
		return err // nothing was started
	}
	defer func() {
		// After an interrupt ctx is done, so Stop gets its own timeout.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Minute)
		defer cancel()
		_, stopErr := client.Stop(ctx, id, wrapper.StopOptions{Grace: 2 * time.Minute, Reason: "end of the pipeline"})
		err = errors.Join(err, stopErr)
	}()
	if err != nil {
		return err
	}
	return step(ctx)
}
