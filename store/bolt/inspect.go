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
// It holds the file's shared lock, so no other process changes it meanwhile.
func inspect(path string, giveUp time.Time) error {
	db, file, err := openFile(path, true, giveUp)
	if err != nil {
		return err
	}
	return errors.Join(inspectOpen(db, file), db.Close())
}

func inspectOpen(db *bbolt.DB, file *os.File) error {
	items, err := inspectPages(db, file)
	if err != nil {
		return err
	}
	return db.View(func(tx *bbolt.Tx) error {
		empty, err := checkFormat(tx)
		if err != nil || empty {
			return err
		}
		return items.judge(tx)
	})
}

// inspectPages comes first of all, as bbolt may only read pages that are sound.
func inspectPages(db *bbolt.DB, file *os.File) (items *itemChecker, err error) {
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
		items, err = checkPages(tx, file, size)
		return err
	})
	return items, err
}
