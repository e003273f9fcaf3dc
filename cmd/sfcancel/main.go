// Command sfcancel cancels fault operations on a Service Fabric cluster, and serves
// a reference cluster to try that on. Run "sfcancel --help".
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program but for its process: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	understood := false
	root.PersistentPreRun = func(*cobra.Command, []string) { understood = true }
	err := root.ExecuteContext(ctx)
	if !understood { // what cobra itself refuses, such as an unknown command
		err = usage(err)
	}
	if err != nil {
		fmt.Fprintln(stderr, "sfcancel:", err)
		if told := (toldError{}); wantsJSON(args) && !errors.As(err, &told) {
			err = errors.Join(err, printJSON(stdout, describe(err)))
		}
	}
	return exitCode(err)
}

// wantsJSON looks for itself, because a command line that makes no sense was not parsed.
func wantsJSON(args []string) bool {
	for i, arg := range args {
		switch arg {
		case "-ojson", "-o=json", "--output=json":
			return true
		case "-o", "--output":
			if i+1 < len(args) && args[i+1] == "json" {
				return true
			}
		}
	}
	return false
}
