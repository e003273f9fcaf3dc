package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/sfcancel/sfcancel/store"
)

// Get implements [store.Store].
func (s *Store) Get(ctx context.Context, key string) (store.Item, error) {
	item, err := s.get(ctx, key)
	if err != nil {
		return store.Item{}, fmt.Errorf("bolt: get %.64q from %q: %w", key, s.path, err)
	}
	return item, nil
}

func (s *Store) get(ctx context.Context, key string) (item store.Item, err error) {
	if err := store.ValidateKey(key); err != nil {
		return store.Item{}, err
	}
	err = s.view(ctx, func(items *bbolt.Bucket) {
		if value := items.Get([]byte(key)); value != nil {
			item = decodeItem([]byte(key), value)
		}
	})
	if err == nil && item.Revision == 0 {
		err = store.ErrNotFound
	}
	return item, err
}

// List implements [store.Store].
func (s *Store) List(ctx context.Context, prefix, after string, limit int) (page store.Page, err error) {
	page.Revision, err = s.Scan(ctx, prefix, after, limit, func(key, value []byte, at store.Revision) bool {
		page.Items = append(page.Items, store.Item{Key: string(key), Value: bytes.Clone(value), Revision: at})
		return true
	})
	if err != nil {
		return store.Page{}, err
	}
	return page, nil
}

// Scan implements [store.Scanner]. Commits do not wait for it, unless the file has to grow
// beyond its mapping.
func (s *Store) Scan(ctx context.Context, prefix, after string, limit int, see func(key, value []byte, at store.Revision) bool) (store.Revision, error) {
	at, err := s.scan(ctx, prefix, after, limit, see)
	if err != nil {
		return 0, fmt.Errorf("bolt: list %.64q from %q: %w", prefix, s.path, err)
	}
	return at, nil
}

func (s *Store) scan(ctx context.Context, prefix, after string, limit int, see func(key, value []byte, at store.Revision) bool) (at store.Revision, err error) {
	if limit <= 0 {
		return 0, fmt.Errorf("%w: limit %d", store.ErrInvalid, limit)
	}
	start := []byte(prefix)
	err = s.view(ctx, func(items *bbolt.Bucket) {
		at = storeRevision(items.Tx())
		cursor := items.Cursor()
		key, value := cursor.Seek([]byte(max(prefix, after)))
		if key != nil && string(key) == after {
			key, value = cursor.Next()
		}
		for n := 0; n < limit && key != nil && bytes.HasPrefix(key, start); n++ {
			if !see(key, value[revisionSize:], decodeRevision(value)) {
				return
			}
			key, value = cursor.Next()
		}
	})
	return at, err
}

// view reads from one state of the items and returns once that state is durable.
func (s *Store) view(ctx context.Context, read func(items *bbolt.Bucket)) error {
	return s.viewTx(ctx, func(tx *bbolt.Tx) error {
		read(tx.Bucket([]byte(itemsBucket)))
		return nil
	})
}

// viewTx is view for the whole file. It returns an error of read unchanged.
func (s *Store) viewTx(ctx context.Context, read func(tx *bbolt.Tx) error) error {
	if err := s.usable(ctx); err != nil {
		return err
	}
	var id int
	err := s.db.View(func(tx *bbolt.Tx) error {
		id = tx.ID()
		return read(tx)
	})
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return store.ErrClosed
	}
	if err != nil {
		return err
	}
	return s.durable.wait(ctx, id)
}
