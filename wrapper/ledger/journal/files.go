package journal

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// makeDir creates a directory and its missing parents, durably.
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
	if err := os.Mkdir(dir, dirMode); err != nil && !errors.Is(err, fs.ErrExist) { // another process may have created it
		return err
	}
	return syncDir(above)
}

// syncDir makes the names of new files durable, which an fsync of the files does not.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // Windows cannot sync a directory, and need not
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// draft is a file that is being written, and is renamed or published with its directory once it is complete.
type draft struct {
	path string
	file *os.File
	out  *bufio.Writer
}

// openDraft opens the draft at a path for appending, creating it if needed.
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

// finish makes the content durable, but not the name.
func (d *draft) finish() error {
	return errors.Join(d.out.Flush(), d.file.Sync(), d.file.Close())
}

// remove removes the draft. It does nothing once the draft has been renamed.
func (d *draft) remove() {
	_ = d.file.Close()
	_ = os.Remove(d.path)
}
