// Command cancelold cancels every operation that is older than an hour.
//
// A cluster does not report the age of an operation. If the caller gives no id, package wrapper makes one of UUID
// version 7, which contains its creation time. For other ids the ledger records when a run first saw
// them; a run an hour later cancels them.
//
//	go run ./cancelold -ledger /var/lib/drill/ledger
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger/journal"
)

func main() {
	endpoint := flag.String("endpoint", "http://localhost:19080", "address of the cluster")
	dir := flag.String("ledger", "", "directory of the ledger, the same in every run")
	age := flag.Duration("older-than", time.Hour, "age from which an operation is cancelled")
	flag.Parse()
	if err := run(*endpoint, *dir, *age); err != nil {
		fmt.Fprintln(os.Stderr, "cancelold:", err)
		os.Exit(1)
	}
}

func run(endpoint, dir string, age time.Duration) error {
	kept, err := journal.New(dir)
	if err != nil {
		return err
	}
	client, err := wrapper.New(endpoint, wrapper.WithLedger(kept))
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	return cancelOld(ctx, client, age)
}

// cancelOld cancels operations older than age, prints the result of each, and returns all failures.
func cancelOld(ctx context.Context, client *wrapper.Client, age time.Duration) error {
	var failures []error
	options := wrapper.CancelAllOptions{Reason: fmt.Sprintf("older than %v", age)}
	for result, err := range client.CancelAll(ctx, wrapper.Selector{MinAge: age}, options) {
		if err != nil {
			failures = append(failures, err)
			continue
		}
		fmt.Println(result.OperationID, result.Verdict, result.State)
	}
	return errors.Join(failures...)
}
