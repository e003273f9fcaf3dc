package main

import (
	"strings"
	"testing"
	"testing/fstest"
)

// A change in a single api-version is reported for that version, a change in all of them once.
func TestCompare(t *testing.T) {
	const (
		document = `openapi: 3.0.3
info: {title: t, version: v}
paths:
  /Stop:
    post:
      operationId: Stop
      parameters:
        - {name: for, in: query, schema: {type: integer, minimum: 0}}
      responses: {default: {description: Any.}}
components:
  schemas:
    DocumentedApiVersion: {type: string, enum: ["3.0", "6.0"]}
    Mode: {type: string, enum: [Soft, Hard, Never]}
`
		overlay = "overlay: 1.0.0\nx-speakeasy-jsonpath: rfc9535\ninfo: {title: t, version: v}\n"
		golang  = overlay + "actions:\n  - {target: $.components.schemas.DocumentedApiVersion, update: {x-go-name: APIVersion}}\n"
		view    = "actions:\n  - {target: $.components.schemas.Mode.enum, remove: true}\n  - {target: $.components.schemas.Mode, update: {enum: [Soft, Hard]}}\n"
	)
	files := func() fstest.MapFS {
		return fstest.MapFS{
			"openapi/faults.yaml":       {Data: []byte(document)},
			"openapi/go.overlay.yaml":   {Data: []byte(golang)},
			"openapi/v3.0.overlay.yaml": {Data: []byte(overlay + "x-api-version: \"3.0\"\n" + view)},
			"openapi/v6.0.overlay.yaml": {Data: []byte(overlay + "x-api-version: \"6.0\"\n" + view)},
		}
	}
	edit := func(t *testing.T, tree fstest.MapFS, file, old, now string) {
		t.Helper()
		text := string(tree[file].Data)
		if strings.Count(text, old) != 1 {
			t.Fatalf("%s has %q %d times, want once", file, old, strings.Count(text, old))
		}
		tree[file] = &fstest.MapFile{Data: []byte(strings.Replace(text, old, now, 1))}
	}
	tests := []struct {
		name string
		make func(t *testing.T, tree fstest.MapFS)
		want string
	}{
		{"nothing", func(*testing.T, fstest.MapFS) {}, ""},
		{
			"in all", func(t *testing.T, tree fstest.MapFS) {
				edit(t, tree, "openapi/faults.yaml", "minimum: 0", "minimum: 1")
			},
			"Stop has the parameter for with minimum 1 (was 0): the server enforces it from now on.",
		},
		{
			"in one", func(t *testing.T, tree fstest.MapFS) {
				edit(t, tree, "openapi/v3.0.overlay.yaml", "enum: [Soft, Hard]", "enum: [Soft]")
			},
			"Only in api-version 3.0, generated.Mode has no value Hard any more: its constant is gone, and whoever names it takes that out.",
		},
		{
			"a version", func(t *testing.T, tree fstest.MapFS) {
				edit(t, tree, "openapi/faults.yaml", `"3.0", "6.0"`, `"3.0", "6.0", "6.5"`)
				tree["openapi/v6.5.overlay.yaml"] = tree["openapi/v6.0.overlay.yaml"]
			},
			"generated.APIVersion has a new value 6.5: a switch over the type needs a case for it.\n" +
				"api-version 6.5 is documented now: callers may send it, and servers of that runtime version accept it.",
		},
		{
			"a version that is gone", func(t *testing.T, tree fstest.MapFS) {
				edit(t, tree, "openapi/faults.yaml", `"3.0", "6.0"`, `"6.0"`)
				delete(tree, "openapi/v3.0.overlay.yaml")
			},
			"generated.APIVersion has no value 3.0 any more: its constant is gone, and whoever names it takes that out.\n" +
				"api-version 3.0 is not documented any more.",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			after := files()
			tt.make(t, after)
			got, err := compare(files(), after, callers{})
			if err != nil {
				t.Fatal(err)
			}
			if text := strings.Join(got, "\n"); text != tt.want {
				t.Errorf("got\n%s\nwant\n%s", text, tt.want)
			}
		})
	}
}
