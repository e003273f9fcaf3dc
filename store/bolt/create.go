package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// create makes an empty store at path. It is made under another name and then
// linked: a process that dies in between leaves nothing at path, and of two
// that do this at once neither replaces the file of the other. Where that is
// not possible (a file system without hard links, a dangling symbolic link at
// path) nothing is made.
func create(path string) error {
	_, draft, err := newDraft(path)
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	if err := draft.Close(); err != nil {
		return err
	}
	db, _, err := openFile(draft.Name(), false, time.Now())
	if err != nil {
		return err
	}
	if err := errors.Join(db.Update(writeFormat), db.Close()); err != nil {
		return err
	}
	// A failure is for openWritable to deal with: either somebody else was
	// first, or the store has to be made in place.
	_ = os.Link(draft.Name(), path)
	return nil
}

// newDraft makes an empty file, of mode 0600, beside path. dir is the directory.
func newDraft(path string) (dir string, draft *os.File, err error) {
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	switch info, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil, fmt.Errorf("the directory %q does not exist, create it first: %w", dir, fs.ErrNotExist)
	case err != nil:
		return "", nil, err
	case !info.IsDir():
		return "", nil, fmt.Errorf("%q is not a directory, choose another path: %w", dir, fs.ErrInvalid)
	}
	draft, err = os.CreateTemp(dir, base+".new-*") // of mode 0600
	return dir, draft, err
}
