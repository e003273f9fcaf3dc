package main

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strconv"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sfcancel/sfcancel/internal/plain"
)

const about = `sfcancel ends fault operations (data loss, quorum loss, partition restart, node
transition) on an Azure Service Fabric cluster, and says after every call what
is true now. Graceful first; force only afterwards, because force leaves state
behind.

Exit codes:
  0  it is as asked: accepted, already under way, or over
  1  something else went wrong
  2  the command line makes no sense; nothing was sent
  3  the policy refused the force, or the ledger cannot be used; no force was sent
  4  the server refused
  5  the outcome is unknown: the request may have been carried out
  6  the cluster knows no such operation
  7  no server could be reached, or none gave a usable answer; nothing was changed
  8  the time was over, the command interrupted, or the ledger allowed a stop no force,
     before the operation ended; the cancel of a stop is in effect, and its force if the
     failure says so
  9  the store of a server failed and closed itself: start the server again
 10  a wait saw another end than --for names
 11  a question was answered with no; nothing was sent
Of several operations it is the code of the first that failed.

Output: -o table, for people, or -o json, one document on standard output. Failures
go to standard error; with -o json their document goes to standard output as well.
The names are stable, and new ones may come:
  cancel, force, stop,
  wait, start            operationId, kind, force, verdict, state, resolved, attempts,
                         ledgerError
  list, progress         operationId, kind, state (list: an array of them)
  a failure              error, exitCode, operationId, code, status, state, force,
                         notBefore, requestId, attempts, ledgerError
  ledger                 time, operationId, cluster, action, kind, target, requestId, life,
                         outcome, verdict, code, state, by, reason (an array of them)
  each of the attempts   purpose, requestId, endpoint, class, status, code, message,
                         error, start, durationMs
What is not known is left out. A ledgerError says why the ledger could not be read or
written; all else is as it says. A requestId is what the gateway writes into its trace
as X-ServiceFabricRequestId; that of a failure is of the last request whose outcome is
unknown.

What changes something is noted in a ledger, with your name and --reason, and a force finds
its evidence there: see "sfcancel ledger --help".`

// newRoot makes the program with the command that the first argument names, or with all if it names none, as
// for help and completion: the flags of the other commands would be a tenth of what a cancel costs.
func newRoot(args ...string) *cobra.Command {
	root := &cobra.Command{
		Use:           "sfcancel",
		Short:         "Cancel fault operations on a Service Fabric cluster",
		Long:          about,
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       version(),
	}
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetHelpCommand(newHelp())
	root.SetUsageFunc(usageOf)
	root.SetHelpFunc(printHelp)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usage(ofFlag(err)) })
	commands := map[string]func() *cobra.Command{
		"cancel": newCancel, "force": newForce, "stop": newStop, "wait": newWait, "list": newList,
		"progress": newShow, "show": newShow, "watch": newWatch, "cancel-all": newCancelAll, "stop-all": newStopAll, "reap": newReap, "start": newStart, "ledger": newLedger, "serve": newServe, "store": newStore, "demo": newDemo,
		"config": newConfig, "doctor": newDoctor, "version": newVersion, "spec": newSpec, "man": newMan, "schema": newSchema,
		"completion": newCompletion,
	}
	if len(args) > 0 && commands[args[0]] != nil {
		root.AddCommand(commands[args[0]]())
		return root
	}
	delete(commands, "progress") // an alias
	for _, command := range commands {
		root.AddCommand(command())
	}
	return root
}

// version is that of the module that was built, as go install or a checkout knows it.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(unknown)"
}

// usageError is a command line that makes no sense.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usage(err error) error {
	if err == nil {
		return nil
	}
	return usageError{err}
}

// ofFlag is an error of a flag's value in words of the command line.
func ofFlag(err error) error {
	var bad *pflag.InvalidValueError
	if !errors.As(err, &bad) {
		return err
	}
	why := bad.Unwrap()
	switch number := (*strconv.NumError)(nil); {
	case !errors.As(why, &number):
	case bad.GetFlag().Value.Type() == "bool":
		why = errors.New("it must be true or false")
	case errors.Is(why, strconv.ErrRange):
		why = errors.New("it is too large")
	default:
		why = errors.New("it must be a number")
	}
	return fmt.Errorf("--%s %s: %w", bad.GetFlag().Name, plain.Line(bad.GetValue()), why)
}

// exactly is cobra's own check with our exit code.
func exactly(what ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < len(what) {
			return usage(errors.New("missing " + what[len(args)] + "; see --help"))
		}
		if len(args) > len(what) {
			return usage(errors.New("one argument too many: " + args[len(what)]))
		}
		return nil
	}
}
