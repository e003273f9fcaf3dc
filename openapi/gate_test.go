package openapi_test

import (
	"net/http/httptest"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// gate judges requests and answers by one form of the document. It is safe for concurrent use.
type gate struct {
	router  routers.Router
	options *openapi3filter.Options
}

// allGates builds a gate for every form.
func allGates(t *testing.T) map[string]gate {
	t.Helper()
	gates := map[string]gate{}
	for name, doc := range allForms(t) {
		doc.Servers = nil // the host of a test request is no server of the document
		router, err := legacy.NewRouter(doc)
		if err != nil {
			t.Fatalf("form %s: %v", name, err)
		}
		gates[name] = gate{
			router: router,
			// The filter looks for formats in its options and in a package variable, but not in the document.
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
