package stock_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// If the code came from another version of the document, the benchmark would compare different work.
func TestIsCurrent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "stock.gen.go")
	cmd := exec.CommandContext(t.Context(), "go", "run", "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen",
		"-config", "bench/stock/cfg.yaml", "-o", path, "openapi/faults.yaml")
	cmd.Dir = filepath.Join("..", "..")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("stock.gen.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error(`stock.gen.go differs from the output for openapi/faults.yaml: run "go generate ./stock" in bench`)
	}
}
