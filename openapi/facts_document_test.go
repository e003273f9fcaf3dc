package openapi_test

import (
	"testing"

	"gopkg.in/yaml.v3"
)

// documentFacts reads a document in the format OpenAPI 3.0.
func documentFacts(t *testing.T, document []byte) facts {
	t.Helper()
	var root object
	if err := yaml.Unmarshal(document, &root); err != nil {
		t.Fatal(err)
	}
	components := root["components"].(object)
	schemas := components["schemas"].(object)
	f := facts{}
	for route, item := range root["paths"].(object) {
		for verb, o := range item.(object) {
			operation := o.(object)
			key := f.operation(route, verb, operation)
			for _, p := range operation["parameters"].([]any) {
				parameter := resolve(p.(object), components["parameters"].(object))
				details := without(parameter, "name", "in", "required", "schema")
				// Swagger 2.0 has no references here, and no schema around type and bounds.
				for keyword, value := range resolve(parameter["schema"].(object), schemas) {
					details[keyword] = value
				}
				f.parameter(key, parameter, details)
			}
			for status, r := range operation["responses"].(object) {
				response := resolve(r.(object), components["responses"].(object))
				content, _ := response["content"].(object)
				if content == nil {
					f.response(key, status, nil, nil)
				}
				for media, c := range content {
					f.response(key, status, []string{media}, c.(object)["schema"].(object))
				}
				for keyword, value := range without(response, "content", "description") {
					f.value(key+"/response/"+status+"/"+keyword, value)
				}
			}
		}
	}
	for name, schema := range schemas {
		f.schema("definition/"+name, schema.(object))
	}
	for _, server := range root["servers"].([]any) {
		f.add("server/"+text(server.(object)["url"]), listed)
	}
	// The tags here only carry a description; the operations say which tag they have.
	for keyword, value := range without(root, "openapi", "info", "tags", "servers", "paths", "components") {
		f.value(keyword, value)
	}
	for kind, value := range without(components, "schemas", "parameters", "responses") {
		f.value("components/"+kind, value)
	}
	return f
}
