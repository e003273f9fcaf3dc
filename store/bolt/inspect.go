package bolt

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"go.etcd.io/bbolt"

	"github.com/sfcancel/sfcancel/store"
)

// inspect decides, without writing, whether a file can be opened for writing.
// It holds the file's shared lock, so no other process changes it meanwhile. If the file
// has no list of free pages, inspect writes one afterwards.
func inspect(path string, giveUp time.Time) error {
	db, file, err := openFile(path, true, giveUp)
	if err != nil {
		return err
	}
	info, failed := file.Stat()
	pages, err := inspectOpen(db, file)
	if err := errors.Join(err, failed, db.Close()); err != nil {
		return err
	}
	if pages.unlisted {
		_ = listFree(path, info, pages) // if it fails, bbolt searches for them itself
	}
	return nil
}

func inspectOpen(db *bbolt.DB, file *os.File) (*pageChecker, error) {
	pages, err := inspectPages(db, file)
	if err != nil {
		return nil, err
	}
	return pages, db.View(func(tx *bbolt.Tx) error {
		empty, err := checkFormat(tx)
		if err != nil || empty {
			return err
		}
		return pages.items.judge(tx)
	})
}

// inspectPages must run before any other read, because bbolt is only safe on sound pages.
func inspectPages(db *bbolt.DB, file *os.File) (pages *pageChecker, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: damaged: %v", store.ErrForeign, p)
		}
	}()
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	err = db.View(func(tx *bbolt.Tx) error {
		pages, err = checkPages(tx, file, size)
		return err
	})
	return pages, err
}
