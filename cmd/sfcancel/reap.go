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
		Short: "End what is older than an age, again and again",
		Long: `End whatever is older than --older-than, and look again after each --every, until it is
interrupted: a dead man's switch for drills whose pipeline may die. Each is ended as by
sfcancel stop, so that --grace and --never-force hold. What fails is said, and tried again.
--once is for timers that call it: it exits as stop-all does.`,
		Example: `  sfcancel reap --older-than 30m --every 1m --yes
  sfcancel reap --older-than 30m --once --yes`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case b.olderThan <= 0:
				return usage(errors.New("--older-than is missing: it says what is too old, such as 30m"))
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
			if err := b.confirm(cmd, grave, fmt.Sprintf("End whatever is older than %v until it is interrupted", b.olderThan)); err != nil {
				return err
			}
			return b.reap(cmd, every)
		},
	}
	b.stopFlags(cmd)
	b.bulkFlags(cmd)
	durationVar(cmd.Flags(), &every, "every", time.Minute, "time between two looks")
	cmd.Flags().BoolVar(&once, "once", false, "look once")
	return cmd
}

// reap goes on until the command is interrupted, which is how it ends.
func (b *bulk) reap(cmd *cobra.Command, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		// Each round is a command of its own, with a client and a time limit of its own.
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

// tell writes a line for an operation that was dealt with.
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
