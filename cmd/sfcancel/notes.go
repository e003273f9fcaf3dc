package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/internal/plain"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
)

// notes is the ledger of a command, and what went wrong with it.
type notes struct {
	name   string
	by     string // empty for what the system says
	reason string

	mu     sync.Mutex
	failed error // the first failure
}

func (n *notes) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&n.name, "ledger", "", "where it is noted who asked for what: bolt:PATH, etcd://HOST:PORT[,HOST:PORT]/PREFIX, or none for this process only (default a file of yours, see sfcancel ledger --help)")
}

// open opens the ledger for a client. One that is not there fails when it is used, and not before: a
// graceful cancel does without.
func (n *notes) open(ctx context.Context, cmd *cobra.Command) (option wrapper.Option, done func(), err error) {
	st, err := n.store(ctx, cmd.Flags().Changed("ledger"))
	if bad := (usageError{}); errors.As(err, &bad) {
		return nil, nil, err
	}
	var l wrapper.Ledger = unopened{err}
	done = func() {}
	switch {
	case err == nil && st == nil:
		l = new(wrapper.MemoryLedger)
	case err == nil:
		if l, err = ledger.New(st, ledger.WithBy(cmp.Or(n.by, whoAmI()))); err != nil {
			return nil, nil, errors.Join(err, st.Close())
		}
		done = func() { _ = st.Close() }
	}
	return wrapper.WithLedger(watched{l, n}), done, nil
}

// store is where --ledger says, nil for none.
func (n *notes) store(ctx context.Context, given bool) (store.Store, error) {
	if !given {
		path, err := ledgerPath()
		if err != nil {
			return nil, fmt.Errorf("there is no place for a ledger: %w", err)
		}
		return fileStore{path, true}, nil
	}
	if path, ok := boltPath(n.name); ok {
		return fileStore{path: path}, nil
	}
	switch {
	case n.name == "none":
		return nil, nil
	case isEtcd(n.name):
		ctx, cancel := context.WithTimeout(ctx, lockWait)
		defer cancel()
		st, err := openStore(ctx, n.name)
		if err != nil {
			return nil, fmt.Errorf("--ledger: %w", err)
		}
		return st, nil
	}
	return nil, usage(fmt.Errorf("--ledger %q: it must be bolt:PATH, etcd://HOST:PORT[,HOST:PORT]/PREFIX or none", n.name))
}

// place is where the ledger is, for people.
func (n *notes) place(st store.Store) string {
	if file, ok := st.(fileStore); ok {
		return "bolt:" + file.path
	}
	return n.name
}

// warn says in one line that the ledger failed, unless the failure of the command says so already,
// and returns why it failed. nil notes are those of a command that needs none.
func (n *notes) warn(w io.Writer, told error) string {
	if n == nil {
		return ""
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.failed == nil {
		return ""
	}
	why := plain.Text(n.failed.Error())
	if told == nil || !strings.Contains(told.Error(), n.failed.Error()) {
		fmt.Fprintln(w, "sfcancel: warning: not everything could be noted or looked up in the ledger:", why)
	}
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
