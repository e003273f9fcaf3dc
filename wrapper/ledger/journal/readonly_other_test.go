//go:build !linux

package journal_test

import (
	"os"
	"testing"
)

// readOnly makes a directory one that cannot be written.
func readOnly(t *testing.T, dir string) {
	t.Helper()
	if os.Geteuid() <= 0 {
		t.Skip("modes hold nobody back here")
	}
	must(t, os.Chmod(dir, 0o500))
	t.Cleanup(func() { must(t, os.Chmod(dir, 0o700)) }) // or it could not be removed
}
