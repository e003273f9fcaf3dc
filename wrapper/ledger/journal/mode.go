package journal

import (
	"fmt"
	"io/fs"
	"os"
	"runtime"
)

// The modes with which the ledger creates directories and files.
const (
	dirMode  fs.FileMode = 0o700
	fileMode fs.FileMode = 0o600
)

// ModeError means that users other than the owner may read or write a directory or file of a ledger, or that it is
// not owned by the effective user of the process.
type ModeError struct {
	// Path is the directory or the file.
	Path string
	// Mode is its mode.
	Mode fs.FileMode
	// Want is the permissions that it should have.
	Want fs.FileMode
	// Foreign means that it is not owned by the effective user.
	Foreign bool
	// Owner is the user id of its owner; 0 where owners are not checked.
	Owner int
}

// Writable reports whether others may write to it, or own it. Then its content is not evidence.
func (e *ModeError) Writable() bool { return e.Foreign || e.Mode.Perm()&0o022 != 0 }

// Error describes the problem and the command that fixes it.
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

// ModeOf checks the owner and the mode of a directory or file of a ledger, which should have the permissions want. It
// returns nil if only the effective user may read or write it, and always on Windows. It is exported for other kinds
// of ledgers.
func ModeOf(path string, info fs.FileInfo, want fs.FileMode) *ModeError {
	uid, foreign := otherOwner(info)
	if runtime.GOOS == "windows" || info.Mode().Perm()&0o066 == 0 && !foreign {
		return nil
	}
	return &ModeError{Path: path, Mode: info.Mode(), Want: want, Foreign: foreign, Owner: uid}
}

// examine checks the owner and the mode of a directory or a file. It returns a *ModeError if others may write to it,
// and warns if they may only read it. If onlyLook is set, it warns in both cases.
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
