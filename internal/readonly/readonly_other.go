//go:build !linux

package readonly

import (
	"os"
	"testing"
)

// Dir makes dir one in which nothing can be written until the end of the test, by its mode. It skips the test
// where that holds nobody back.
func Dir(tb testing.TB, dir string) {
	tb.Helper()
	if os.Geteuid() <= 0 {
		tb.Skip("modes hold nobody back here")
	}
	byMode(tb, dir)
}
