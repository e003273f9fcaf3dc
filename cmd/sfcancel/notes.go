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

// notes is the ledger of a command, and the first error of its use.
type notes struct {
	name   string
	by     string // empty for whoAmI
	reason string

	mu     sync.Mutex
	failed error // the first failure
}

func (n *notes) flags(cmd *cobra.Command) { ledgerFlag(cmd, &n.name) }

func ledgerFlag(cmd *cobra.Command, to *string) {
	cmd.Flags().StringVar(to, "ledger", "", "ledger that records who requested what: file:DIR, bolt:PATH, etcd://HOST:PORT[,...]/PREFIX, or none for this process only (default a directory of yours, see sfcancel ledger --help)")
}

// open opens the ledger for a client. If it cannot be opened, only its use fails, because a graceful cancel goes out
// without a ledger. With readOnly, nothing is written.
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

// warn writes one line if the ledger failed, and returns the reason. n is nil for a command without a ledger.
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
	fmt.Fprintln(w, "sfcancel: warning: the ledger could not be read or written completely:", why)
	return why
}

// watched keeps the first error of a ledger, and adds advice to every error.
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
	err = fmt.Errorf("%w (--ledger none skips it)", err)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.failed == nil && !errors.Is(err, context.Canceled) { // an interrupted command reports that itself
		n.failed = err
	}
	return err
}

// unopened is a ledger that could not be opened.
type unopened struct{ err error }

func (l unopened) Append(context.Context, wrapper.Entry) error { return l.err }

func (l unopened) Entries(context.Context, uuid.UUID) ([]wrapper.Entry, error) { return nil, l.err }
