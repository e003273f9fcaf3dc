package bolt

import "syscall"

// systemDiskErrors are ERROR_WRITE_PROTECT, ERROR_HANDLE_DISK_FULL and ERROR_DISK_FULL.
var systemDiskErrors = []syscall.Errno{19, 39, 112}
