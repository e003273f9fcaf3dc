package bolt

import (
	"errors"
	"strings"
	"syscall"
)

// diskErrors are what a system answers to a write that a disk does not take, now or until
// somebody has made room. Which of them it has tells nothing about what was written before.
var diskErrors = append([]syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EIO}, systemDiskErrors...)

// isOfDisk reports whether bbolt failed for one of them. In places bbolt passes on the text
// alone (growing the file, in db.go).
func isOfDisk(err error) bool {
	for _, e := range diskErrors {
		if errors.Is(err, e) || strings.HasSuffix(err.Error(), e.Error()) {
			return true
		}
	}
	return false
}
