// Command deadline ends one operation before a deadline. The graceful cancel gets the first half
// of the time; the force and the wait for the end get the second.
//
//	go run ./deadline -within 10m 5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/wrapper"
)

func main() {
	endpoint := flag.String("endpoint", "http://localhost:19080", "address of the cluster")
	within := flag.Duration("within", 10*time.Minute, "time until the deadline")
	flag.Parse()
	id, err := uuid.Parse(flag.Arg(0))
	if err != nil {
		flag.Usage()
		os.Exit(2)
	}
	client, err := wrapper.New(*endpoint)
	if err == nil {
		err = end(client, id, *within)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "deadline:", err)
		os.Exit(1)
	}
}

// end ends an operation within the given time. If the time is too short, the error says so.
func end(client *wrapper.Client, id uuid.UUID, within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	result, err := client.Stop(ctx, id, wrapper.StopOptions{Grace: within / 2})
	if failure := (*wrapper.Error)(nil); errors.Is(err, wrapper.ErrNotFinished) && errors.As(err, &failure) {
		// The cancel stays in effect. A second Stop continues where this one ended.
		return fmt.Errorf("the operation is %s after %v: run this again: %w", failure.State(), within, err)
	}
	if err != nil {
		return err
	}
	fmt.Println(result.Verdict, result.State, "force:", result.Force) // Finished Cancelled force: false
	return nil
}
