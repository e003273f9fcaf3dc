package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/sfcancel/sfcancel/wrapper/ledger/journal"
)

// believable returns a *[journal.ModeError] if other users can write to the file, or to its directory, where they can
// replace it: such a file proves nothing. A file that does not exist is believed, as empty.
func believable(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	dirs := []string{filepath.Dir(path)}
	if real, err := filepath.EvalSymlinks(path); err == nil && real != path {
		path, dirs = real, append(dirs, filepath.Dir(real))
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	default:
		if e := journal.ModeOf(path, info, 0o600); e != nil && e.Writable() && !info.IsDir() {
			return e
		}
	}
	for _, dir := range dirs { // of any owner, such as root
		info, err := os.Stat(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if info.Mode()&fs.ModeSticky != 0 { // users cannot replace each other's files there
			continue
		}
		if e := (&journal.ModeError{Path: dir, Mode: info.Mode(), Want: info.Mode().Perm() &^ 0o022}); e.Writable() {
			return e
		}
	}
	return nil
}
