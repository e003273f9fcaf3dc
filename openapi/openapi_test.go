package openapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/sfcancel/sfcancel/internal/imports"
	"github.com/sfcancel/sfcancel/openapi"
	"github.com/sfcancel/sfcancel/openapi/internal/overlaid"
	"github.com/sfcancel/sfcancel/openapi/internal/parsed"
	"github.com/sfcancel/sfcancel/openapi/loaded"
)

// reading is one form of the contract, with its name for test failures.
type reading struct {
	name string
	load func(context.Context) (*openapi3.T, error)
}

// forms are all forms: the whole document and the view of each version.
var forms = func() []reading {
	all := []reading{{"whole", loaded.Document}}
	for _, version := range openapi.Versions() {
		all = append(all, reading{version, func(ctx context.Context) (*openapi3.T, error) { return loaded.View(ctx, version) }})
	}
	return all
}()

// form loads one of the forms.
func form(t *testing.T, name string) *openapi3.T {
	t.Helper()
	for _, f := range forms {
		if f.name != name {
			continue
		}
		doc, err := f.load(t.Context())
		if err != nil {
			t.Fatalf("form %s: %v", name, err)
		}
		return doc
	}
	t.Fatalf("got no form %q, want one", name)
	return nil
}

// formText returns the text of one of the forms.
func formText(t *testing.T, name string) []byte {
	t.Helper()
	if name == "whole" {
		return openapi.Document()
	}
	text, err := openapi.View(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// allForms loads every form once, for tests with many cases that only read.
func allForms(t *testing.T) map[string]*openapi3.T {
	t.Helper()
	docs := map[string]*openapi3.T{}
	for _, f := range forms {
		docs[f.name] = form(t, f.name)
	}
	return docs
}

func TestForms(t *testing.T) {
	t.Parallel()
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			want := f.name
			if f.name == whole {
				want = "6.0"
			}
			if got := form(t, f.name).Info.Version; got != want {
				t.Errorf("info.version = %q, want %q", got, want)
			}
		})
	}
}

func TestViewRefusesOtherVersions(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"", "3", "3.1", "6", "6.00", "6.1", " 6.0", "v6.0", "latest"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			text, err := openapi.View(version)
			if err == nil || text != nil {
				t.Fatalf("View(%q) = %q, %v; want no text and an error", version, text, err)
			}
			if doc, err := loaded.View(t.Context(), version); err == nil || doc != nil {
				t.Errorf("loaded.View(%q) = %v, %v; want no document and an error", version, doc, err)
			}
			for _, word := range append(openapi.Versions(), strconv.Quote(version)) {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("error %q does not mention %s", err, word)
				}
			}
		})
	}
}

// loadText is loaded.View for other texts than the embedded ones. An empty overlay changes nothing.
func loadText(ctx context.Context, text, view string) (*openapi3.T, error) {
	data := []byte(text)
	if view != "" {
		narrowed, err := overlaid.Apply(text, view)
		if err != nil {
			return nil, err
		}
		data = narrowed
	}
	return loaded.Text(ctx, data)
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	const (
		head   = "openapi: 3.0.3\ninfo: {title: t, version: v}\n"
		action = "overlay: 1.0.0\nx-speakeasy-jsonpath: rfc9535\ninfo: {title: t, version: v}\nactions:\n"
	)
	cases := []struct {
		name, document, overlay, want string
	}{
		{
			"a reference to another file", head + "paths: {}\ncomponents: {schemas: {A: {$ref: 'other.yaml#/A'}}}\n", "",
			"external reference",
		},
		{
			"a reference to another host", head + "paths: {}\ncomponents: {schemas: {A: {$ref: 'http://localhost:1/a#/A'}}}\n", "",
			"external reference",
		},
		{"no YAML", "\t", "", "load"},
		{"no paths", head, "", "paths"},
		{
			"an example that breaks its schema",
			head + "paths: {}\ncomponents: {schemas: {A: {type: integer, maximum: 1, example: 2}}}\n", "",
			"example",
		},
		{
			"a default that breaks its schema",
			head + "paths: {}\ncomponents: {schemas: {A: {type: integer, maximum: 1, default: 2}}}\n", "",
			"default",
		},
		{
			"an overlay target that matches nothing", head + "paths: {}\n",
			action + "  - {target: $.components, update: {schemas: {}}}\n", "did not match any targets",
		},
		{
			"an overlay removal that matches nothing", head + "paths: {}\n",
			action + "  - {target: $.components, remove: true}\n", "did not match any targets",
		},
		{
			"an overlay action that changes nothing", head + "paths: {}\n",
			action + "  - {target: $.info, update: {title: t}}\n", "does nothing",
		},
		{"an overlay without actions", head + "paths: {}\n", action, "action"},
		{"an overlay that is no YAML", head + "paths: {}\n", "\t", "yaml"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			doc, err := loadText(t.Context(), c.document, c.overlay)
			if err == nil || doc != nil {
				t.Fatalf("got %v, %v; want no document and an error", doc, err)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q does not mention %q", err, c.want)
			}
		})
	}
}

func TestLoadStopsWhenTheContextIsDone(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, f := range forms {
		if doc, err := f.load(ctx); doc != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("form %s: %v, %v; want no document and the error of the context", f.name, doc, err)
		}
	}
}

// Under the race detector this also shows that the documents share no data.
func TestEveryCallerOwnsItsDocument(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for _, f := range forms {
		for range 2 {
			wg.Go(func() {
				doc, err := f.load(t.Context())
				if err != nil {
					t.Errorf("form %s: %v", f.name, err)
					return
				}
				doc.Info.Title = "changed"
			})
		}
	}
	wg.Wait()
	for _, f := range forms {
		if form(t, f.name).Info.Title == "changed" {
			t.Errorf("form %s: got the title of another caller's document, want a new document", f.name)
		}
	}
	first := openapi.Document()
	first[0] = '!'
	if second := openapi.Document(); second[0] == '!' {
		t.Errorf("second Document begins with %q, the change of the first, want a new copy", second[0])
	}
}

func TestVersions(t *testing.T) {
	t.Parallel()
	got := openapi.Versions()
	if len(got) < 2 || got[0] != "3.0" || !slices.Contains(got, "6.0") {
		t.Errorf("Versions() = %q, want 3.0 first, and 6.0 among them", got)
	}
	got[0] = "changed"
	if first := openapi.Versions()[0]; first != "3.0" {
		t.Errorf("Versions()[0] = %q after a change by another caller, want 3.0", first)
	}
}

// A new api-version takes one overlay and one line, and its additions are marked with x-since: they do not appear in the
// views of earlier versions, whose overlays need no change.
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
			t.Errorf("later additions change the view of %s, want no difference:\n%s", version, firstDifference(string(was), string(is)))
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
			t.Errorf("the view of %s has no %s, want one", later, text)
		}
	}
	if strings.Contains(string(view), "x-since:") {
		t.Error("the view has x-since, want none")
	}
	for name, text := range map[string]string{"view of " + later: string(view), "whole document": grown} {
		if _, err := parsed.Valid(t.Context(), []byte(text)); err != nil {
			t.Errorf("the %s: %v, want nil", name, err)
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

// The command line imports this package and starts anew for every call, so the libraries that parse and validate the
// document are only in openapi/loaded.
func TestImports(t *testing.T) {
	t.Parallel()
	imports.Check(t, "testdata/imports.txt")
}

// gate validates requests and answers against one form of the document. It is safe for concurrent use.
type gate struct {
	router  routers.Router
	options *openapi3filter.Options
}

// allGates builds a gate for every form.
func allGates(t *testing.T) map[string]gate {
	t.Helper()
	gates := map[string]gate{}
	for name, doc := range allForms(t) {
		doc.Servers = nil // the host of a test request is not a server of the document
		router, err := legacy.NewRouter(doc)
		if err != nil {
			t.Fatalf("form %s: %v", name, err)
		}
		gates[name] = gate{
			router: router,
			// The filter takes formats from its options and from a package variable, but not from the document.
			options: &openapi3filter.Options{SchemaValidationOptions: doc.GetSchemaValidationOptions()},
		}
	}
	return gates
}

// request prepares the validation of one request.
func (g gate) request(t *testing.T, method, target string) *openapi3filter.RequestValidationInput {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, target, nil)
	route, pathParams, err := g.router.FindRoute(r)
	if err != nil {
		t.Fatalf("%s %s: %v", method, target, err)
	}
	return &openapi3filter.RequestValidationInput{
		Request: r, PathParams: pathParams, Route: route, Options: g.options,
	}
}

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
