package main

import (
	"cmp"
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

// bulk is the common part of the commands that handle many operations.
type bulk struct {
	stopping
	selection
	except []string
}

// active are the states of operations that can be cancelled.
var active = stateWords[:2]

func (b *bulk) bulkFlags(cmd *cobra.Command) {
	b.selectors(cmd, active)
	cmd.Flags().StringSliceVar(&b.except, "except", nil, "ids of operations to leave alone")
}

func newCancelAll() *cobra.Command {
	var b bulk
	cmd := &cobra.Command{
		Use:   "cancel-all",
		Short: "Cancel all selected operations gracefully",
		Long: `Cancel gracefully all operations that are not over, or only those that the flags select. The
command shows the operations and asks for confirmation. If one cancel fails, the others are
still sent.`,
		Example: `  sfcancel cancel-all --older-than 1h --dry-run
  sfcancel cancel-all --kind data-loss --yes --reason 'end of the drill'`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return b.run(cmd, "Cancel", "", b.cancel)
		},
	}
	b.flags(cmd)
	b.changes(cmd)
	b.bulkFlags(cmd)
	return cmd
}

func newStopAll() *cobra.Command {
	var b bulk
	cmd := &cobra.Command{
		Use:   "stop-all",
		Short: "End all selected operations, by force if necessary",
		Long: `End all operations that are not over, or only those that the flags select, as sfcancel stop
does. The command shows the operations and asks for confirmation.`,
		Example: `  sfcancel stop-all --service fabric:/shop/orders --grace 1m --dry-run
  sfcancel stop-all --older-than 2h --grace 1m --yes`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := b.stopping.check(cmd); err != nil {
				return err
			}
			return b.run(cmd, "Stop", b.after(), b.stop)
		},
	}
	b.stopFlags(cmd)
	b.bulkFlags(cmd)
	return cmd
}

// cancel and stop are the calls for each operation.
func (b *bulk) cancel(ctx context.Context, client *wrapper.Client, id uuid.UUID) (wrapper.Result, error) {
	return client.Cancel(ctx, id, wrapper.CancelOptions{Timeout: b.server, Reason: b.notes.reason})
}

func (b *bulk) stop(ctx context.Context, client *wrapper.Client, id uuid.UUID) (wrapper.Result, error) {
	return client.Stop(ctx, id, b.options)
}

type bulkCall func(context.Context, *wrapper.Client, uuid.UUID) (wrapper.Result, error)

// checkSelection validates the flags of the selection.
func (b *bulk) checkSelection() error {
	if _, err := parseIDs(b.except); err != nil {
		return err
	}
	return b.selection.check(active)
}

func (b *bulk) run(cmd *cobra.Command, verb, after string, call bulkCall) error {
	if err := b.checkSelection(); err != nil {
		return err
	}
	return b.with(cmd, func(ctx context.Context, client *wrapper.Client) error {
		ops, err := b.choose(ctx, cmd, client)
		if err != nil {
			return err
		}
		if len(ops) == 0 {
			if !b.quiet && isTable(b.output) {
				fmt.Fprintln(cmd.ErrOrStderr(), "sfcancel: no operation is selected")
			}
			return printAs(cmd.OutOrStdout(), b.format(), []any{}, func(tableWriter) error { return nil })
		}
		if err := b.preview(ctx, cmd, ops); err != nil {
			return err
		}
		if err := b.confirm(cmd, grave, verb+" "+counted(len(ops))); err != nil {
			return err
		}
		return b.print(cmd, client, b.deal(ctx, cmd, client, ops, call), after)
	})
}

// choose lists the selected operations. CancelAll selects by state, kind and age. It records in the ledger that it has
// seen an operation of unknown age, so that the operation has an age the next time. choose selects by the other flags.
func (b *bulk) choose(ctx context.Context, cmd *cobra.Command, client *wrapper.Client) ([]wrapper.Operation, error) {
	which := wrapper.Selector{MinAge: b.olderThan}
	for _, state := range b.states {
		which.States = append(which.States, wrapper.State(state))
	}
	for _, kind := range b.kinds {
		which.Kinds = append(which.Kinds, wrapper.Kind(kind))
	}
	var ops []wrapper.Operation
	for r, err := range client.CancelAll(ctx, which, wrapper.CancelAllOptions{Concurrency: 1, Each: func(_ context.Context, op wrapper.Operation) (wrapper.Result, error) {
		return wrapper.Result{OperationID: op.ID, Kind: op.Kind, State: op.State, Verdict: wrapper.Finished}, nil
	}}) {
		if err != nil {
			if r.OperationID == (uuid.UUID{}) && errors.Is(err, wrapper.ErrUnavailable) && len(ops) > 0 {
				fmt.Fprintln(cmd.ErrOrStderr(), "sfcancel: the cluster does not list all operations at once: run the command again for the rest")
				continue
			}
			return nil, err
		}
		ops = append(ops, wrapper.Operation{ID: r.OperationID, Kind: r.Kind, State: r.State})
	}
	except, err := parseIDs(b.except)
	if err != nil {
		return nil, err
	}
	all := b.knownOf(ctx, cmd, ops, ledger.Query{})
	ops = slices.DeleteFunc(ops, func(op wrapper.Operation) bool {
		return slices.Contains(except, op.ID) || b.service != "" && !isOn(all[op.ID].target, b.service)
	})
	slices.SortFunc(ops, func(x, y wrapper.Operation) int {
		return cmp.Or(all[x.ID].began.Compare(all[y.ID].began), strings.Compare(x.ID.String(), y.ID.String()))
	})
	return ops, nil
}

func counted(n int) string {
	if n == 1 {
		return "1 operation"
	}
	return fmt.Sprintf("%d operations", n)
}

// preview shows the selected operations if the user will be asked.
func (b *bulk) preview(ctx context.Context, cmd *cobra.Command, ops []wrapper.Operation) error {
	console := consoleOf(cmd.Context())
	if b.yes || b.dry || console.prompt == nil {
		return nil
	}
	all, rows := b.knownOf(ctx, cmd, ops, ledger.Query{}), make([][]string, len(ops))
	for i, op := range ops {
		k := all[op.ID]
		rows[i] = []string{op.ID.String(), orDash(kindWord(op.Kind)), orDash(string(op.State)), orDash(k.age(time.Now())), orDash(k.target)}
	}
	return grid{width: 80}.write(console.prompt, []string{"ID", "KIND", "STATE", "AGE", "TARGET"}, rows)
}

// deal makes the calls and reports progress.
func (b *bulk) deal(ctx context.Context, cmd *cobra.Command, client *wrapper.Client, ops []wrapper.Operation, call bulkCall) []ending {
	ids := make([]uuid.UUID, len(ops))
	for i, op := range ops {
		ids[i] = op.ID
	}
	return b.each(ctx, ids, func(ctx context.Context, id uuid.UUID) (wrapper.Result, error) {
		result, err := call(ctx, client, id)
		if !b.quiet && !b.dry && isTable(b.output) {
			what := "failed"
			if err == nil {
				what = strings.TrimSpace(string(result.Verdict) + " " + string(result.State))
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "sfcancel: %s: %s\n", id, plain.Line(what))
		}
		return result, err
	})
}
