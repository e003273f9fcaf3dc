package journal

import (
	"fmt"
	"io/fs"
	"runtime"
)

// What the ledger makes itself.
const (
	dirMode  fs.FileMode = 0o700
	fileMode fs.FileMode = 0o600
)

// ModeError says that others than the owner may read or write a part of a ledger.
type ModeError struct {
	// Path is the directory or the file.
	Path string
	// Mode is the mode it has.
	Mode fs.FileMode
	// Want are the permissions that it should have.
	Want fs.FileMode
}

// Writable reports whether others may write, which makes what it holds no evidence.
func (e *ModeError) Writable() bool { return e.Mode.Perm()&0o022 != 0 }

// Error says what is wrong, and what command cures it.
func (e *ModeError) Error() string {
	may := "read it"
	if e.Writable() {
		may = "change it, so it proves nothing"
	}
	return fmt.Sprintf("%s has mode %04o, others may %s: chmod %o %q", e.Path, e.Mode.Perm(), may, e.Want, e.Path)
}

// examine looks at the mode of a directory or a file. The error is a *ModeError, for one that others may
// write to; whoever only looks is warned instead, as of one that others may read.
func (l *Ledger) examine(path string, info fs.FileInfo, want fs.FileMode, onlyLook bool) error {
	if runtime.GOOS == "windows" || info.Mode().Perm()&0o066 == 0 {
		return nil
	}
	e := &ModeError{path, info.Mode(), want}
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
