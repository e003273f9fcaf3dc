package openapi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

// The official example answers fit the schemas of every form, since nothing in them depends on the version.
func TestOfficialExamples(t *testing.T) {
	t.Parallel()
	referenceFile(t, "examples/GetFaultOperationList.json") // skips or fails without the reference
	files, err := filepath.Glob(filepath.Join(reference, "examples", "*.json"))
	if err != nil || len(files) < 8 {
		t.Fatalf("%d example files, %v; the reference has 8", len(files), err)
	}
	docs := allForms(t)
	for _, file := range files {
		var example struct {
			OperationID string `json:"operationId"`
			Responses   map[string]struct {
				Body json.RawMessage `json:"body"`
			} `json:"responses"`
		}
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(data, &example); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, f := range forms {
			t.Run(f.name+" "+filepath.Base(file), func(t *testing.T) {
				t.Parallel()
				doc := docs[f.name]
				route, op := operation(t, doc, example.OperationID)
				method, path, _ := strings.Cut(route, " ")
				answer, ok := example.Responses["200"]
				if !ok || len(answer.Body) == 0 || len(example.Responses) != 1 {
					t.Fatal("an example has one answer, a 200 with a body")
				}
				input := &openapi3filter.ResponseValidationInput{
					RequestValidationInput: &openapi3filter.RequestValidationInput{
						Request: &http.Request{Method: method},
						Route:   &routers.Route{Spec: doc, Path: path, Method: method, Operation: op},
					},
					Status:  http.StatusOK,
					Header:  http.Header{"Content-Type": {"application/json; charset=utf-8"}},
					Body:    io.NopCloser(strings.NewReader(string(answer.Body))),
					Options: &openapi3filter.Options{SchemaValidationOptions: doc.GetSchemaValidationOptions()},
				}
				if err := openapi3filter.ValidateResponse(t.Context(), input); err != nil {
					t.Error(err)
				}
				// The schemas leave room for members that they do not know, so a misspelt name in them would pass.
				var body any
				if err := json.Unmarshal(answer.Body, &body); err != nil {
					t.Fatal(err)
				}
				for _, name := range undeclared(op.Responses.Value("200").Value.Content["application/json"].Schema, body) {
					t.Errorf("the schema has no member %s", name)
				}
			})
		}
	}
}
