package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/internal/plain"
	"github.com/sfcancel/sfcancel/wrapper"
)

func newWatch() *cobra.Command {
	var conn connection
	var options wrapper.WaitOptions
	cmd := &cobra.Command{
		Use:   "watch [OPERATION-ID...]",
		Short: "Show operations while they change",
		Long: `Show each change of state in a line, until all operations are over or the command is
interrupted. Without an id, list all operations of the cluster repeatedly, as
sfcancel list --watch does. With -o json each change is a document on one line.`,
		Example: `  sfcancel watch 5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01
  sfcancel watch`,
		Args:              func(*cobra.Command, []string) error { return nil },
		ValidArgsFunction: conn.completeIDs(true),
		RunE: func(cmd *cobra.Command, args []string) error {
			ids, err := parseIDs(args)
			if err != nil {
				return err
			}
			if options.Interval < 0 {
				return usage(fmt.Errorf("--interval %v: it must not be negative", options.Interval))
			}
			if !cmd.Flags().Changed("timeout") {
				conn.limit = 365 * 24 * time.Hour // until it is interrupted
			}
			return conn.with(cmd, func(ctx context.Context, client *wrapper.Client) error {
				if len(ids) == 0 {
					return conn.watchList(ctx, cmd, client, new(selection), max(options.Interval, time.Second/10))
				}
				errs := make([]error, len(ids))
				var mu sync.Mutex
				var watches sync.WaitGroup
				for i, id := range ids {
					watches.Go(func() {
						for op, err := range client.Watch(ctx, id, options) {
							if err != nil {
								errs[i] = conn.explain(cmd, client, id, err)
								return
							}
							mu.Lock()
							err := conn.printChange(cmd, op)
							mu.Unlock()
							if err != nil {
								errs[i] = err
								return
							}
						}
					})
				}
				watches.Wait()
				return firstOf(errs)
			})
		},
	}
	conn.flags(cmd)
	conn.reads(cmd)
	durationVar(cmd.Flags(), &options.Interval, "interval", 2*time.Second, "longest time between two polls")
	return cmd
}

// firstOf joins the errors that are not nil. The exit code is that of the first.
func firstOf(errs []error) error {
	var failed []error
	for _, err := range errs {
		if err != nil {
			failed = append(failed, err)
		}
	}
	switch len(failed) {
	case 0:
		return nil
	case 1:
		return failed[0]
	}
	return severalError{failed}
}

// changeJSON is a change of state.
type changeJSON struct {
	Time time.Time `json:"time"`
	operationJSON
}

func (c *connection) printChange(cmd *cobra.Command, op wrapper.Operation) error {
	doc := changeJSON{time.Now().UTC(), operationDocument(op, knowledge{began: madeAt(op.ID)})}
	w := cmd.OutOrStdout()
	if c.format() == "json" {
		return printJSONLine(w, doc)
	}
	return printAs(w, c.format(), doc, func(w tableWriter) error {
		_, err := fmt.Fprintf(w, "%s  %s  %s  %s\n", time.Now().Format(time.TimeOnly), op.ID, plain.Line(orDash(kindWord(op.Kind))), plain.Line(orDash(string(op.State))))
		return err
	})
}
