package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
	"github.com/sfcancel/sfcancel/wrapper/ledger/journal"
)

// openLedger is a ledger of any kind.
type openLedger struct {
	trailLedger
	place string // as --ledger would name it
	end   func()
}

// trailLedger is what all kinds of ledgers implement.
type trailLedger interface {
	wrapper.Ledger
	Trail(context.Context, ledger.Query) iter.Seq2[wrapper.Entry, error]
}

// etcdWait limits the opening of a ledger in etcd; see also half.
const etcdWait = 3 * time.Second

// find opens the ledger that --ledger names. It returns nil for none.
func (n *notes) find(ctx context.Context, cmd *cobra.Command) (*openLedger, error) {
	by, warnings := cmp.Or(n.by, whoAmI()), cmd.ErrOrStderr()
	if !cmd.Flags().Changed("ledger") {
		dir, err := ledgerPath()
		if err != nil {
			return nil, fmt.Errorf("there is no place for a ledger: %w", err)
		}
		return openOwn(ctx, dir, by, warnings)
	}
	if dir, ok := strings.CutPrefix(n.name, "file:"); ok && dir != "" {
		return openDir(dir, by, warnings)
	}
	if path, ok := boltPath(n.name); ok {
		return onStore(fileStore{path}, n.name, by)
	}
	switch {
	case n.name == "none":
		return nil, nil
	case isEtcd(n.name):
		ctx, cancel := half(ctx)
		defer cancel()
		ctx, stop := context.WithTimeout(ctx, etcdWait)
		defer stop()
		st, err := openStore(ctx, n.name)
		if err != nil {
			return nil, fmt.Errorf("--ledger: %w", err)
		}
		return onStore(st, n.name, by)
	}
	return nil, usage(fmt.Errorf("--ledger %q: it must be file:DIR, bolt:PATH, etcd://HOST:PORT[,HOST:PORT]/PREFIX or none", withoutQuery(n.name)))
}

// openDir opens the ledger in a directory. It warns if other users can read it.
func openDir(dir, by string, warnings io.Writer) (*openLedger, error) {
	l, err := journal.New(dir, journal.WithBy(by), journal.WithWarning(func(e *journal.ModeError) {
		fmt.Fprintln(warnings, "sfcancel: warning: the ledger:", e)
	}))
	if err != nil {
		return nil, err
	}
	return &openLedger{l, "file:" + dir, func() {}}, nil
}

// onStore returns the ledger in a store. The end of the ledger closes the store.
func onStore(st store.Store, place, by string) (*openLedger, error) {
	l, err := ledger.New(st, ledger.WithBy(by))
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return &openLedger{l, place, func() { _ = st.Close() }}, nil
}
