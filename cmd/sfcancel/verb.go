package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/internal/plain"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
)

// with calls do with an open client, and turns its error into a message for people.
func (c *connection) with(cmd *cobra.Command, do func(context.Context, *wrapper.Client) error) error {
	ctx, done, client, err := c.open(cmd)
	if err != nil {
		return c.explain(cmd, nil, uuid.UUID{}, err)
	}
	defer done()
	return c.explain(cmd, client, uuid.UUID{}, do(ctx, client))
}

// explain turns an error into a message for people. If client is not nil, it asks the cluster for details that help.
func (c *connection) explain(cmd *cobra.Command, client *wrapper.Client, id uuid.UUID, err error) error {
	if err == nil {
		return nil
	}
	s := &situation{
		err: err, conn: c, id: id, cert: c.tls.CertFile != "", token: c.token != "",
		interrupted: cmd.Context().Err() != nil && errors.Is(err, context.Canceled),
	}
	if client != nil && cmd.Context().Err() == nil {
		s.look(cmd.Context(), client)
	}
	return s.explain()
}

// lookTime limits requests that only add details to an output.
const lookTime = 2 * time.Second

// look asks the cluster for details if the error is errNotFound or nodeInTransition.
func (s *situation) look(ctx context.Context, client *wrapper.Client) {
	unknown, busy := errors.Is(s.err, errNotFound), errors.Is(s.err, nodeInTransition)
	if !unknown && !busy {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	ops, err := client.Operations(ctx)
	if err != nil {
		return
	}
	var e *wrapper.Error
	if errors.As(s.err, &e) && s.id == (uuid.UUID{}) {
		s.id = e.OperationID()
	}
	s.near = nearest(s.id, ops)
	s.other = "by an unknown operation"
	for _, op := range ops {
		if op.Kind == wrapper.KindNodeTransition && !op.State.Final() {
			s.other = "perhaps by " + op.ID.String()
		}
	}
}

// nearest returns at most two ids that differ from id in few characters, in case id was mistyped.
func nearest(id uuid.UUID, ops []wrapper.Operation) (ids []uuid.UUID) {
	const most = 8
	text := id.String()
	apart := func(other uuid.UUID) int {
		n := 0
		for i, r := range []byte(other.String()) {
			if r != text[i] {
				n++
			}
		}
		return n
	}
	for _, op := range ops {
		if apart(op.ID) <= most {
			ids = append(ids, op.ID)
		}
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int {
		return cmp.Or(cmp.Compare(apart(a), apart(b)), strings.Compare(a.String(), b.String()))
	})
	return ids[:min(len(ids), 2)]
}

// someIDs requires at least one argument.
func someIDs(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usage(errors.New("missing OPERATION-ID; see --help"))
	}
	return nil
}

// parseIDs parses operation ids and drops duplicates.
func parseIDs(args []string) (ids []uuid.UUID, err error) {
	for _, arg := range args {
		id, err := parseID(arg)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// concurrency limits how many operations are handled at the same time.
const concurrency = 8

// ending is the outcome of a call for one operation.
type ending struct {
	id     uuid.UUID
	result wrapper.Result
	err    error
	dry    *dryRun
}

// each makes a call for each operation, several at a time, and returns the outcomes in the order of ids.
func (c *connection) each(ctx context.Context, ids []uuid.UUID, call func(context.Context, uuid.UUID) (wrapper.Result, error)) []ending {
	ends := make([]ending, len(ids))
	var calls sync.WaitGroup
	slots := make(chan struct{}, concurrency)
	for i, id := range ids {
		calls.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			ends[i] = c.one(ctx, id, call)
		})
	}
	calls.Wait()
	return ends
}

func (c *connection) one(ctx context.Context, id uuid.UUID, call func(context.Context, uuid.UUID) (wrapper.Result, error)) ending {
	e := ending{id: id}
	if c.dry {
		e.dry = new(dryRun)
		ctx = e.dry.within(ctx)
		defer e.dry.end(nil)
	}
	e.result, e.err = call(ctx, id)
	if e.dry != nil && e.dry.request != "" {
		e.err = nil
	}
	return e
}

// onOperations makes a call for each operation that the arguments name, and prints the outcomes.
func (c *connection) onOperations(cmd *cobra.Command, args []string, policy string, call func(context.Context, *wrapper.Client, uuid.UUID) (wrapper.Result, error)) error {
	ids, err := parseIDs(args)
	if err != nil {
		return err
	}
	return c.with(cmd, func(ctx context.Context, client *wrapper.Client) error {
		ends := c.each(ctx, ids, func(ctx context.Context, id uuid.UUID) (wrapper.Result, error) { return call(ctx, client, id) })
		c.learnCauses(ctx, cmd, client, ends)
		return c.print(cmd, client, ends, policy)
	})
}

// severalError is the errors of several calls. Its exit code is that of the first.
type severalError struct{ errs []error }

func (e severalError) Error() string   { return errors.Join(e.errs...).Error() }
func (e severalError) Unwrap() []error { return e.errs }

// print writes the outcomes of calls, and returns an error that determines the exit code. One outcome is a document,
// several are an array.
func (c *connection) print(cmd *cobra.Command, client *wrapper.Client, ends []ending, policy string) error {
	var ledger string
	var errs []error
	for i := range ends {
		e := &ends[i]
		if e.err == nil && e.result.Verdict == wrapper.NotFound {
			e.err = unknownOperation{e.id}
		}
		if ledger == "" {
			ledger = c.notes.warn(cmd.ErrOrStderr())
		}
		if e.err != nil {
			e.err = c.explain(cmd, client, e.id, withLedgerError(e.err, ledger))
			errs = append(errs, e.err)
		}
	}
	if len(ends) == 1 && len(errs) == 1 && ends[0].result.Verdict == "" { // run prints it, like every other error
		return errs[0]
	}
	var docs []any
	rows := make([][]string, len(ends))
	for i, e := range ends {
		if rows[i] = e.row(); c.format() != "name" || e.err == nil {
			docs = append(docs, e.document(ledger, policy))
		}
	}
	var doc any = docs
	if len(ends) == 1 && len(docs) == 1 {
		doc = docs[0]
	}
	w := cmd.OutOrStdout()
	err := printAs(w, c.format(), doc, func(w tableWriter) error {
		if c.dry {
			return c.printDry(w, ends, policy)
		}
		return errors.Join(tableOn(cmd.Context(), w, c.output, "OPERATION\tVERDICT\tSTATE\tKIND\tREQUESTS", rows), printCauses(w, ends))
	})
	switch {
	case err != nil:
		return err
	case len(errs) == 0:
		return nil
	case len(ends) == 1:
		return toldError{errs[0]}
	}
	return toldError{severalError{errs}}
}

// format returns the output format; -q means name.
func (c *connection) format() string {
	if c.quiet {
		return "name"
	}
	return c.output
}

func (e ending) document(ledger, policy string) any {
	switch r := e.result; {
	case e.dry != nil && e.dry.request != "":
		return e.dry.document(e.id, policy)
	case r.Verdict != "":
		return resultJSON{
			OperationID: r.OperationID.String(), Kind: string(r.Kind), Force: r.Force,
			Verdict: string(r.Verdict), State: string(r.State), Resolved: r.Resolved,
			Attempts: attemptsJSON(r.Attempts), LedgerError: ledger, causeJSON: causeDocument(r.Cause),
		}
	}
	doc := describe(e.err)
	doc.OperationID = e.id.String()
	return doc
}

func (e ending) row() []string {
	r := e.result
	if r.Verdict == "" {
		return []string{e.id.String(), "failed", "-", "-", "-"}
	}
	return []string{r.OperationID.String(), inWords(r), orDash(string(r.State)), orDash(kindWord(r.Kind)), fmt.Sprint(len(r.Attempts))}
}

func (c *connection) printDry(w tableWriter, ends []ending, policy string) error {
	for _, e := range ends {
		switch {
		case e.dry.request != "":
			fmt.Fprintf(w, "would send %s\n", e.dry.request)
			if policy != "" {
				fmt.Fprintf(w, "  %s\n", policy)
			}
		case e.result.Verdict != "":
			fmt.Fprintf(w, "would send nothing: %s is %s %s\n", e.id, e.result.Verdict, e.result.State)
		}
	}
	return nil
}

// learnCauses asks the cluster why operations are Faulted if the call could not, because it knew no target.
func (c *connection) learnCauses(ctx context.Context, cmd *cobra.Command, client *wrapper.Client, ends []ending) {
	var ops []wrapper.Operation
	for _, e := range ends {
		if r := e.result; r.State == wrapper.StateFaulted && r.Cause == (wrapper.Cause{}) {
			ops = append(ops, wrapper.Operation{ID: e.id, State: r.State, Kind: r.Kind})
		}
	}
	if len(ops) == 0 || c.dry {
		return
	}
	all := c.knownOf(ctx, cmd, ops, ledger.Query{})
	causes{}.ask(ctx, client, ops, all, isFaulted)
	for i := range ends {
		if k, ok := all[ends[i].id]; ok {
			ends[i].result.Cause = k.cause
		}
	}
}

// printCauses writes why operations are Faulted below the table, which has no room for it.
func printCauses(w io.Writer, ends []ending) error {
	for _, e := range ends {
		if cause := e.result.Cause.String(); cause != "" {
			if _, err := fmt.Fprintf(w, "%s is %s: %s\n", e.id, plain.Line(string(e.result.State)), plain.Line(cause)); err != nil {
				return err
			}
		}
	}
	return nil
}

// kindWord returns the name of a kind in the commands.
func kindWord(k wrapper.Kind) string {
	for _, known := range kinds {
		if known.kind == k {
			return known.word
		}
	}
	return string(k)
}

// kinds are the kinds with their names in the commands.
var kinds = [...]struct {
	word string
	kind wrapper.Kind
}{
	{"data-loss", wrapper.KindDataLoss},
	{"quorum-loss", wrapper.KindQuorumLoss},
	{"restart", wrapper.KindPartitionRestart},
	{"node-transition", wrapper.KindNodeTransition},
}
