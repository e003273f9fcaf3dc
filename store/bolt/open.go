package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"github.com/sfcancel/sfcancel/store"
)

// Open opens the store in the file at path. If the file is missing or empty, Open creates
// the store. The directory must exist, and must be writable if
// the file has to be created. A new store appears at path complete or not at all.
// If the process dies meanwhile, it may leave a file with the name
// of the store plus ".new-" and a number; it can be deleted.
//
// The errors are [store.ErrInvalid] for an empty path or a bad option;
// [store.ErrLocked] if another process, or another Store of this process, keeps the
// file open for longer than [DefaultLockWait] (see [WithLockWait]);
// [store.ErrForeign] if path is not a regular file, not a store, damaged, or
// a store of another format version: the file is left unchanged.
// Other errors are those of the operating system, such as [fs.ErrNotExist] for
// the directory and [fs.ErrPermission]. All of them name the path.
//
// The caller must close the store.
func Open(path string, opts ...Option) (*Store, error) {
	s, err := open(path, opts)
	if err != nil {
		return nil, fmt.Errorf("bolt: open %q: %w", path, err)
	}
	return s, nil
}

func open(path string, opts []Option) (*Store, error) {
	o := options{lockWait: DefaultLockWait}
	for _, opt := range opts {
		if err := opt(&o); err != nil {
			return nil, err
		}
	}
	if path == "" {
		return nil, fmt.Errorf("%w: empty path", store.ErrInvalid)
	}
	giveUp := time.Now().Add(o.lockWait)
	if o.readOnly {
		return openReadOnly(path, giveUp)
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := create(path); err != nil {
			return nil, err
		}
		info, err = os.Stat(path)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist): // create could not link: bbolt creates the file in place
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, irregular(info)
	case info.Size() > 0:
		if err := inspect(path, giveUp); err != nil {
			return nil, err
		}
	}
	return openWritable(path, giveUp)
}

func irregular(info fs.FileInfo) error {
	return fmt.Errorf("%w: not a regular file but %v", store.ErrForeign, info.Mode())
}

// openReadOnly opens an existing store. Its shared lock keeps writers out.
func openReadOnly(path string, giveUp time.Time) (*Store, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, irregular(info)
	case info.Size() == 0:
		return nil, errNoStore
	}
	db, file, err := openFile(path, true, giveUp)
	if err != nil {
		return nil, err
	}
	s, err := startReadOnly(db, file)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

var errNoStore = fmt.Errorf("there is nothing in the file: %w", fs.ErrNotExist)

func startReadOnly(db *bbolt.DB, file *os.File) (*Store, error) {
	if _, err := inspectOpen(db, file); err != nil {
		return nil, err
	}
	if err := db.View(func(tx *bbolt.Tx) error {
		empty, err := checkFormat(tx)
		if empty {
			err = errNoStore
		}
		return err
	}); err != nil {
		return nil, err
	}
	s, err := newStore(db, file)
	if err != nil {
		return nil, err
	}
	s.readOnly = true
	return s, nil
}

// openWritable opens a file that has passed inspect, or an empty or missing one.
func openWritable(path string, giveUp time.Time) (*Store, error) {
	db, file, err := openFile(path, false, giveUp)
	if err != nil {
		return nil, err
	}
	s, err := start(db, file)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

func start(db *bbolt.DB, file *os.File) (*Store, error) {
	var empty bool
	err := db.View(func(tx *bbolt.Tx) (err error) {
		// Checked again: the file may have been replaced since inspect.
		empty, err = checkFormat(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	if empty {
		if err := db.Update(writeFormat); err != nil {
			return nil, err
		}
	}
	// A killed process may have left its last transaction without an fsync. Reads
	// return it from now on, so it must be durable.
	if err := db.Sync(); err != nil {
		return nil, err
	}
	target, err := filepath.EvalSymlinks(db.Path())
	if err != nil {
		return nil, err
	}
	if err := syncDir(filepath.Dir(target)); err != nil {
		return nil, err
	}
	return newStore(db, file)
}
