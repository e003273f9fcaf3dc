package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/internal/plain"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
)

// entryJSON is one entry of the ledger in -o json.
type entryJSON struct {
	Time        time.Time `json:"time"`
	OperationID string    `json:"operationId"`
	Cluster     string    `json:"cluster,omitempty"`
	Action      string    `json:"action"`
	Kind        string    `json:"kind,omitempty"`
	Target      string    `json:"target,omitempty"`
	RequestID   string    `json:"requestId,omitempty"`
	Life        string    `json:"life,omitempty"`
	Outcome     string    `json:"outcome,omitempty"`
	Verdict     string    `json:"verdict,omitempty"`
	Code        string    `json:"code,omitempty"`
	State       string    `json:"state,omitempty"`
	By          string    `json:"by,omitempty"`
	Reason      string    `json:"reason,omitempty"`
}

func newLedger() *cobra.Command {
	var n notes
	var since, until moment
	var limit time.Duration
	var output, cluster string
	cmd := &cobra.Command{
		Use:   "ledger [OPERATION-ID]",
		Short: "Show who requested what, when and why, and the outcome",
		Long: `Show the entries of the ledger, for one operation or for all, oldest first. The commands cancel,
force, stop and start record there what they did, and a force looks there for an earlier graceful
cancel. The outcome is the verdict; "refused" by a server, with its code; "not sent"; "unknown",
if the request may have been carried out; or "intent", for a force that was about to be sent. It is
empty for an operation that was seen in that state, and in entries of earlier releases without a
verdict.

The ledger is a directory of yours unless --ledger names another place:

  $XDG_STATE_HOME/sfcancel/ledger                  if XDG_STATE_HOME is set
  ~/.local/state/sfcancel/ledger                   else, on Linux and other Unix
  ~/Library/Application Support/sfcancel/ledger    on macOS
  %LocalAppData%\sfcancel\ledger                   on Windows

A directory is for one user on one machine; several processes can use it concurrently. To share a
ledger between users or machines, use etcd. The files are JSON Lines, for other programs to read.
Entries are kept for 90 days. The ledger of an earlier release, the file ledger.db in the same place,
is imported once, automatically, and left unchanged; remove it when nothing of that release runs any
more. Its entries are shown, but do not name a cluster, so they are no evidence for a force: cancel
gracefully once more first.

If the ledger cannot be read or written, graceful cancels and starts still go out, with a warning;
forces are refused. The same holds for a file that is not a ledger, which is left unchanged; for a
damaged line, regarding the operations that it may be about; and for a directory or file that other
users can write to, because it proves nothing.`,
		Example: "  sfcancel ledger --since 24h\n  sfcancel ledger 5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01 -o json",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return usage(errors.New("one argument too many: " + args[1]))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			var which ledger.Query
			var err error
			switch {
			case checkOutput(output) != nil:
				return checkOutput(output)
			case limit <= 0:
				return usage(fmt.Errorf("--timeout %v: it must be more than 0", limit))
			}
			which.Since = since.Time
			if len(args) == 1 {
				if which.OperationID, err = parseID(args[0]); err != nil {
					return err
				}
				if which.OperationID == (uuid.UUID{}) {
					return usage(errors.New("the operation id must not be all zeros"))
				}
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), limit)
			defer cancel()
			l, err := n.find(ctx, cmd)
			if err != nil {
				return err
			}
			if l == nil {
				return usage(errors.New("--ledger none: there is nothing to show"))
			}
			defer l.end()
			return printTrail(ctx, cmd, l, which, until.Time, output)
		},
	}
	n.flags(cmd)
	f := cmd.Flags()
	f.Var(&since, "since", "only entries since then: a date, a time, or how long ago, such as 2026-11-30, 24h or 2d (default all)")
	f.Var(&until, "until", "only entries before then, as for --since (default all)")
	durationVar(f, &limit, "timeout", 30*time.Second, "time limit of the whole command")
	f.StringVar(&cluster, "cluster", "", "the ledger of a cluster of \"sfcancel config\" (default the current one)")
	_ = cmd.RegisterFlagCompletionFunc("cluster", completeClusters)
	outputFlag(cmd, &output)
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		_, err := settle(cmd)
		return err
	}
	return cmd
}

// printTrail writes the entries that can be read, and reports the damaged ones at the end.
func printTrail(ctx context.Context, cmd *cobra.Command, l *openLedger, which ledger.Query, until time.Time, output string) error {
	docs, rows := []entryJSON{}, [][]string{}
	var damaged []error
	for e, err := range l.Trail(ctx, which) {
		if errors.Is(err, ledger.ErrDamaged) {
			damaged = append(damaged, err)
			continue
		}
		if err != nil {
			return err
		}
		if !until.IsZero() && !e.Time.Before(until) {
			continue
		}
		docs = append(docs, document(e))
		rows = append(rows, row(e))
	}
	if len(docs)+len(damaged) == 0 { // the name of the ledger may be wrong
		fmt.Fprintln(cmd.ErrOrStderr(), "sfcancel: there are no such entries in the ledger", plain.Text(l.place))
	}
	err := printAs(cmd.OutOrStdout(), output, docs, func(w tableWriter) error {
		header := "TIME\tOPERATION\tACTION\tOUTCOME\tSTATE\tBY\tCLUSTER\tREASON"
		if which.OperationID != (uuid.UUID{}) && consoleOf(cmd.Context()).width > 0 { // all rows have the same id
			header = strings.Replace(header, "OPERATION\t", "", 1)
			for i := range rows {
				rows[i] = slices.Delete(rows[i], 1, 2)
			}
		}
		return tableOn(cmd.Context(), w, output, header, rows)
	})
	if len(damaged) > 0 {
		err = errors.Join(err, toldError{errors.Join(damaged...)})
	}
	return err
}

func document(e wrapper.Entry) entryJSON {
	return entryJSON{
		Time: e.Time.UTC(), OperationID: e.OperationID.String(), Cluster: e.Cluster, Action: string(e.Action), Kind: string(e.Kind), Target: e.Target,
		RequestID: idOrNone(e.RequestID), Life: idOrNone(e.Life),
		Outcome: string(e.Outcome), Verdict: string(e.Verdict), Code: string(e.Code), State: string(e.State), By: e.By, Reason: e.Reason,
	}
}

// came returns the outcome in one or two words. Entries of earlier releases have only a verdict.
func came(e wrapper.Entry) string {
	switch {
	case e.Verdict != "":
		return string(e.Verdict)
	case e.Outcome == "refused" && e.Code != "":
		return string(e.Outcome) + " " + string(e.Code)
	}
	return string(e.Outcome)
}

func row(e wrapper.Entry) []string {
	cells := []string{e.Time.UTC().Format(time.RFC3339), e.OperationID.String(), string(e.Action), came(e), string(e.State), e.By, e.Cluster, e.Reason}
	for i, cell := range cells {
		cells[i] = orDash(cell)
	}
	return cells
}
