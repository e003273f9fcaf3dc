package readonly

import (
	"os"
	"syscall"
	"testing"
)

// Dir makes dir one in which nothing can be written until the end of the test: by its mode or, for root,
// whom that does not hold back, by mounting it on itself. It skips the test where that is not allowed.
func Dir(tb testing.TB, dir string) {
	tb.Helper()
	if os.Geteuid() != 0 {
		byMode(tb, dir)
		return
	}
	if err := syscall.Mount(dir, dir, "", syscall.MS_BIND, ""); err != nil {
		tb.Skipf("nothing can be mounted here: %v", err)
	}
	tb.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			tb.Error(err)
		}
	})
	if err := syscall.Mount("", dir, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		tb.Skipf("nothing can be mounted here: %v", err)
	}
}
