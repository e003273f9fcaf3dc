package check_test

import (
	"io/fs"
	"os"
	"regexp"
	"testing"
	"testing/fstest"

	"github.com/sfcancel/sfcancel/openapi/internal/check"
)

// lines matches a line of YAML, which has several line separators.
var lines = regexp.MustCompile("[^\n\r\u0085\u2028\u2029]*(?:\r\n|[\n\r\u0085\u2028\u2029]|$)")

// FuzzDocument checks that each problem has a position in a file and a sentence, whatever the document and an overlay
// contain.
func FuzzDocument(f *testing.F) {
	const head = "openapi: 3.0.3\ninfo: {title: t, version: v}\n"
	const actions = "overlay: 1.0.0\nx-speakeasy-jsonpath: rfc9535\ninfo: {title: t, version: v}\nactions:\n"
	for _, document := range []string{
		"", "a", "\t", "a: &a {b: *a}", "? [a]\n: b\n", head + "paths: {}\n", head + "paths: {/a: {get: {responses: {default: {}}}}}",
		head + "paths: {}\ncomponents: {schemas: {A: {$ref: '#/components/schemas/A'}, B: {allOf: [{$ref: '#/components/schemas/B'}], default: 1}}}",
		head + "paths: {'/{a}': {parameters: [{name: b, in: path}], post: {operationId: [], parameters: {}, responses: []}}}",
		head + "paths: {}\ncomponents: {schemas: {A: {type: [string], enum: {a: b}, minimum: x, maxLength: -1, required: a, pattern: [}, default: null}}}",
		head + "paths: {}\ncomponents: {parameters: {A: {x-since: 1, schema: {enum: [a], x-enum-since: []}}}}",
	} {
		f.Add(document, actions+"  - {target: $.info, update: {title: u}}\n")
		f.Add(document, actions+"  - {target: $.components, remove: true}\n")
	}
	text, err := fs.ReadFile(os.DirFS("../../.."), document)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(text), actions)
	f.Fuzz(func(t *testing.T, text, overlay string) {
		tree := fstest.MapFS{
			document:                      {Data: []byte(text)},
			view30:                        {Data: []byte(overlay)},
			"openapi/release/faults.yaml": {Data: []byte(head + "paths: {}\ncomponents: {schemas: {A: {enum: [a, b]}}}\n")},
		}
		problems, err := check.Tree(t.Context(), tree)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range problems {
			if text, ok := tree[p.File]; !ok || p.Text == "" || p.Line < 1 || p.Column < 1 || p.Line > len(lines.FindAll(text.Data, -1)) {
				t.Errorf("got the problem %s, want its position within a file", p)
			}
		}
	})
}
