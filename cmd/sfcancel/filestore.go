package main

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"time"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/bolt"
)

// fileStore is a bolt file that is open only during each access: bolt allows one writer at a time,
// and a stop may run for minutes while another command cancels something else. A file that does not
// exist reads as empty, and the first write creates it.
type fileStore struct{ path string }

var _ store.Store = fileStore{}

// most returns how long an access waits for other processes: most of the time that its context has left, so
// that the error is about the file.
func most(ctx context.Context) time.Duration {
	if deadline, ok := ctx.Deadline(); ok {
		return max(time.Until(deadline)*9/10, 0)
	}
	return 30 * time.Second
}

func (s fileStore) access(ctx context.Context, do func(store.Store) error, options ...bolt.Option) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := believable(s.path); err != nil {
		return err
	}
	st, err := bolt.Open(s.path, append(options, bolt.WithLockWait(most(ctx)))...)
	if err != nil {
		return err
	}
	defer st.Close()
	return do(st)
}

// read is access for reading. It reports false if there is no file, or an empty one.
func (s fileStore) read(ctx context.Context, do func(store.Store) error) (bool, error) {
	err := s.access(ctx, do, bolt.ReadOnly())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return true, err
}

func (s fileStore) Get(ctx context.Context, key string) (item store.Item, err error) {
	there, err := s.read(ctx, func(st store.Store) (err error) {
		item, err = st.Get(ctx, key)
		return err
	})
	if !there {
		err = store.ErrNotFound
	}
	return item, err
}

func (s fileStore) List(ctx context.Context, prefix, after string, limit int) (page store.Page, err error) {
	_, err = s.read(ctx, func(st store.Store) (err error) {
		page, err = st.List(ctx, prefix, after, limit)
		return err
	})
	return page, err
}

func (s fileStore) Commit(ctx context.Context, txn store.Txn) (revision store.Revision, err error) {
	err = s.access(ctx, func(st store.Store) (err error) {
		revision, err = st.Commit(ctx, txn)
		return err
	})
	return revision, err
}

// Watch is not supported: a ledger does not watch, and a closed file cannot be watched.
func (s fileStore) Watch(context.Context, string, store.Revision) iter.Seq2[store.Change, error] {
	return func(yield func(store.Change, error) bool) { yield(store.Change{}, errors.ErrUnsupported) }
}

// Close does nothing: the file is closed after each access.
func (s fileStore) Close() error { return nil }
