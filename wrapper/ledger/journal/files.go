package journal

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// makeDir makes a directory, and those above it that are missing, durably.
func makeDir(dir string) error {
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	above := filepath.Dir(dir)
	if above != dir {
		if err := makeDir(above); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) { // others are at it as well
		return err
	}
	return syncDir(above)
}

// syncDir makes the names of new files durable, which an fsync of the files does not.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // cannot sync a directory, and need not
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// draft is a file that takes its place when it is finished.
type draft struct {
	path string
	file *os.File
	out  *bufio.Writer
}

// openDraft goes on with the draft at a path, or begins one.
func openDraft(path string) (*draft, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, fileMode)
	if err != nil {
		return nil, err
	}
	return &draft{path, file, bufio.NewWriter(file)}, nil
}

func (d *draft) add(line []byte) error {
	_, err := d.out.Write(line)
	return err
}

// finish makes the file durable, but for its name.
func (d *draft) finish() error {
	return errors.Join(d.out.Flush(), d.file.Sync(), d.file.Close())
}

// remove removes the draft if it is not finished and in its place.
func (d *draft) remove() {
	_ = d.file.Close()
	_ = os.Remove(d.path)
}
