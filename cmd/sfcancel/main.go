// Command sfcancel cancels fault operations on a Service Fabric cluster, and serves
// a reference cluster to try it on. Run "sfcancel --help".
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"google.golang.org/grpc/grpclog"

	"github.com/sfcancel/sfcancel/internal/plain"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal kills the process
	// net/http logs unsolicited responses of a server, which may repeat a credential.
	log.SetOutput(io.Discard)
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard)) // the log of the etcd client
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run runs the program and returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	console := newConsole(stdout, stderr)
	ctx = context.WithValue(ctx, consoleKey{}, console)
	stdout, stderr = console.out, console.err
	err := noPasswords(args)
	if err == nil {
		err = execute(ctx, args, stdout, stderr)
	}
	if err != nil {
		for _, line := range linesOf(err) {
			fmt.Fprintln(stderr, "sfcancel:", hidden(args, line))
		}
		if told := (toldError{}); wantsJSON(args) && !errors.As(err, &told) {
			doc := describe(err)
			doc.change(func(text string) string { return hidden(args, text) })
			err = errors.Join(err, printJSON(stdout, doc))
		}
	}
	return exitCode(err)
}

func execute(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	root := newRoot(args...)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	understood := false
	root.PersistentPreRun = func(*cobra.Command, []string) { understood = true }
	err := root.ExecuteContext(ctx)
	if !understood { // what cobra itself refuses, such as an unknown command
		err = usage(err)
	}
	return err
}

// linesOf returns an error as one line, or joined errors as one line each. It escapes any other newline, so that
// text from elsewhere cannot forge a line of this program.
func linesOf(err error) []string {
	switch e := any(err).(type) {
	case interface{ Unwrap() []error }:
		var all, texts []string
		for _, part := range e.Unwrap() {
			all, texts = append(all, linesOf(part)...), append(texts, part.Error())
		}
		if strings.Join(texts, "\n") == err.Error() {
			return all
		}
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil && inner.Error() == err.Error() {
			return linesOf(inner)
		}
	}
	return []string{plain.Text(err.Error())}
}

// wantsJSON reads --output from the arguments, because cobra may have failed to parse them.
func wantsJSON(args []string) bool {
	format := os.Getenv(setting{flag: "output"}.variable())
	for i, arg := range args {
		switch value, joined := strings.CutPrefix(arg, "--output="); {
		case joined:
			format = value
		case (arg == "-o" || arg == "--output") && i+1 < len(args):
			format = args[i+1]
		case strings.HasPrefix(arg, "-o"):
			format = strings.TrimPrefix(strings.TrimPrefix(arg, "-o"), "=")
		}
	}
	return format == "json"
}
