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

func newList() *cobra.Command {
	var conn connection
	var s selection
	var watch bool
	var every time.Duration
	cmd := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List the operations that the cluster remembers",
		Long: `List the operations that the cluster remembers, oldest first. The age, the target, who
started an operation and what was sent to end it come from the ledger; some ids carry
their age. The cause of a Faulted operation comes from the cluster. Unknown values are
shown as "-" and match no filter. A terminal shows the columns that fit; -o wide shows all.`,
		Example: `  sfcancel list --state Running --older-than 1h
  sfcancel list --kind data-loss,quorum-loss -o wide
  sfcancel list -q`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := s.check(stateWords); err != nil {
				return err
			}
			if every <= 0 {
				return usage(fmt.Errorf("--interval %v: it must be more than 0", every))
			}
			if watch && !cmd.Flags().Changed("timeout") {
				conn.limit = 365 * 24 * time.Hour // until interrupted
			}
			return conn.with(cmd, func(ctx context.Context, client *wrapper.Client) error {
				if watch {
					return conn.watchList(ctx, cmd, client, &s, every)
				}
				return conn.list(ctx, cmd, client, &s)
			})
		},
	}
	conn.flags(cmd)
	s.selectors(cmd, stateWords)
	f := cmd.Flags()
	f.StringVar(&s.node, "node", "", "only transitions of this node, according to the ledger")
	f.BoolVar(&s.mine, "mine", false, "only operations that you started, according to the ledger")
	f.BoolVarP(&watch, "watch", "w", false, "repeat the list until interrupted")
	durationVar(f, &every, "interval", 2*time.Second, "time between two lists of --watch")
	conn.reads(cmd)
	return cmd
}

func (c *connection) list(ctx context.Context, cmd *cobra.Command, client *wrapper.Client, s *selection) error {
	ops, all, err := c.selected(ctx, cmd, client, s, causes{})
	if err != nil {
		return err
	}
	return c.printOperations(cmd, ops, all)
}

// selected returns the selected operations, the oldest first, and what is known of them.
func (c *connection) selected(ctx context.Context, cmd *cobra.Command, client *wrapper.Client, s *selection, told causes) ([]wrapper.Operation, map[uuid.UUID]knowledge, error) {
	ops, err := client.Operations(ctx)
	if err != nil {
		return nil, nil, err
	}
	all := c.knownOf(ctx, cmd, ops, ledger.Query{})
	ops = slices.DeleteFunc(ops, func(op wrapper.Operation) bool { return !s.wants(op, all[op.ID]) })
	if c.format() != "name" {
		told.ask(ctx, client, ops, all, isFaulted)
	}
	slices.SortFunc(ops, func(a, b wrapper.Operation) int {
		first, second := all[a.ID].began, all[b.ID].began
		if first.IsZero() != second.IsZero() { // an unknown age may be the oldest
			return cmp.Compare(first.Unix(), second.Unix())
		}
		return cmp.Or(first.Compare(second), strings.Compare(a.ID.String(), b.ID.String()))
	})
	return ops, all, nil
}

// watchList lists repeatedly until ctx ends, which is not an error. On a terminal it redraws in place.
func (c *connection) watchList(ctx context.Context, cmd *cobra.Command, client *wrapper.Client, s *selection, every time.Duration) error {
	console, told := consoleOf(cmd.Context()), causes{}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for first := true; ; first = false {
		ops, all, err := c.selected(ctx, cmd, client, s, told)
		if cmd.Context().Err() != nil || errors.Is(err, context.DeadlineExceeded) {
			return nil
		}
		if err != nil && first {
			return err
		}
		if err != nil { // the next list may succeed
			fmt.Fprintln(cmd.ErrOrStderr(), "sfcancel:", plain.Text(c.explain(cmd, nil, uuid.UUID{}, err).Error()))
			if !pause(ctx, tick) {
				return nil
			}
			continue
		}
		if console.outIsTerminal && isTable(c.output) {
			fmt.Fprintf(console.raw, "\x1b[H\x1b[2J%s  %s\n\n", c.shortWhere(), time.Now().Format(time.TimeOnly))
		}
		if err := c.printOperations(cmd, ops, all); err != nil {
			return err
		}
		if !pause(ctx, tick) {
			return nil
		}
	}
}

// pause waits for the next tick. It reports false if ctx ended first.
func pause(ctx context.Context, tick *time.Ticker) bool {
	select {
	case <-ctx.Done():
		return false
	case <-tick.C:
		return true
	}
}

// reads adds --ledger to a command that only reads the ledger.
func (c *connection) reads(cmd *cobra.Command) { ledgerFlag(cmd, &c.ledger) }

// printOperations writes a list.
func (c *connection) printOperations(cmd *cobra.Command, ops []wrapper.Operation, all map[uuid.UUID]knowledge) error {
	docs, rows, now := make([]operationJSON, len(ops)), make([][]string, len(ops)), time.Now()
	for i, op := range ops {
		k := all[op.ID]
		docs[i] = operationDocument(op, k)
		rows[i] = []string{
			op.ID.String(), orDash(kindWord(op.Kind)), orDash(string(op.State)), orDash(k.age(now)),
			orDash(k.target), orDash(k.by), orDash(k.why),
		}
	}
	return printAs(cmd.OutOrStdout(), c.format(), docs, func(w tableWriter) error {
		return tableOn(cmd.Context(), w, c.output, "ID\tKIND\tSTATE\tAGE\tTARGET\tSTARTED-BY\tENDED-WHY", rows)
	})
}

func operationDocument(op wrapper.Operation, k knowledge) operationJSON {
	doc := operationJSON{OperationID: op.ID.String(), Kind: string(op.Kind), State: string(op.State), Target: k.target, StartedBy: k.by, EndedWhy: k.why, causeJSON: causeDocument(k.cause)}
	if !k.began.IsZero() {
		doc.Began = new(k.began.UTC())
	}
	return doc
}
