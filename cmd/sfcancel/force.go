package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/wrapper"
)

// policies are the values of --policy.
var policies = []string{"require-graceful", "graceful-first", "server-decides"}

// leftBehind says how to clean up after a force (Microsoft: Remove-ServiceFabricTestState).
const leftBehind = "a force may leave test state behind: once no fault runs, Remove-ServiceFabricTestState (PowerShell) removes it"

func newForce() *cobra.Command {
	var conn connection
	var policy string
	cmd := &cobra.Command{
		Use:   "force OPERATION-ID...",
		Short: "Abandon operations that a graceful cancel did not end",
		Long: `Abandon operations that a graceful cancel did not end. A force may leave internal
state behind, so the command asks for confirmation, and a policy decides whether the
force may be sent:

  require-graceful  the ledger must have a graceful cancel, or the cluster
                    must show the operation as RollingBack (default)
  graceful-first    cancel gracefully, wait for --grace, then force; the grace
                    counts from a graceful cancel in the ledger, if there is one
  server-decides    send the force and let the server decide

With every policy the ledger must be readable and writable, because it records the force
before it is sent: if it is not, no force is sent and the exit code is 3. --ledger none
skips the ledger. Once no fault runs, Remove-ServiceFabricTestState (PowerShell) removes
what a force has left behind.`,
		Example: `  sfcancel force 5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01 --dry-run
  sfcancel force 5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01 --policy graceful-first --grace 1m --timeout 90s --yes`,
		Args:              someIDs,
		ValidArgsFunction: conn.completeIDs(true),
		RunE: func(cmd *cobra.Command, args []string) error {
			chosen, err := forcePolicy(policy, conn.grace, cmd.Flags().Changed("grace"))
			if err != nil {
				return err
			}
			if policy == "graceful-first" && conn.grace >= conn.limit {
				return usage(fmt.Errorf("--grace %v does not fit into --timeout %v, the limit of the whole command", conn.grace, conn.limit))
			}
			if _, err := parseIDs(args); err != nil {
				return err
			}
			if err := conn.confirm(cmd, risky, fmt.Sprintf("Force %s (which may leave state behind)", countOf(args))); err != nil {
				return err
			}
			err = conn.onOperations(cmd, args, "the policy "+policy+" allows it", func(ctx context.Context, client *wrapper.Client, id uuid.UUID) (wrapper.Result, error) {
				if conn.dry && policy == "graceful-first" {
					return conn.dryGracefulFirst(ctx, client, id)
				}
				return client.ForceCancel(ctx, id, wrapper.ForceOptions{Timeout: conn.server, Policy: chosen, Reason: conn.notes.reason})
			})
			if err == nil && !conn.dry && !conn.quiet && isTable(conn.output) {
				fmt.Fprintln(cmd.ErrOrStderr(), "sfcancel:", leftBehind)
			}
			return err
		},
	}
	conn.flags(cmd)
	conn.changes(cmd)
	cmd.Flags().StringVar(&policy, "policy", policies[0], enumerate(policies, "or"))
	complete(cmd, "policy", policies)
	durationVar(cmd.Flags(), &conn.grace, "grace", 10*time.Second, "time for the graceful cancel before the force; only with graceful-first")
	return cmd
}

// dryGracefulFirst finds out what graceful-first would send, without waiting for the grace.
func (c *connection) dryGracefulFirst(ctx context.Context, client *wrapper.Client, id uuid.UUID) (wrapper.Result, error) {
	result, err := client.ForceCancel(ctx, id, wrapper.ForceOptions{Timeout: c.server, Policy: wrapper.RequireGraceful{MinGrace: c.grace, Look: true}})
	var refusal *wrapper.Refusal
	switch {
	case !errors.As(err, &refusal) || refusal.Cause != nil:
		return result, err
	case refusal.NotBefore.IsZero():
		return client.Cancel(ctx, id, wrapper.CancelOptions{Timeout: c.server})
	}
	if d, ok := ctx.Value(dryKey{}).(*dryRun); ok {
		d.request = "a force, after " + refusal.NotBefore.Local().Format(time.DateTime)
	}
	return result, err
}

func forcePolicy(name string, grace time.Duration, graceGiven bool) (wrapper.ForcePolicy, error) {
	if graceGiven && name != "graceful-first" {
		return nil, usage(fmt.Errorf("--grace needs --policy graceful-first"))
	}
	switch slices.Index(policies, name) {
	case 0:
		// The cluster shows a graceful cancel that is missing from the ledger.
		return wrapper.RequireGraceful{Look: true}, nil
	case 1:
		return wrapper.GracefulFirst{Grace: grace}, nil
	case 2:
		return wrapper.ServerDecides{}, nil
	}
	return nil, usage(fmt.Errorf("--policy %q: it must be %s", name, enumerate(policies, "or")))
}
