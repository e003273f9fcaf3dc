package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"syscall"
	"time"

	"github.com/sfcancel/sfcancel/store/bolt"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
	"github.com/sfcancel/sfcancel/wrapper/ledger/journal"
)

// openOwn opens the default ledger. The first process to do so imports the ledger of an earlier release, a file beside
// it. If nothing can be written there, openOwn reads that file in place.
func openOwn(ctx context.Context, dir, by string, warnings io.Writer) (*openLedger, error) {
	old := dir + ".db"
	onlyOld, err := hasOnlyOld(dir, old)
	if err != nil {
		return nil, fmt.Errorf("the ledger cannot be accessed: %w", err)
	}
	if onlyOld {
		err = takeOver(ctx, dir, old)
	}
	switch {
	case err == nil:
		return openDir(dir, by, warnings)
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("importing the ledger of an earlier release, %s, takes longer than --timeout allows: run sfcancel ledger --timeout 10m once: %w", old, err)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		if modeErr := believable(old); modeErr != nil {
			err = modeErr
			break
		}
		st, readErr := bolt.Open(old, bolt.ReadOnly(), bolt.WithLockWait(most(ctx)))
		if readErr == nil {
			return onStore(st, "bolt:"+old, by)
		}
	}
	return nil, fmt.Errorf("the ledger of an earlier release cannot be imported, and is left unchanged (move %s away to begin a new ledger without its entries): %w", old, err)
}

// hasOnlyOld reports whether the file of an earlier release exists, and dir does not.
func hasOnlyOld(dir, old string) (bool, error) {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	_, err := os.Stat(old)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// takeOver imports the file of an earlier release into a new ledger in dir.
func takeOver(ctx context.Context, dir, old string) error {
	if err := believable(old); err != nil {
		return err
	}
	ctx, cancel := half(ctx)
	defer cancel()
	err := journal.Create(ctx, dir, entriesIn(ctx, old))
	if errors.Is(err, fs.ErrExist) { // another process was first
		return nil
	}
	return err
}

// half returns a context for opening a ledger. It has half of the time that the command has left, because a graceful
// cancel goes out without a ledger.
func half(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithTimeout(ctx, time.Until(deadline)/2)
	}
	return ctx, func() {}
}

// entriesIn yields the entries of a ledger in a bolt file. It opens the file when the iteration begins: a process that
// waits for another one to import the file must not read it as well.
func entriesIn(ctx context.Context, path string) iter.Seq2[wrapper.Entry, error] {
	return func(yield func(wrapper.Entry, error) bool) {
		st, err := bolt.Open(path, bolt.ReadOnly(), bolt.WithLockWait(most(ctx)))
		if errors.Is(err, fs.ErrNotExist) { // an empty file
			return
		}
		if err != nil {
			yield(wrapper.Entry{}, err)
			return
		}
		defer st.Close()
		l, err := ledger.New(st)
		if err != nil {
			yield(wrapper.Entry{}, err)
			return
		}
		l.ByOperation(ctx)(yield)
	}
}
