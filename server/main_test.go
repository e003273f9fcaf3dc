package server_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/sfcancel/sfcancel/internal/imports"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Everybody who imports this package gets all that it imports: a new line is a decision. Telemetry is
// in server/otel, for those who want it.
func TestImports(t *testing.T) {
	t.Parallel()
	imports.Check(t, "testdata/imports.txt")
}
