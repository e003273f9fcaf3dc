package openapi_test

import (
	"testing"

	"github.com/sfcancel/sfcancel/internal/imports"
)

// The command line imports this package, and starts for every call: what reads and judges the document
// is in openapi/loaded.
func TestImports(t *testing.T) {
	t.Parallel()
	imports.Check(t, "testdata/imports.txt")
}
