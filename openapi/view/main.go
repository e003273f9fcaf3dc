// Command view prints the view of one documented api-version, for tools that do not support overlays. Without an
// argument it prints the list of those versions:
//
//	go run ./openapi/view 3.0
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/sfcancel/sfcancel/openapi"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		_, err := fmt.Println(strings.Join(openapi.Versions(), "\n"))
		return err
	}
	if len(args) > 1 {
		return fmt.Errorf("view: %d arguments; want one of %s", len(args), strings.Join(openapi.Versions(), ", "))
	}
	text, err := openapi.View(args[0])
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(text)
	return err
}
