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

// errOtherEnd means that an operation did not end as --for asks.
var errOtherEnd = errors.New("it ended otherwise")

// endWords are the values of --for, with the states that each accepts.
var endWords = [...]struct {
	word   string
	states []wrapper.State
}{
	{"ended", []wrapper.State{wrapper.StateCompleted, wrapper.StateFaulted, wrapper.StateCancelled, wrapper.StateForceCancelled}},
	{"completed", []wrapper.State{wrapper.StateCompleted}},
	{"cancelled", []wrapper.State{wrapper.StateCancelled, wrapper.StateForceCancelled}},
	{"faulted", []wrapper.State{wrapper.StateFaulted}},
}

func newWait() *cobra.Command {
	var conn connection
	var options wrapper.WaitOptions
	var wanted string
	var words []string
	for _, w := range endWords {
		words = append(words, w.word)
	}
	cmd := &cobra.Command{
		Use:   "wait OPERATION-ID...",
		Short: "Wait until operations are over, and say how they ended",
		Long: `Look at operations until they are over, and say how they ended. Nothing is changed;
--timeout ends it with exit code 8. With --for, an operation that ended otherwise is
exit code 10. Meanwhile it shows the state.`,
		Example: `  sfcancel wait 5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01 --timeout 10m
  sfcancel wait 5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01 --for cancelled`,
		Args:              someIDs,
		ValidArgsFunction: conn.completeIDs(true),
		RunE: func(cmd *cobra.Command, args []string) error {
			at := slices.Index(words, wanted)
			if at < 0 {
				return usage(fmt.Errorf("--for %q: it must be %s", wanted, enumerate(words, "or")))
			}
			return conn.onOperations(cmd, args, "", func(ctx context.Context, client *wrapper.Client, id uuid.UUID) (wrapper.Result, error) {
				shown, end := conn.follow(ctx, cmd, id, len(args) == 1, "Ctrl-C changes nothing")
				defer end()
				result, err := client.Wait(shown, id, options)
				if err == nil && result.Verdict != wrapper.NotFound && wanted != "ended" && !slices.Contains(endWords[at].states, result.State) {
					err = fmt.Errorf("%s: %w: it is %s", id, errOtherEnd, result.State)
				}
				return result, err
			})
		},
	}
	conn.flags(cmd)
	conn.limitDefault(cmd, 10*time.Minute)
	cmd.Flags().StringVar(&wanted, "for", "ended", "how it should end: "+enumerate(words, "or"))
	complete(cmd, "for", words)
	durationVar(cmd.Flags(), &options.Interval, "interval", 2*time.Second, "longest time between two polls")
	return cmd
}
