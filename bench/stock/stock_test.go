package stock_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// A peer that was made from another document would be measured at other work.
func TestIsWhatTheDocumentMakes(t *testing.T) {
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
		t.Error(`stock.gen.go is not what openapi/faults.yaml makes: run "go generate ./stock" in bench`)
	}
}
