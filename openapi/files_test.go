package openapi_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/openapi"
)

// Files returns exactly the forms of the document, with the same contents in YAML and in
// JSON.
func TestFiles(t *testing.T) {
	t.Parallel()
	files, err := openapi.Files()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"faults.json", "faults.yaml"}
	for _, v := range generated.APIVersions {
		want = append(want, "v"+v+".json", "v"+v+".yaml")
	}
	if got := slices.Sorted(maps.Keys(files)); !slices.Equal(got, want) {
		t.Fatalf("the files are %v, want %v", got, want)
	}
	if !bytes.Equal(files["faults.yaml"], openapi.Document()) {
		t.Errorf("faults.yaml: got %d bytes, want the %d of the document", len(files["faults.yaml"]), len(openapi.Document()))
	}
	for name, text := range files {
		if filepath.Ext(name) == ".json" {
			continue
		}
		stem := strings.TrimSuffix(name, ".yaml")
		if v, ok := strings.CutPrefix(stem, "v"); ok && !bytes.Equal(text, formText(t, v)) {
			t.Errorf("%s differs from the view, want them equal", name)
		}
		if got, want := asRead(t, files[stem+".json"]), asRead(t, text); got != want {
			t.Errorf("%s.json and %s differ:\n%s\nwant\n%s", stem, name, got, want)
		}
	}
	again, err := openapi.Files()
	if err != nil || !maps.EqualFunc(files, again, bytes.Equal) {
		t.Errorf("the second call returned other files, or the error %v, want the same files", err)
	}
}

// asRead returns a document in YAML or JSON as kin-openapi reads it.
func asRead(t *testing.T, text []byte) string {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	read, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return string(read)
}
