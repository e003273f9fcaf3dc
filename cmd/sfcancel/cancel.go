package main

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/wrapper"
)

func newCancel() *cobra.Command {
	var conn connection
	cmd := &cobra.Command{
		Use:   "cancel OPERATION-ID...",
		Short: "Cancel operations gracefully",
		Long: `Cancel operations gracefully: the cluster ends them and cleans up after them. The
command returns as soon as the cancels are in effect. It is idempotent.`,
		Example: `  sfcancel cancel 5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01 --reason 'end of the drill'
  sfcancel cancel 5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01 --dry-run`,
		Args:              someIDs,
		ValidArgsFunction: conn.completeIDs(true),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := conn.confirm(cmd, mild, fmt.Sprintf("Cancel %s", countOf(args))); err != nil {
				return err
			}
			return conn.onOperations(cmd, args, "", func(ctx context.Context, client *wrapper.Client, id uuid.UUID) (wrapper.Result, error) {
				return client.Cancel(ctx, id, wrapper.CancelOptions{Timeout: conn.server, Reason: conn.notes.reason})
			})
		},
	}
	conn.flags(cmd)
	conn.changes(cmd)
	return cmd
}

// countOf names a single operation, and counts several.
func countOf(args []string) string {
	if len(args) == 1 {
		return args[0]
	}
	return counted(len(args))
}
