package journal

import (
	"fmt"
	"io/fs"
	"os"
	"runtime"
)

// What the ledger makes itself.
const (
	dirMode  fs.FileMode = 0o700
	fileMode fs.FileMode = 0o600
)

// ModeError says that others than the owner may read or write a part of a ledger, or that it belongs to another
// user than the one that the process acts as.
type ModeError struct {
	// Path is the directory or the file.
	Path string
	// Mode is the mode it has.
	Mode fs.FileMode
	// Want are the permissions that it should have.
	Want fs.FileMode
	// Foreign says that it belongs to another user, Owner.
	Foreign bool
	// Owner is the id of that user.
	Owner int
}

// Writable reports whether others may write, which makes what it holds no evidence.
func (e *ModeError) Writable() bool { return e.Foreign || e.Mode.Perm()&0o022 != 0 }

// Error says what is wrong, and what command cures it.
func (e *ModeError) Error() string {
	if e.Foreign {
		return fmt.Sprintf("%s belongs to user %d, who may change it, so it proves nothing to user %d: chown %d %q", e.Path, e.Owner, os.Geteuid(), os.Geteuid(), e.Path)
	}
	may := "read it"
	if e.Writable() {
		may = "change it, so it proves nothing"
	}
	return fmt.Sprintf("%s has mode %04o, others may %s: chmod %o %q", e.Path, e.Mode.Perm(), may, e.Want, e.Path)
}

// ModeOf is what is wrong with a directory or a file of a ledger that should have the permissions want; nil if none but
// the user that the process acts as may read or write it, and on Windows. It is for ledgers of other kinds.
func ModeOf(path string, info fs.FileInfo, want fs.FileMode) *ModeError {
	uid, foreign := otherOwner(info)
	if runtime.GOOS == "windows" || info.Mode().Perm()&0o066 == 0 && !foreign {
		return nil
	}
	return &ModeError{Path: path, Mode: info.Mode(), Want: want, Foreign: foreign, Owner: uid}
}

// examine looks at the owner and the mode of a directory or a file. The error is a *ModeError, for one that others may
// write to; whoever only looks is warned instead, as of one that others may read.
func (l *Ledger) examine(path string, info fs.FileInfo, want fs.FileMode, onlyLook bool) error {
	e := ModeOf(path, info, want)
	if e == nil {
		return nil
	}
	if e.Writable() && !onlyLook {
		return e
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.warned[path] {
		l.warned[path] = true
		l.warn(e)
	}
	return nil
}
