package main

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/wrapper"
)

func newList() *cobra.Command {
	var conn connection
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the operations the cluster remembers",
		Args:  exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, done, client, err := conn.open(cmd)
			if err != nil {
				return err
			}
			defer done()
			ops, err := client.Operations(ctx)
			if err != nil {
				return err
			}
			slices.SortFunc(ops, func(a, b wrapper.Operation) int { return strings.Compare(a.ID.String(), b.ID.String()) })
			return conn.printOperations(cmd.OutOrStdout(), ops, false)
		},
	}
	conn.flags(cmd)
	return cmd
}

func newProgress() *cobra.Command {
	var conn connection
	cmd := &cobra.Command{
		Use:   "progress OPERATION-ID",
		Short: "Show where one operation stands, whatever its kind",
		Long:  "Show where one operation stands. It is looked up in the list, which needs neither its kind nor\nits target; the result of a finished operation is not in there.",
		Args:  exactly("OPERATION-ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return conn.onOperation(cmd, args, func(ctx context.Context, client *wrapper.Client, id uuid.UUID) error {
				op, err := client.Operation(ctx, id)
				switch {
				case err != nil:
					return err
				case !op.Found():
					return unknownOperation{id}
				}
				return conn.printOperations(cmd.OutOrStdout(), []wrapper.Operation{op}, true)
			})
		},
	}
	conn.flags(cmd)
	return cmd
}

// printOperations writes a list, or the only one in it as a document of its own.
func (c *connection) printOperations(w io.Writer, ops []wrapper.Operation, one bool) error {
	if c.output == "json" {
		docs := operationsJSON(ops)
		if one {
			return printJSON(w, docs[0])
		}
		return printJSON(w, docs)
	}
	rows := make([][]string, len(ops))
	for i, op := range ops {
		rows[i] = []string{op.ID.String(), orDash(string(op.Kind)), orDash(string(op.State))}
	}
	return table(w, "OPERATION\tKIND\tSTATE", rows)
}
