// Command check checks the document and its overlays. It prints one line for each fault: file, line and column,
// what is wrong and what to do. It runs at the root of the repository:
//
//	go run ./openapi/check
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/sfcancel/sfcancel/openapi/internal/check"
)

func main() {
	problems, err := check.Tree(context.Background(), os.DirFS("."))
	for _, p := range problems {
		fmt.Fprintln(os.Stderr, p)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "check:", err)
	}
	if err != nil || len(problems) > 0 {
		os.Exit(1)
	}
}
