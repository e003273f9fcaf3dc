package emit_test

import (
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sfcancel/sfcancel/openapi/internal/emit"
)

// tree returns the repository with another document.
func tree(t *testing.T, document string) fs.FS {
	t.Helper()
	files := fstest.MapFS{
		"openapi/faults.yaml":     {Data: []byte(document)},
		"openapi/go.overlay.yaml": {Data: []byte("overlay: 1.0.0\ninfo: {title: none, version: '1'}\nactions: [{target: $.info, update: {description: none}}]\n")},
	}
	root := os.DirFS("../../..")
	names, err := fs.Glob(root, "openapi/templates/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(names, "openapi/go.cfg.yaml") {
		text, err := fs.ReadFile(root, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: text}
	}
	return files
}

// The code generated from another document compiles, and its requests and answers are right. An overlay puts it
// into the module as an additional package.
func TestSecondDocument(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles a package; make test runs it")
	}
	document, err := os.ReadFile("testdata/second.yaml")
	if err != nil {
		t.Fatal(err)
	}
	files, err := emit.Files(tree(t, string(document)))
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile("testdata/second_test.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	files["second_test.go"] = program
	delete(files, "examples.gen_test.go") // it imports package generated
	dir := t.TempDir()
	here, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	over := make(map[string]string)
	for name, text := range files {
		over[filepath.Join(here, name)] = filepath.Join(dir, name)
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": over})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"vet"}, {"test", "-count=1"}} {
		run := exec.CommandContext(t.Context(), "go", append(args, "-overlay", filepath.Join(dir, "overlay.json"), "./testdata")...)
		if out, err := run.CombinedOutput(); err != nil {
			t.Errorf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// The generator refuses a document for which it cannot write the code.
func TestUnsupportedParameters(t *testing.T) {
	for name, tt := range map[string]struct{ parameter, want string }{
		"an object":    {"{name: x, in: query, schema: {type: object, properties: {a: {type: string}}}}", "Get: parameter x: a value of type [object]"},
		"a deep style": {"{name: x, in: query, style: deepObject, schema: {type: array, items: {type: string}}}", "Get: parameter x: the style deepObject of a list"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := emit.Files(tree(t, `
openapi: 3.0.3
info: {title: t, version: "1"}
paths:
  /x:
    get:
      operationId: Get
      parameters: [`+tt.parameter+`]
      responses: {"200": {description: d}}
`))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}
