package main

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/wrapper"
)

func newStop() *cobra.Command {
	var conn connection
	var options wrapper.StopOptions
	cmd := &cobra.Command{
		Use:   "stop OPERATION-ID",
		Short: "End an operation, by force if need be, and say how it ended",
		Long: `End an operation and say how it ended: cancel it gracefully, force it if it is not
over after --grace, and wait for the end. When --timeout is over first, the exit
code is 8 and what was asked for is in effect; call it again to go on. The grace counts
from the first graceful cancel that the ledger knows of. If the ledger cannot be read or
written when the time of the force comes, there is no force, and the exit code is 8.`,
		Example: "  sfcancel stop 5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01 --grace 2m --timeout 10m",
		Args:    exactly("OPERATION-ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if options.Grace == 0 { // the wrapper's default, and not what was meant
				return usage(errors.New("--grace 0s: it must be more than 0; a force at once is sfcancel force"))
			}
			if options.NeverForce && cmd.Flags().Changed("grace") {
				return usage(errors.New("--grace is the time before a force, and --never-force wants none"))
			}
			return conn.onOperation(cmd, args, func(ctx context.Context, client *wrapper.Client, id uuid.UUID) error {
				options.Timeout, options.Reason = conn.server, conn.notes.reason
				if options.NeverForce {
					options.Grace = 0
				}
				result, err := client.Stop(ctx, id, options)
				return conn.printResult(cmd, result, err)
			})
		},
	}
	conn.flags(cmd)
	conn.changes(cmd)
	conn.limitDefault(cmd, 10*time.Minute)
	cmd.Flags().DurationVar(&options.Grace, "grace", time.Minute, "how long the graceful cancel gets before the force")
	cmd.Flags().BoolVar(&options.NeverForce, "never-force", false, "wait for the end of the graceful cancel, however long it takes")
	cmd.Flags().DurationVar(&options.Interval, "interval", 2*time.Second, "longest time between two looks")
	return cmd
}

func newWait() *cobra.Command {
	var conn connection
	var options wrapper.WaitOptions
	cmd := &cobra.Command{
		Use:     "wait OPERATION-ID",
		Short:   "Wait until an operation is over, and say how it ended",
		Long:    "Look at an operation until it is over, and say how it ended. It asks for nothing; --timeout\nends it with exit code 8.",
		Example: "  sfcancel wait 5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01 --timeout 10m",
		Args:    exactly("OPERATION-ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return conn.onOperation(cmd, args, func(ctx context.Context, client *wrapper.Client, id uuid.UUID) error {
				result, err := client.Wait(ctx, id, options)
				return conn.printResult(cmd, result, err)
			})
		},
	}
	conn.flags(cmd)
	conn.limitDefault(cmd, 10*time.Minute)
	cmd.Flags().DurationVar(&options.Interval, "interval", 2*time.Second, "longest time between two looks")
	return cmd
}
