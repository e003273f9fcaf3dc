package openapi_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// reference is the folder with the facts of the official contract. It lies beside the repository and is no part of it.
const reference = "../../shared/reference"

// referenceFile reads one file of the reference. Whoever has only the repository skips the test; .ci/run has both, and
// there a missing reference is a failure, or the comparison would stop without anyone noticing.
func referenceFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(reference, filepath.FromSlash(name)))
	switch {
	case err == nil:
		return data
	case errors.Is(err, fs.ErrNotExist) && os.Getenv("SFCANCEL_REFERENCE") != "required":
		t.Skipf("the reference is not beside the repository: %v", err)
	default:
		t.Fatalf("reference: %v", err)
	}
	return nil
}

// referenceJSON decodes one JSON file of the reference.
func referenceJSON(t *testing.T, name string, into any) {
	t.Helper()
	if err := json.Unmarshal(referenceFile(t, name), into); err != nil {
		t.Fatalf("reference %s: %v", name, err)
	}
}
