package bolt_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Unlike in the other tests, here the operating system fails the write.
func TestBackupToAFullDisk(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can mount a small file system")
	}
	s, _ := backedUp(t)
	full := t.TempDir()
	if err := syscall.Mount("tmpfs", full, "tmpfs", 0, "size=64k,mode=700"); err != nil {
		t.Skipf("no file system can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(full, 0); err != nil {
			t.Error(err)
		}
	})
	if err := s.Backup(t.Context(), filepath.Join(full, "copy.db")); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("Backup: %v, want ENOSPC", err)
	}
	onlyFile(t, full)
	if _, err := s.Commit(t.Context(), writeOf("next")); err != nil {
		t.Error(err)
	}
}
