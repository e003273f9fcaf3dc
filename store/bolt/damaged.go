package bolt

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"go.etcd.io/bbolt"

	"github.com/sfcancel/sfcancel/store"
)

// Damaged is an unusable item found by [Check].
type Damaged struct {
	Key string
	// Raw is the entry in the file: the revision in 8 bytes, big-endian, followed by the value. It is
	// shorter than 8 bytes if the revision is missing.
	Raw []byte
	// Err says what is wrong.
	Err error
}

// Check reads the file at path from end to end, under a shared lock. The structure of the file must be
// sound: Check fails with the same errors as [Open]. It returns the damaged items in the order of their
// keys. It calls judge for every other item; if judge returns an error, the item is damaged as well.
// judge must not keep the item's Value after it has returned. Check changes nothing.
func Check(ctx context.Context, path string, judge func(store.Item) error, opts ...Option) ([]Damaged, error) {
	damaged, err := check(ctx, path, judge, opts)
	if err != nil {
		return nil, fmt.Errorf("bolt: check %q: %w", path, err)
	}
	return damaged, nil
}

func check(ctx context.Context, path string, judge func(store.Item) error, opts []Option) (damaged []Damaged, err error) {
	db, err := openDamaged(path, true, opts)
	if err != nil {
		return nil, err
	}
	err = db.View(func(tx *bbolt.Tx) error {
		newest := storeRevision(tx)
		return tx.Bucket([]byte(itemsBucket)).ForEach(func(key, raw []byte) error {
			why := judgeRaw(key, raw, newest)
			if why == nil {
				why = judge(store.Item{Key: string(key), Value: raw[revisionSize:], Revision: decodeRevision(raw)})
			}
			if why != nil {
				damaged = append(damaged, Damaged{string(key), bytes.Clone(raw), why})
			}
			return ctx.Err()
		})
	})
	return damaged, errors.Join(err, db.Close())
}

// Remove removes the items returned by [Check] in one transaction. If one of them has changed since then,
// Remove removes nothing and fails with [store.ErrConflict].
func Remove(path string, damaged []Damaged, opts ...Option) error {
	if err := remove(path, damaged, opts); err != nil {
		return fmt.Errorf("bolt: remove from %q: %w", path, err)
	}
	return nil
}

func remove(path string, damaged []Damaged, opts []Option) error {
	db, err := openDamaged(path, false, opts)
	if err != nil {
		return err
	}
	return errors.Join(db.Update(func(tx *bbolt.Tx) error {
		items := tx.Bucket([]byte(itemsBucket))
		for _, d := range damaged {
			if !bytes.Equal(items.Get([]byte(d.Key)), d.Raw) {
				return fmt.Errorf("%w: %.64q has changed", store.ErrConflict, d.Key)
			}
			if err := items.Delete([]byte(d.Key)); err != nil {
				return err
			}
		}
		return setStoreRevision(tx, storeRevision(tx)+1)
	}), db.Close())
}

// openDamaged opens a store whose items may be damaged.
func openDamaged(path string, readOnly bool, opts []Option) (*bbolt.DB, error) {
	o := options{lockWait: DefaultLockWait}
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return nil, err
		}
	}
	switch info, err := os.Stat(path); {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, irregular(info)
	case info.Size() == 0:
		return nil, errNoStore
	}
	giveUp := time.Now().Add(o.lockWait)
	db, file, err := openFile(path, true, giveUp)
	if err != nil {
		return nil, err
	}
	_, err = inspectPages(db, file)
	if err == nil {
		err = db.View(func(tx *bbolt.Tx) error {
			empty, err := checkFormat(tx)
			if empty {
				err = errNoStore
			}
			return err
		})
	}
	if err == nil && readOnly {
		return db, nil
	}
	if err = errors.Join(err, db.Close()); err != nil {
		return nil, err
	}
	db, _, err = openFile(path, false, giveUp)
	return db, err
}
