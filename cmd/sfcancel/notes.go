package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/internal/plain"
	"github.com/sfcancel/sfcancel/wrapper"
)

// notes is the ledger of a command, and what went wrong with it.
type notes struct {
	name   string
	by     string // empty for what the system says
	reason string

	mu     sync.Mutex
	failed error // the first failure
}

func (n *notes) flags(cmd *cobra.Command) { ledgerFlag(cmd, &n.name) }

func ledgerFlag(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVar(to, "ledger", "", "where it is noted who asked for what: file:DIR, bolt:PATH, etcd://HOST:PORT[,...]/PREFIX, or none for this process only (default a directory of yours, see sfcancel ledger --help)")
}

// open opens the ledger for a client. One that is not there fails when it is used, and not before: a
// graceful cancel does without. Nothing is written to one that is only read.
func (n *notes) open(ctx context.Context, cmd *cobra.Command, readOnly bool) (option wrapper.Option, done func(), err error) {
	l, err := n.find(ctx, cmd)
	if bad := (usageError{}); errors.As(err, &bad) {
		return nil, nil, err
	}
	var to wrapper.Ledger = unopened{err}
	done = func() {}
	switch {
	case err == nil && l == nil:
		to = new(wrapper.MemoryLedger)
	case err == nil:
		to, done = l, l.end
	}
	if readOnly {
		to = readOnlyLedger{to}
	}
	return wrapper.WithLedger(watched{to, n}), done, nil
}

// warn says in one line that the ledger failed, and returns why. nil notes are those of a command that needs none.
func (n *notes) warn(w io.Writer) string {
	if n == nil {
		return ""
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.failed == nil {
		return ""
	}
	why := plain.Text(n.failed.Error())
	fmt.Fprintln(w, "sfcancel: warning: not everything could be noted or looked up in the ledger:", why)
	return why
}

// watched keeps the first failure of a ledger, and says in each what can be done.
type watched struct {
	wrapper.Ledger
	notes *notes
}

func (l watched) Append(ctx context.Context, e wrapper.Entry) error {
	return l.notes.saw(l.Ledger.Append(ctx, e))
}

func (l watched) Entries(ctx context.Context, id uuid.UUID) ([]wrapper.Entry, error) {
	entries, err := l.Ledger.Entries(ctx, id)
	return entries, l.notes.saw(err)
}

func (n *notes) saw(err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%w (--ledger none does without it)", err)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.failed == nil && !errors.Is(err, context.Canceled) { // an interrupted command says so itself
		n.failed = err
	}
	return err
}

// unopened is a ledger that could not be opened.
type unopened struct{ err error }

func (l unopened) Append(context.Context, wrapper.Entry) error { return l.err }

func (l unopened) Entries(context.Context, uuid.UUID) ([]wrapper.Entry, error) { return nil, l.err }
