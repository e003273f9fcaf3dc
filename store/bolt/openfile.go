package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/sfcancel/sfcancel/store"
)

// fileMode is the mode of a new file: state may be confidential.
const fileMode fs.FileMode = 0o600

// openFile opens a bbolt file, waiting for its lock until giveUp. It also returns
// the underlying file, which db.Close closes.
func openFile(path string, readOnly bool, giveUp time.Time) (db *bbolt.DB, file *os.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			// bbolt panics on damaged pages, and then does not close the file.
			err = errors.Join(fmt.Errorf("%w: damaged: %v", store.ErrForeign, p), abandon(file))
			db, file = nil, nil
		}
	}()
	db, err = bbolt.Open(path, fileMode, &bbolt.Options{
		// 0 would wait forever; a timeout below bbolt's interval makes one attempt.
		Timeout:      max(time.Until(giveUp), 1),
		ReadOnly:     readOnly,
		FreelistType: bbolt.FreelistMapType,
		OpenFile: func(path string, flag int, mode os.FileMode) (*os.File, error) {
			f, err := os.OpenFile(path, flag, mode)
			file = f
			return f, err
		},
	})
	if err != nil {
		return nil, nil, openError(err)
	}
	return db, file, nil
}

// openError classifies an error of bbolt.Open. Errors of the operating system are
// returned unchanged; all others except a timeout are about the contents.
func openError(err error) error {
	var fromPath *fs.PathError
	var fromSystem syscall.Errno
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return fmt.Errorf("%w: another process has the file open", store.ErrLocked)
	case errors.As(err, &fromPath), errors.As(err, &fromSystem):
		return err
	}
	return fmt.Errorf("%w: %w", store.ErrForeign, err)
}

// abandon closes the file of a bbolt.DB that has panicked and cannot be closed.
// It must unlock as well, because the leaked mapping keeps the file open.
func abandon(file *os.File) error {
	if file == nil {
		return nil
	}
	return errors.Join(unlock(file), file.Close())
}
