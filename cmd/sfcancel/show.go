package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/internal/plain"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
)

// shownJSON is the document of show: one operation and all that is known of it.
type shownJSON struct {
	operationJSON
	Timeline []entryJSON `json:"timeline"`
	Next     string      `json:"next,omitempty"`
}

func newShow() *cobra.Command {
	var conn connection
	cmd := &cobra.Command{
		Use:     "show OPERATION-ID",
		Aliases: []string{"progress"},
		Short:   "Show all that is known of an operation, and what to do next",
		Long: `Show where an operation stands, why it failed if it did, what the ledger knows of it, who
asked for what when and why, and the command that comes next.`,
		Example:           "  sfcancel show 5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01",
		Args:              exactly("OPERATION-ID"),
		ValidArgsFunction: conn.completeIDs(false),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := parseID(args[0])
			if err != nil {
				return err
			}
			return conn.with(cmd, func(ctx context.Context, client *wrapper.Client) error {
				op, err := client.Operation(ctx, id)
				switch {
				case err != nil:
					return err
				case !op.Found():
					return unknownOperation{id}
				}
				ops := []wrapper.Operation{op}
				all := conn.knownOf(ctx, cmd, ops, ledger.Query{OperationID: id})
				causes{}.ask(ctx, client, ops, all, wrapper.State.Final)
				return conn.printShown(cmd, op, all[id])
			})
		},
	}
	conn.flags(cmd)
	conn.reads(cmd)
	return cmd
}

func (c *connection) printShown(cmd *cobra.Command, op wrapper.Operation, k knowledge) error {
	doc := shownJSON{operationJSON: operationDocument(op, k), Timeline: []entryJSON{}, Next: next(op, k)}
	rows := make([][]string, len(k.trail))
	for i, e := range k.trail {
		doc.Timeline = append(doc.Timeline, document(e))
		rows[i] = []string{e.Time.Local().Format(time.DateTime), string(e.Action), orDash(came(e)), orDash(string(e.State)), orDash(e.By), orDash(e.Reason), orDash(idOrNone(e.RequestID))}
	}
	return printAs(cmd.OutOrStdout(), c.format(), doc, func(w tableWriter) error {
		for _, line := range [][2]string{
			{"id", op.ID.String()},
			{"kind", kindWord(op.Kind)},
			{"state", string(op.State)},
			{"age", k.age(time.Now())},
			{"target", k.target},
			{"started by", k.by},
			{"ended why", k.why},
		} {
			fmt.Fprintf(w, "%-11s %s\n", line[0]+":", plain.Line(orDash(line[1])))
		}
		if len(rows) > 0 {
			fmt.Fprintln(w)
			if err := tableOn(cmd.Context(), w, c.output, "TIME\tACTION\tOUTCOME\tSTATE\tBY\tREASON\tREQUEST", rows); err != nil {
				return err
			}
		}
		if doc.Next != "" {
			fmt.Fprintf(w, "\nnext step:  %s\n", doc.Next)
		}
		return nil
	})
}

// next returns the command to run next, or "" if the operation is over.
func next(op wrapper.Operation, k knowledge) string {
	switch forced, stopped := k.asked("force"), k.asked("graceful"); {
	case op.State.Final():
		return ""
	case op.State == wrapper.StateRollingBack && forced:
		return "sfcancel wait " + op.ID.String()
	case op.State == wrapper.StateRollingBack || stopped:
		return "sfcancel stop " + op.ID.String() + " --grace 1m"
	}
	return "sfcancel cancel " + op.ID.String()
}

// asked reports whether the action took effect after the operation was started.
func (k knowledge) asked(action wrapper.Action) (asked bool) {
	for _, e := range k.trail {
		switch {
		case e.Action == "start" && e.Verdict == wrapper.Accepted:
			asked = false
		case e.Action == action && (e.Verdict == wrapper.Accepted || e.Verdict == wrapper.AlreadyForced || e.Verdict == wrapper.AlreadyStopping):
			asked = true
		}
	}
	return asked
}

// completeIDs completes the ids of operations on the cluster, for one argument or for several. It takes lookTime at
// most, because the shell waits.
func (c *connection) completeIDs(several bool) func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		none := cobra.ShellCompDirectiveNoFileComp
		if len(args) > 0 && !several {
			return nil, none
		}
		var err error
		if c.settled, err = settle(cmd); err != nil {
			return nil, none
		}
		within, cancel := context.WithTimeout(cmd.Context(), lookTime)
		defer cancel()
		cmd.SetContext(within)
		c.quiet, c.notes = true, nil
		ctx, done, client, err := c.open(cmd)
		if err != nil {
			return nil, none
		}
		defer done()
		ops, err := client.Operations(ctx)
		if err != nil {
			return nil, none
		}
		var words []string
		named, _ := parseIDs(args)
		for _, op := range ops {
			if !containsID(named, op.ID) {
				words = append(words, op.ID.String()+"\t"+plain.Line(kindWord(op.Kind)+" "+string(op.State)))
			}
		}
		return words, none
	}
}

func containsID(ids []uuid.UUID, id uuid.UUID) bool {
	for _, other := range ids {
		if other == id {
			return true
		}
	}
	return false
}
