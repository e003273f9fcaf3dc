package main

import (
	"context"
	"errors"
	"fmt"
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
	Action      string    `json:"action"`
	Verdict     string    `json:"verdict,omitempty"`
	State       string    `json:"state,omitempty"`
	By          string    `json:"by,omitempty"`
	Reason      string    `json:"reason,omitempty"`
}

func newLedger() *cobra.Command {
	var n notes
	var since, limit time.Duration
	var output string
	cmd := &cobra.Command{
		Use:   "ledger [OPERATION-ID]",
		Short: "Show who asked for what, when and why, and what came of it",
		Long: `Show what the ledger holds, of one operation or of all, oldest first. The commands cancel,
force, stop and start note there what they did, and a force finds there whether a graceful
cancel came before it. An entry without a verdict is of a force that was about to be sent,
of a command that failed, or of an operation that was seen in that state.

The ledger is a file of yours unless --ledger names another place:

  $XDG_STATE_HOME/sfcancel/ledger.db                    if that is set
  ~/.local/state/sfcancel/ledger.db                     else, on Linux and other Unix
  ~/Library/Application Support/sfcancel/ledger.db      on macOS
  %LocalAppData%\sfcancel\ledger.db                     on Windows

A file is for one user of one machine, whose processes may use it at once; what several users or
machines share is in etcd. Entries stay for 90 days. If the ledger cannot be read or written,
graceful cancels and starts go out all the same, with a warning; a force does not. A file that is no ledger is left as it is.`,
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
			case output != "table" && output != "json":
				return usage(fmt.Errorf("--output %q: it must be table or json", output))
			case since < 0, cmd.Flags().Changed("since") && since == 0:
				return usage(fmt.Errorf("--since %v: it must be more than 0", since))
			case limit <= 0:
				return usage(fmt.Errorf("--timeout %v: it must be more than 0", limit))
			case since > 0:
				which.Since = time.Now().Add(-since)
			}
			if len(args) == 1 {
				if which.OperationID, err = parseID(args[0]); err != nil {
					return err
				}
				if which.OperationID == (uuid.UUID{}) {
					return usage(errors.New("the operation id is all zeros, which is none"))
				}
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), limit)
			defer cancel()
			st, err := n.store(ctx, cmd.Flags().Changed("ledger"))
			if err != nil {
				return err
			}
			if st == nil {
				return usage(errors.New("--ledger none: there is nothing to show"))
			}
			defer st.Close()
			l, err := ledger.New(st)
			if err != nil {
				return err
			}
			return printTrail(ctx, cmd, l, which, n.place(st), output)
		},
	}
	n.flags(cmd)
	cmd.Flags().DurationVar(&since, "since", 0, "only what is not older than that, such as 24h (default all)")
	cmd.Flags().DurationVar(&limit, "timeout", 30*time.Second, "time limit of the whole command")
	cmd.Flags().StringVarP(&output, "output", "o", "table", "table or json")
	return cmd
}

// printTrail writes what can be read. What is damaged is told at the end.
func printTrail(ctx context.Context, cmd *cobra.Command, l *ledger.Ledger, which ledger.Query, where, output string) error {
	docs, rows := []entryJSON{}, [][]string{}
	defer func() {
		if len(docs) == 0 { // perhaps its name is wrong
			fmt.Fprintln(cmd.ErrOrStderr(), "sfcancel: there is nothing of that in the ledger", plain.Text(where))
		}
	}()
	var damaged []error
	for e, err := range l.Trail(ctx, which) {
		if errors.Is(err, ledger.ErrDamaged) {
			damaged = append(damaged, err)
			continue
		}
		if err != nil {
			return err
		}
		docs = append(docs, entryJSON{
			Time: e.Time.UTC(), OperationID: e.OperationID.String(), Action: string(e.Action),
			Verdict: string(e.Verdict), State: string(e.State), By: e.By, Reason: e.Reason,
		})
		rows = append(rows, row(e))
	}
	var err error
	if output == "json" {
		err = printJSON(cmd.OutOrStdout(), docs)
	} else {
		err = table(cmd.OutOrStdout(), "TIME\tOPERATION\tACTION\tVERDICT\tSTATE\tBY\tREASON", rows)
	}
	if len(damaged) > 0 {
		err = errors.Join(err, toldError{errors.Join(damaged...)})
	}
	return err
}

func row(e wrapper.Entry) []string {
	cells := []string{e.Time.UTC().Format(time.RFC3339), e.OperationID.String(), string(e.Action), string(e.Verdict), string(e.State), e.By, e.Reason}
	for i, cell := range cells {
		cells[i] = orDash(cell)
	}
	return cells
}
