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

// openOwn is the ledger of whoever has not chosen one. That of earlier releases, a file beside it, is
// taken over by whoever comes first, and read where it is if nothing can be written there.
func openOwn(ctx context.Context, dir, by string, warnings io.Writer) (*openLedger, error) {
	old := dir + ".db"
	alone, err := thatAlone(dir, old)
	if err != nil {
		return nil, fmt.Errorf("the ledger cannot be looked for: %w", err)
	}
	if alone {
		err = takeOver(ctx, dir, old)
	}
	switch {
	case err == nil:
		return openDir(dir, by, warnings)
	case errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("taking over the ledger of an earlier release, %s, takes longer than the command may: run sfcancel ledger --timeout 10m once: %w", old, err)
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
	return nil, fmt.Errorf("the ledger of an earlier release cannot be taken over, and is left as it is (move %s away to begin a new ledger without what it holds): %w", old, err)
}

// thatAlone reports whether there is the file of an earlier release, and no ledger in dir.
func thatAlone(dir, old string) (bool, error) {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	_, err := os.Stat(old)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// takeOver makes the ledger in dir of the file of an earlier release.
func takeOver(ctx context.Context, dir, old string) error {
	if err := believable(old); err != nil {
		return err
	}
	ctx, cancel := half(ctx)
	defer cancel()
	err := journal.Create(ctx, dir, entriesIn(ctx, old))
	if errors.Is(err, fs.ErrExist) { // somebody else was first
		return nil
	}
	return err
}

// half is a context for the opening of a ledger. It takes half of the time of the command at most: a graceful
// cancel goes out without a ledger.
func half(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithTimeout(ctx, time.Until(deadline)/2)
	}
	return ctx, func() {}
}

// entriesIn are those of a ledger in a bolt file, which is opened when they are asked for: whoever
// waits for another to take it over must not read it as well.
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
