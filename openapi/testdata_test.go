package openapi_test

import (
	"encoding/json"
	"os"
	"testing"
)

// testdata reads a JSON file of facts.
func testdata(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}
