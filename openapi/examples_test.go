package openapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// The official example answers fit the schemas of every form, since nothing in them depends on the version.
func TestOfficialExamples(t *testing.T) {
	t.Parallel()
	var examples map[string]struct {
		OperationID string `json:"operationId"`
		Body        json.RawMessage
	}
	testdata(t, "official-examples.json", &examples)
	if len(examples) != 8 {
		t.Fatalf("%d examples; there are 8", len(examples))
	}
	docs := allForms(t)
	for name, example := range examples {
		for _, f := range forms {
			t.Run(f.name+" "+name, func(t *testing.T) {
				t.Parallel()
				doc := docs[f.name]
				route, op := operation(t, doc, example.OperationID)
				method, path, _ := strings.Cut(route, " ")
				input := &openapi3filter.ResponseValidationInput{
					RequestValidationInput: &openapi3filter.RequestValidationInput{
						Request: &http.Request{Method: method},
						Route:   &routers.Route{Spec: doc, Path: path, Method: method, Operation: op},
					},
					Status:  http.StatusOK,
					Header:  http.Header{"Content-Type": {"application/json; charset=utf-8"}},
					Body:    io.NopCloser(strings.NewReader(string(example.Body))),
					Options: &openapi3filter.Options{SchemaValidationOptions: doc.GetSchemaValidationOptions()},
				}
				if err := openapi3filter.ValidateResponse(t.Context(), input); err != nil {
					t.Error(err)
				}
				// The schemas leave room for members that they do not know, so a misspelt name in them would pass.
				var body any
				if err := json.Unmarshal(example.Body, &body); err != nil {
					t.Fatal(err)
				}
				for _, name := range undeclared(op.Responses.Value("200").Value.Content["application/json"].Schema, body) {
					t.Errorf("the schema has no member %s", name)
				}
			})
		}
	}
}
