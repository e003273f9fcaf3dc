// Package readonly makes directories that cannot be written, for tests.
package readonly

import (
	"os"
	"testing"
)

// byMode takes the right to write from whoever it holds back.
func byMode(tb testing.TB, dir string) {
	tb.Helper()
	if err := os.Chmod(dir, 0o500); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = os.Chmod(dir, 0o700) }) // or it could not be removed
}
