//go:build !windows && !plan9 && !solaris && !aix && !android

package bolt

import (
	"os"
	"syscall"
)

// unlock undoes bbolt's lock; the build constraint is that of bbolt's
// bolt_unix.go. A file that was not locked is no error.
func unlock(file *os.File) error {
	return syscall.Flock(int(file.Fd()), syscall.LOCK_UN)
}
