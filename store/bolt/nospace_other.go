//go:build !windows

package bolt

import "syscall"

// systemDiskErrors are errors of the system besides those of POSIX: none.
var systemDiskErrors []syscall.Errno
