package bolt

import (
	"errors"
	"strings"
	"syscall"
)

// diskErrors are the errors of a write that the disk refuses, for now or until space is freed. They
// say nothing about earlier writes.
var diskErrors = append([]syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EIO}, systemDiskErrors...)

// isOfDisk reports whether bbolt failed with one of diskErrors. In places bbolt returns only the
// text (growing the file, in db.go).
func isOfDisk(err error) bool {
	for _, e := range diskErrors {
		if errors.Is(err, e) || strings.HasSuffix(err.Error(), e.Error()) {
			return true
		}
	}
	return false
}
