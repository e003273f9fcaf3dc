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

const about = `sfcancel cancels fault operations (data loss, quorum loss, partition restart, node
transition) on an Azure Service Fabric cluster, and reports the true state after
every call. Cancel gracefully first; force only afterwards, because a force leaves
state behind.

Exit codes:
  0  success: accepted, already under way, or over
  1  any other failure
  2  the command line is invalid; nothing was sent
  3  the policy refused the force, or the ledger cannot be used; no force was sent
  4  the server refused the request
  5  the outcome is unknown: the request may have been carried out
  6  the cluster does not know the operation
  7  no server could be reached, or none gave a usable answer; nothing was changed
  8  the operation had not ended when the time was up, the command was interrupted,
     or the ledger prevented the force of a stop; the graceful cancel of a stop is in
     effect, and its force too if the error says so
  9  the store of a server failed and closed itself: restart the server
 10  the operation did not end as --for asks
 11  the question was not confirmed; nothing was sent
With several operations, the exit code is that of the first that failed.

Output: -o table for people, or -o json for one document on standard output. Errors
go to standard error; with -o json their document also goes to standard output.
Field names are stable; new ones may be added:
  cancel, force, stop,
  wait, start            operationId, kind, force, verdict, state, resolved, attempts,
                         ledgerError
  list, show             operationId, kind, state (list: an array of them)
  a failure              error, exitCode, operationId, code, status, state, force,
                         notBefore, requestId, attempts, ledgerError
  ledger                 time, operationId, cluster, action, kind, target, requestId, life,
                         outcome, verdict, code, state, by, reason (an array of them)
  each of the attempts   purpose, requestId, endpoint, class, status, code, message,
                         error, start, durationMs
Fields whose value is unknown are left out. A ledgerError says why the ledger could not be read or
written; the rest of the document is true all the same. A requestId is what the gateway
writes into its trace as X-ServiceFabricRequestId; the requestId of a failure is that of
the last request whose outcome is unknown.

Commands that change something record it in a ledger, with your name and --reason. A force
finds its evidence there: see "sfcancel ledger --help".`

// newRoot returns the root command. It has only the command that the first argument names, or all commands if
// the argument names none, as for help and completion: building the flags of all commands would take a tenth of
// the time of a cancel.
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

// version returns the version of the main module, as go install or a checkout recorded it.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(unknown)"
}

// usageError is an invalid command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

func usage(err error) error {
	if err == nil {
		return nil
	}
	return usageError{err}
}

// ofFlag rewords the error of a flag's value, without the names of Go functions.
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

// exactly is cobra.ExactArgs with the exit code of a usage error and the names of the arguments.
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
