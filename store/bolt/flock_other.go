//go:build windows || plan9 || solaris || aix || android

package bolt

import (
	"errors"
	"os"
)

// lock cannot take the lock of bbolt here.
func lock(*os.File) error { return errors.ErrUnsupported }

// unlock has nothing to do where closing a file ends its locks.
func unlock(*os.File) error { return nil }
