package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/wrapper"
)

// stopping is the common part of the commands that stop operations.
type stopping struct {
	connection
	options wrapper.StopOptions
}

func (s *stopping) stopFlags(cmd *cobra.Command) {
	s.flags(cmd)
	s.changes(cmd)
	s.limitDefault(cmd, 10*time.Minute)
	f := cmd.Flags()
	durationVar(f, &s.options.Grace, "grace", time.Minute, "time for the graceful cancel before the force")
	f.BoolVar(&s.options.NeverForce, "never-force", false, "wait for the end of the graceful cancel, however long it takes")
	durationVar(f, &s.options.Interval, "interval", 2*time.Second, "longest time between two polls")
}

// check validates the flags and completes the options.
func (s *stopping) check(cmd *cobra.Command) error {
	switch {
	case s.options.Grace == 0: // StopOptions takes 0 for its default
		return usage(errors.New("--grace 0s: it must be more than 0; to force at once, use sfcancel force"))
	case s.options.NeverForce && cmd.Flags().Changed("grace"):
		return usage(errors.New("--grace is the time before a force, and --never-force sends none: give only one of them"))
	case s.options.NeverForce:
		s.options.Grace = 0
	case s.options.Grace >= s.limit && (cmd.Flags().Changed("grace") || !cmd.Flags().Changed("timeout")):
		return usage(fmt.Errorf("--grace %v does not fit into --timeout %v, so no force would ever be sent: use --never-force if that is intended", s.options.Grace, s.limit))
	}
	s.options.Timeout, s.options.Reason = s.server, s.notes.reason
	return nil
}

// after describes the steps that a dry run does not reach.
func (s *stopping) after() string {
	if s.options.NeverForce {
		return "then wait until it is over"
	}
	return fmt.Sprintf("then wait, and force it if it is not over after %v", s.options.Grace)
}

func newStop() *cobra.Command {
	var s stopping
	cmd := &cobra.Command{
		Use:   "stop OPERATION-ID...",
		Short: "End operations, by force if necessary, and report how they ended",
		Long: `End operations and report how they ended: cancel them gracefully, force those that are
not over after --grace, and wait for the end. If --timeout expires first, the exit code
is 8 and the cancels that were sent stay in effect; run the command again to continue.
The grace counts from the first graceful cancel in the ledger. If the ledger cannot be
read or written when the force is due, no force is sent, and the exit code is 8.

While it waits, the command shows the state and the time until the force. An interrupt
leaves the graceful cancel in effect.`,
		Example: `  sfcancel stop 5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01 --grace 2m --timeout 10m
  sfcancel stop 5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01 --never-force`,
		Args:              someIDs,
		ValidArgsFunction: s.completeIDs(true),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := s.check(cmd); err != nil {
				return err
			}
			if err := s.confirm(cmd, mild, fmt.Sprintf("Stop %s", countOf(args))); err != nil {
				return err
			}
			return s.onOperations(cmd, args, s.after(), func(ctx context.Context, client *wrapper.Client, id uuid.UUID) (wrapper.Result, error) {
				shown, end := s.follow(ctx, cmd, id, len(args) == 1, "Ctrl-C leaves the cancel in effect")
				defer end()
				return client.Stop(shown, id, s.options)
			})
		},
	}
	s.stopFlags(cmd)
	return cmd
}
