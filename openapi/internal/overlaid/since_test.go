package overlaid_test

import (
	"errors"
	"slices"
	"testing"
	"testing/fstest"

	"gopkg.in/yaml.v3"

	"github.com/sfcancel/sfcancel/openapi/internal/overlaid"
)

func TestNarrow(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, document, version, want string }{
		{"nothing is said", "{a: {b: 1}}", "3.0", "{a: {b: 1}}"},
		{"came before", `{a: {x-since: "3.0", b: 1}}`, "6.0", "{a: {b: 1}}"},
		{"came with it", `{a: {x-since: "6.0", b: 1}}`, "6.0", "{a: {b: 1}}"},
		{"came after", `{a: {x-since: "6.5", b: 1}, c: 2}`, "6.0", "{c: 2}"},
		{"numbers, not texts", `{a: {x-since: "6.10", b: 1}, c: 2}`, "6.9", "{c: 2}"},
		{"an element of a list", `{a: [{x-since: "6.5", b: 1}, {c: 2}]}`, "6.0", "{a: [{c: 2}]}"},
		{"the last element of a list", `{a: [{x-since: "6.5", b: 1}], c: 2}`, "6.0", "{c: 2}"},
		{
			"what refers to it", `{components: {parameters: {P: {x-since: "6.5"}, Q: {n: 1}}}, list: [{$ref: "#/components/parameters/P"}, {$ref: "#/components/parameters/Q"}]}`,
			"6.0", `{components: {parameters: {Q: {n: 1}}}, list: [{$ref: "#/components/parameters/Q"}]}`,
		},
		{
			"a property that is required", `{properties: {a: {x-since: "6.5"}, b: {t: 1}}, required: [a, b]}`,
			"6.0", `{properties: {b: {t: 1}}, required: [b]}`,
		},
		{
			"the only property that is required", `{properties: {a: {x-since: "6.5"}, b: {t: 1}}, required: [a]}`,
			"6.0", `{properties: {b: {t: 1}}}`,
		},
		{"values of an enum", `{enum: [A, B, C], x-enum-since: {B: "6.5", C: "3.0"}}`, "6.0", "{enum: [A, C]}"},
		{"a property of that name", `{properties: {x-since: {t: 1}}}`, "6.0", "{properties: {x-since: {t: 1}}}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var root, want yaml.Node
			if err := errors.Join(yaml.Unmarshal([]byte(tt.document), &root), yaml.Unmarshal([]byte(tt.want), &want)); err != nil {
				t.Fatal(err)
			}
			if err := overlaid.Narrow(&root, tt.version); err != nil {
				t.Fatal(err)
			}
			if got, want := text(t, &root), text(t, &want); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestNarrowRefuses(t *testing.T) {
	t.Parallel()
	for _, document := range []string{`{a: {x-since: later}}`, `{a: {enum: [A], x-enum-since: {A: "6"}}}`, `{a: {x-enum-since: {A: "6.0"}}}`} {
		var root yaml.Node
		if err := yaml.Unmarshal([]byte(document), &root); err != nil {
			t.Fatal(err)
		}
		if err := overlaid.Narrow(&root, "6.0"); err == nil {
			t.Errorf("%s: got no error, want one", document)
		}
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	folder := fstest.MapFS{}
	for _, file := range []string{"v6.10.overlay.yaml", "v6.9.overlay.yaml", "v10.0.overlay.yaml", "v3.0.overlay.yaml", "vNext.overlay.yaml", "v06.0.overlay.yaml", "go.overlay.yaml", "v7.0.yaml"} {
		folder[file] = &fstest.MapFile{}
	}
	if got, want := overlaid.Versions(folder, "."), []string{"3.0", "6.9", "6.10", "10.0"}; !slices.Equal(got, want) {
		t.Errorf("Versions = %q, want %q", got, want)
	}
}

func text(t *testing.T, node *yaml.Node) string {
	t.Helper()
	out, err := yaml.Marshal(node)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}
