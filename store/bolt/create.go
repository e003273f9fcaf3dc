package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// create creates an empty store under another name and then links it to path: a
// process that dies in between leaves nothing at path, and two processes that do
// this at once never replace each other's file. Where linking is not possible (a
// file system without hard links, a dangling symbolic link at path), create leaves
// nothing at path and returns nil.
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
	// openWritable handles a failure: either another process was first, or the
	// store has to be created in place.
	_ = os.Link(draft.Name(), path)
	return nil
}

// newDraft creates an empty file of mode 0600 in dir, the directory of path.
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
