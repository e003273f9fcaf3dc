// Command post is the smallest program that cancels an operation: it sends one request and checks the status.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
)

func main() {
	address := os.Args[1] + "/Faults/$/Cancel?api-version=6.0&OperationId=" + os.Args[2] + "&Force=false"
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, address, nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		fmt.Fprintln(os.Stderr, answer.Status)
		os.Exit(1)
	}
	fmt.Println("cancelled")
}
