package main

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
)

// fileStore is a bolt file that is open for as long as each access takes, and no longer: bolt lets
// one process in at a time, and a stop may run for minutes while somebody cancels something else.
// A file that is not there reads as empty, and is made by the first write.
type fileStore struct {
	path    string
	makeDir bool // for the path that nobody chose
}

var _ store.Store = fileStore{}

// lockWait is how long an access waits for those of other processes. Each takes some milliseconds.
const lockWait = 3 * time.Second

func (s fileStore) access(ctx context.Context, do func(store.Store) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	wait := lockWait
	if deadline, ok := ctx.Deadline(); ok {
		wait = max(min(wait, time.Until(deadline)), 0)
	}
	st, err := bolt.Open(s.path, bolt.WithLockWait(wait))
	if err != nil {
		return err
	}
	defer st.Close()
	return do(st)
}

// missing says that there is no file yet.
func (s fileStore) missing() bool {
	_, err := os.Stat(s.path)
	return errors.Is(err, fs.ErrNotExist)
}

func (s fileStore) Get(ctx context.Context, key string) (item store.Item, err error) {
	if s.missing() {
		return store.Item{}, store.ErrNotFound
	}
	err = s.access(ctx, func(st store.Store) (err error) {
		item, err = st.Get(ctx, key)
		return err
	})
	return item, err
}

func (s fileStore) List(ctx context.Context, prefix, after string, limit int) (page store.Page, err error) {
	if s.missing() {
		return store.Page{}, nil
	}
	err = s.access(ctx, func(st store.Store) (err error) {
		page, err = st.List(ctx, prefix, after, limit)
		return err
	})
	return page, err
}

func (s fileStore) Commit(ctx context.Context, txn store.Txn) (revision store.Revision, err error) {
	if s.makeDir {
		if err := os.MkdirAll(filepath.Dir(s.path), 0o700); err != nil {
			return 0, err
		}
	}
	err = s.access(ctx, func(st store.Store) (err error) {
		revision, err = st.Commit(ctx, txn)
		return err
	})
	return revision, err
}

// Watch is there for the interface: a ledger does not watch, and a file that is not open cannot be.
func (s fileStore) Watch(context.Context, string, store.Revision) iter.Seq2[store.Change, error] {
	return func(yield func(store.Change, error) bool) { yield(store.Change{}, errors.ErrUnsupported) }
}

// Close has nothing to close.
func (s fileStore) Close() error { return nil }
