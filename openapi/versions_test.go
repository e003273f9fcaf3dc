package openapi_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/openapi"
	"github.com/sfcancel/sfcancel/openapi/internal/overlaid"
	"github.com/sfcancel/sfcancel/openapi/internal/parsed"
)

func TestVersions(t *testing.T) {
	t.Parallel()
	got := openapi.Versions()
	if len(got) < 2 || got[0] != "3.0" || !slices.Contains(got, "6.0") {
		t.Errorf("Versions() = %q, want 3.0 first, and 6.0", got)
	}
	got[0] = "changed"
	if first := openapi.Versions()[0]; first != "3.0" {
		t.Errorf("a change by one caller reached another: %q", first)
	}
}

// A new api-version is one overlay and one line, and what comes with it says so where it is: nothing of it is in the
// views of the versions before, and nothing has to be taken out there.
func TestLaterVersionsLeaveEarlierViewsAlone(t *testing.T) {
	t.Parallel()
	const (
		later     = "99.0"
		parameter = `        - {name: only-later, in: query, x-since: "99.0", description: Why., schema: {type: string, minLength: 3, maxLength: 10}, example: drill}
`
		shared = `        - $ref: "#/components/parameters/OnlyLater"
`
		operation = `  /Faults/$/OnlyLater:
    post:
      x-since: "99.0"
      operationId: OnlyLater
      description: Pauses.
      parameters:
        - $ref: "#/components/parameters/OnlyLater"
      responses:
        "200": {description: Paused.}
`
		component = `    OnlyLater: {name: only-later-too, in: query, x-since: "99.0", description: How fast., schema: {type: integer}, example: 1}
`
	)
	grown := strings.Replace(string(openapi.Document()), "\n      parameters:\n", "\n      parameters:\n"+parameter+shared, 1)
	grown = strings.Replace(grown, "\npaths:\n", "\npaths:\n"+operation, 1)
	grown = strings.Replace(grown, "\n  parameters:\n", "\n  parameters:\n"+component, 1)

	for _, version := range openapi.Versions() {
		was, err := openapi.View(version)
		if err != nil {
			t.Fatal(err)
		}
		actions, err := os.ReadFile(overlaid.File(version))
		if err != nil {
			t.Fatal(err)
		}
		is, err := overlaid.Apply(grown, string(actions))
		if err != nil {
			t.Fatal(err)
		}
		if string(was) != string(is) {
			t.Errorf("the view of %s is changed by what came later:\n%s", version, firstDifference(string(was), string(is)))
		}
	}
	view, err := overlaid.Apply(grown, `
overlay: 1.0.0
x-speakeasy-jsonpath: rfc9535
x-api-version: "99.0"
info: {title: api-version 99.0, version: "1.0"}
actions:
  - target: $.info
    update: {version: "99.0"}
`)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"name: only-later", "parameters/OnlyLater", "operationId: OnlyLater"} {
		if !strings.Contains(string(view), text) {
			t.Errorf("the view of %s has no %s", later, text)
		}
	}
	if strings.Contains(string(view), "x-since:") {
		t.Error("a view says when something came; it is one version")
	}
	for name, text := range map[string]string{"view of " + later: string(view), "whole document": grown} {
		if _, err := parsed.Valid(t.Context(), []byte(text)); err != nil {
			t.Errorf("the %s: %v", name, err)
		}
	}
}

func firstDifference(a, b string) string {
	before, after := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range before {
		if i >= len(after) || before[i] != after[i] {
			return "- " + before[i] + "\n+ " + after[min(i, len(after)-1)]
		}
	}
	return "+ " + after[min(len(before), len(after)-1)]
}
