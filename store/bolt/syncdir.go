package bolt

import (
	"errors"
	"os"
	"runtime"
)

// syncDir makes the name of a new file durable; an fsync of the file alone does
// not (see fsync(2)).
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
