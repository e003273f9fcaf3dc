//go:build !windows

package bolt

import "syscall"

// systemDiskErrors is what there is besides the errors of POSIX.
var systemDiskErrors []syscall.Errno
