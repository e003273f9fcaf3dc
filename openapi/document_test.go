package openapi_test

import (
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// eachOperation calls visit for every operation of doc.
func eachOperation(doc *openapi3.T, visit func(route string, op *openapi3.Operation)) {
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			visit(method+" "+path, op)
		}
	}
}

// operation finds an operation by its id.
func operation(t *testing.T, doc *openapi3.T, id string) (route string, found *openapi3.Operation) {
	t.Helper()
	eachOperation(doc, func(at string, op *openapi3.Operation) {
		if op.OperationID == id {
			route, found = at, op
		}
	})
	if found == nil {
		t.Fatalf("no operation %s", id)
	}
	return route, found
}

// The gateway reads a body and forgets it (runtime §1.2), and so does the scaffold: an operation that declared one
// would never see it.
func TestNoOperationHasABody(t *testing.T) {
	t.Parallel()
	eachOperation(form(t, whole), func(route string, op *openapi3.Operation) {
		if op.RequestBody != nil {
			t.Errorf("%s declares a request body: give it parameters instead", route)
		}
	})
}

func TestDescriptions(t *testing.T) {
	t.Parallel()
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			doc := form(t, f.name)
			described := func(what, text string) {
				if strings.TrimSpace(text) == "" {
					t.Errorf("%s has no description", what)
				}
			}
			eachOperation(doc, func(route string, op *openapi3.Operation) {
				described(route, op.Description)
				for status, response := range op.Responses.Map() {
					described(route+" "+status, *response.Value.Description)
				}
			})
			for name, parameter := range doc.Components.Parameters {
				described("parameter "+name, parameter.Value.Description)
			}
			for name, response := range doc.Components.Responses {
				described("response "+name, *response.Value.Description)
			}
			for name, schema := range doc.Components.Schemas {
				described("schema "+name, schema.Value.Description)
				for property, s := range schema.Value.Properties {
					described("schema "+name+", property "+property, s.Value.Description)
				}
			}
			for _, server := range doc.Servers {
				described("server "+server.URL, server.Description)
			}
		})
	}
}

// Validation covers examples too, but without the document's formats, so an example with a broken GUID passes there.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			doc := form(t, f.name)
			fits := func(what string, schema *openapi3.SchemaRef, value any) {
				if err := doc.ValidateSchemaJSON(schema.Value, value); err != nil {
					t.Errorf("%s: %v", what, err)
				}
			}
			eachOperation(doc, func(route string, op *openapi3.Operation) {
				for status, response := range op.Responses.Map() {
					for media, content := range response.Value.Content {
						at := route + " " + status + " " + media
						if len(content.Examples) == 0 {
							t.Errorf("%s has a body and no example", at)
						}
						for name, example := range content.Examples {
							fits(at+", example "+name, content.Schema, example.Value.Value)
						}
					}
				}
			})
			for name, parameter := range doc.Components.Parameters {
				if parameter.Value.Example == nil {
					t.Errorf("parameter %s has no example", name)
					continue
				}
				fits("parameter "+name, parameter.Value.Schema, parameter.Value.Example)
			}
		})
	}
}
