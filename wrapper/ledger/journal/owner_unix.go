//go:build unix

package journal

import (
	"io/fs"
	"os"
	"syscall"
)

// otherOwner returns the owner of a file, and whether it is another user than the effective one.
func otherOwner(info fs.FileInfo) (uid int, other bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(stat.Uid), int(stat.Uid) != os.Geteuid()
}
