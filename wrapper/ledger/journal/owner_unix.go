//go:build unix

package journal

import (
	"io/fs"
	"os"
	"syscall"
)

// otherOwner reports whether a file belongs to another user than the one that this process acts as, and to which.
func otherOwner(info fs.FileInfo) (uid int, other bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(stat.Uid), int(stat.Uid) != os.Geteuid()
}
