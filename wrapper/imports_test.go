package wrapper_test

import (
	"testing"

	"github.com/sfcancel/sfcancel/internal/imports"
)

// Importers of this package get all its dependencies, so adding one is a decision.
func TestImports(t *testing.T) {
	t.Parallel()
	imports.Check(t, "testdata/imports.txt")
}
