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
)

func newReap() *cobra.Command {
	var b bulk
	var every time.Duration
	var once bool
	cmd := &cobra.Command{
		Use:   "reap --older-than AGE",
		Short: "End operations older than an age, repeatedly",
		Long: `End operations that are older than --older-than, and look again after each --every, until
interrupted: a dead man's switch for drills whose pipeline may die. It ends them as
sfcancel stop does, with --grace and --never-force. Failures are reported and retried in
the next round. --once does one round, for use by a timer, and exits as stop-all does.`,
		Example: `  sfcancel reap --older-than 30m --every 1m --yes
  sfcancel reap --older-than 30m --once --yes`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case b.olderThan <= 0:
				return usage(errors.New("--older-than is missing: give an age, such as 30m"))
			case every <= 0:
				return usage(fmt.Errorf("--every %v: it must be more than 0", every))
			}
			if err := b.stopping.check(cmd); err != nil {
				return err
			}
			if err := b.checkSelection(); err != nil {
				return err
			}
			if once {
				return b.run(cmd, "Stop", b.after(), b.stop)
			}
			if err := b.confirm(cmd, grave, fmt.Sprintf("End every operation older than %v until interrupted", b.olderThan)); err != nil {
				return err
			}
			return b.reap(cmd, every)
		},
	}
	b.stopFlags(cmd)
	b.bulkFlags(cmd)
	durationVar(cmd.Flags(), &every, "every", time.Minute, "time between two rounds")
	cmd.Flags().BoolVar(&once, "once", false, "do one round only")
	return cmd
}

// reap runs until the command is interrupted, which is not an error.
func (b *bulk) reap(cmd *cobra.Command, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		// Each round has a client and a time limit of its own.
		err := b.with(cmd, func(ctx context.Context, client *wrapper.Client) error {
			ops, err := b.choose(ctx, cmd, client)
			if err != nil {
				return err
			}
			ids := make([]uuid.UUID, len(ops))
			for i, op := range ops {
				ids[i] = op.ID
			}
			ends := b.each(ctx, ids, func(ctx context.Context, id uuid.UUID) (wrapper.Result, error) { return b.stop(ctx, client, id) })
			for _, e := range ends {
				b.tell(cmd, client, e)
			}
			return nil
		})
		var bad usageError
		switch {
		case cmd.Context().Err() != nil:
			return nil
		case errors.As(err, &bad), errors.Is(err, wrapper.ErrInvalidArgument):
			return err
		case err != nil:
			fmt.Fprintf(cmd.ErrOrStderr(), "%s  %s\n", time.Now().UTC().Format(time.RFC3339), plain.Text(err.Error()))
		}
		if !pause(cmd.Context(), tick) {
			return nil
		}
	}
}

// tell writes a line about an operation that was handled.
func (b *bulk) tell(cmd *cobra.Command, client *wrapper.Client, e ending) {
	w, now := cmd.OutOrStdout(), time.Now().UTC()
	switch {
	case e.dry != nil && e.dry.request != "":
		fmt.Fprintf(w, "%s  %s  would send %s, %s\n", now.Format(time.RFC3339), e.id, e.dry.request, b.after())
	case e.err != nil:
		fmt.Fprintf(cmd.ErrOrStderr(), "%s  %s  %s\n", now.Format(time.RFC3339), e.id, plain.Text(b.explain(cmd, client, e.id, e.err).Error()))
	case b.quiet:
		fmt.Fprintln(w, e.id)
	case b.output == "json":
		_ = printJSONLine(w, changeJSON{now, operationJSON{OperationID: e.id.String(), Kind: string(e.result.Kind), State: string(e.result.State)}})
	default:
		fmt.Fprintf(w, "%s  %s  %s\n", now.Format(time.RFC3339), e.id, plain.Line(string(e.result.State)))
	}
}
