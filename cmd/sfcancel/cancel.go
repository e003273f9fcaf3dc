package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/wrapper"
)

func newCancel() *cobra.Command {
	var conn connection
	cmd := &cobra.Command{
		Use:   "cancel OPERATION-ID",
		Short: "Stop an operation gracefully",
		Long: `Stop an operation gracefully: the cluster ends it and cleans up after it. The
command returns as soon as the cancel is in effect. Repeating it does no harm.`,
		Example: "  sfcancel cancel 5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01 --endpoint http://localhost:19080",
		Args:    exactly("OPERATION-ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return conn.onOperation(cmd, args, func(ctx context.Context, client *wrapper.Client, id uuid.UUID) error {
				result, err := client.Cancel(ctx, id, wrapper.CancelOptions{Timeout: conn.server, Reason: conn.notes.reason})
				return conn.printResult(cmd, result, err)
			})
		},
	}
	conn.flags(cmd)
	conn.changes(cmd)
	return cmd
}

func newForce() *cobra.Command {
	var conn connection
	var policy string
	var grace time.Duration
	cmd := &cobra.Command{
		Use:   "force OPERATION-ID",
		Short: "Abandon an operation that a graceful cancel did not end",
		Long: `Abandon an operation that a graceful cancel did not end. Internal state may be
left behind, so a policy decides first whether the force may go out:

  require-graceful  the ledger must know of a graceful cancel, or the cluster must show
                    the operation as RollingBack (default)
  graceful-first    cancel gracefully, wait for --grace, then force; a graceful cancel
                    that the ledger knows of has had its time
  server-decides    send the force and leave the judgement to the server

With any policy the ledger must be readable, and is told before the force goes out: if it
cannot be, there is no force and the exit code is 3. --ledger none does without it.`,
		Example: "  sfcancel force 5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01 --policy graceful-first --grace 1m --timeout 90s",
		Args:    exactly("OPERATION-ID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			chosen, err := forcePolicy(policy, grace, cmd.Flags().Changed("grace"))
			if err != nil {
				return err
			}
			if policy == "graceful-first" && grace >= conn.limit {
				return usage(fmt.Errorf("--grace %v does not fit into --timeout %v, the limit of the whole command", grace, conn.limit))
			}
			return conn.onOperation(cmd, args, func(ctx context.Context, client *wrapper.Client, id uuid.UUID) error {
				result, err := client.ForceCancel(ctx, id, wrapper.ForceOptions{Timeout: conn.server, Policy: chosen, Reason: conn.notes.reason})
				return conn.printResult(cmd, result, err)
			})
		},
	}
	conn.flags(cmd)
	conn.changes(cmd)
	cmd.Flags().StringVar(&policy, "policy", "require-graceful", "require-graceful, graceful-first or server-decides")
	cmd.Flags().DurationVar(&grace, "grace", 10*time.Second, "how long the graceful cancel gets; only with graceful-first")
	return cmd
}

func forcePolicy(name string, grace time.Duration, graceGiven bool) (wrapper.ForcePolicy, error) {
	if graceGiven && name != "graceful-first" {
		return nil, usage(fmt.Errorf("--grace needs --policy graceful-first"))
	}
	switch name {
	case "require-graceful":
		// A graceful cancel that the ledger does not know of shows on the cluster.
		return wrapper.RequireGraceful{Look: true}, nil
	case "graceful-first":
		return wrapper.GracefulFirst{Grace: grace}, nil
	case "server-decides":
		return wrapper.ServerDecides{}, nil
	}
	return nil, usage(fmt.Errorf("--policy %q: it must be require-graceful, graceful-first or server-decides", name))
}
