package openapi_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/sfcancel/sfcancel/openapi"
	"github.com/sfcancel/sfcancel/openapi/internal/overlaid"
	"github.com/sfcancel/sfcancel/openapi/loaded"
)

// reading is one of the readings of the contract, by the name that a failing test shows.
type reading struct {
	name string
	load func(context.Context) (*openapi3.T, error)
}

// forms are all readings: the whole document and the view of each version.
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
	t.Fatalf("no form %q", name)
	return nil
}

// formText is the text of one of the forms.
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

// loadText does for any two texts what loaded.View does for the embedded ones; an empty overlay changes nothing.
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

// Under the race detector this also shows that the loads share nothing.
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
			t.Errorf("form %s: a change by one caller reached another", f.name)
		}
	}
	first := openapi.Document()
	first[0] = '!'
	if second := openapi.Document(); second[0] == '!' {
		t.Error("Document returns shared bytes")
	}
}
