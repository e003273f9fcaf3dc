//go:build !unix

package journal

import "io/fs"

// otherOwner reports whether a file belongs to another user than the one that this process acts as, and to which. Here
// it knows of none.
func otherOwner(fs.FileInfo) (uid int, other bool) { return 0, false }
