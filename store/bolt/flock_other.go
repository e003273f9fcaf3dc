//go:build windows || plan9 || solaris || aix || android

package bolt

import (
	"errors"
	"os"
)

// lock always fails: bbolt's lock is not implemented for these systems.
func lock(*os.File) error { return errors.ErrUnsupported }

// unlock does nothing: on these systems, closing a file releases its locks.
func unlock(*os.File) error { return nil }
