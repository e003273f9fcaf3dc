package openapi_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"
)

// The project implements two documents of one operation: Cancel Operation of 2017-04-29 (api-version 3.0) and of
// 2018-04-23 (6.0). Each case here is one of their sentences or table cells, named by a few of its words, held
// against the view of that version. What the sentences mean for requests and answers on the wire is in
// seeds_request_test.go and seeds_answer_test.go.

// parameter is what the documents say about one parameter.
type parameter struct {
	Name, In, Type, Format string
	Required               bool
	Default                any
	Min, Max               float64 // inclusive; 0 is none
	Texts                  []any   // the only texts that are valid, if that is said
}

func TestSeedParameters(t *testing.T) {
	t.Parallel()
	operationID := parameter{Name: "OperationId", In: "query", Type: "string", Format: "uuid", Required: true}
	force := parameter{Name: "Force", In: "query", Type: "boolean", Required: true, Default: false}
	cases := []struct {
		name, view string
		want       parameter
	}{
		{
			`3.0 api-version: string, required, query, default 3.0, "it's value must be 3.0"`, "3.0",
			parameter{Name: "api-version", In: "query", Type: "string", Required: true, Default: "3.0", Texts: []any{"3.0"}},
		},
		{"3.0 OperationId: string (uuid), required, query, no default", "3.0", operationID},
		{"3.0 Force: boolean, required, query, default false", "3.0", force},
		{
			`6.0 api-version: string, required, query, default 6.0, "its value must be 6.0"`, "6.0",
			parameter{Name: "api-version", In: "query", Type: "string", Required: true, Default: "6.0", Texts: []any{"6.0"}},
		},
		{"6.0 OperationId: string (uuid), required, query, no default", "6.0", operationID},
		{"6.0 Force: boolean, required, query, default false", "6.0", force},
		{
			"6.0 timeout: integer (int64), not required, query, default 60, inclusive 1 and 4294967295", "6.0",
			parameter{Name: "timeout", In: "query", Type: "integer", Format: "int64", Default: float64(60), Min: 1, Max: 4294967295},
		},
	}
	docs := allForms(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, cancel := operation(t, docs[c.view], "CancelOperation")
			p := cancel.Parameters.GetByInAndName(c.want.In, c.want.Name)
			if p == nil {
				t.Fatalf("no parameter %s in %s", c.want.Name, c.want.In)
			}
			if diff := cmp.Diff(c.want, read(t, p)); diff != "" {
				t.Errorf("parameter (-document of the seed +ours):\n%s", diff)
			}
		})
	}
}

func read(t *testing.T, p *openapi3.Parameter) parameter {
	t.Helper()
	schema := p.Schema.Value
	got := parameter{
		Name: p.Name, In: p.In, Format: schema.Format,
		Required: p.Required, Default: schema.Default, Texts: schema.Enum,
	}
	if types := schema.Type.Slice(); len(types) == 1 {
		got.Type = types[0]
	} else {
		t.Errorf("%s has the types %v", p.Name, types)
	}
	if schema.Min != nil {
		got.Min = *schema.Min
	}
	if schema.Max != nil {
		got.Max = *schema.Max
	}
	if schema.ExclusiveMin.IsTrue() || schema.ExclusiveMax.IsTrue() {
		t.Errorf("%s has an exclusive bound", p.Name)
	}
	return got
}

func TestSeedSentences(t *testing.T) {
	t.Parallel()
	starts := []string{"StartDataLoss", "StartQuorumLoss", "StartPartitionRestart", "StartNodeTransition"}
	progress := []string{
		"GetDataLossProgress", "GetQuorumLossProgress", "GetPartitionRestartProgress", "GetNodeTransitionProgress",
	}
	parameters := map[string][]string{
		"3.0": {"Force", "OperationId", "api-version"},
		"6.0": {"Force", "OperationId", "api-version", "timeout"},
	}
	sentences := []struct {
		name  string
		holds func(t *testing.T, doc *openapi3.T, version string, cancel *openapi3.Operation)
	}{
		{"POST /Faults/$/Cancel", func(t *testing.T, doc *openapi3.T, _ string, _ *openapi3.Operation) {
			if route, _ := operation(t, doc, "CancelOperation"); route != "POST /Faults/$/Cancel" {
				t.Errorf("route %q", route)
			}
		}},
		{"the request URI has these query parameters and no other", func(
			t *testing.T, _ *openapi3.T, version string, cancel *openapi3.Operation,
		) {
			var names []string
			for _, p := range cancel.Parameters {
				names = append(names, p.Value.Name)
			}
			slices.Sort(names)
			if diff := cmp.Diff(parameters[version], names); diff != "" {
				t.Errorf("parameters (-document +ours):\n%s", diff)
			}
		}},
		{"there is no request body", func(t *testing.T, _ *openapi3.T, _ string, cancel *openapi3.Operation) {
			if cancel.RequestBody != nil {
				t.Error("a request body")
			}
		}},
		{"these APIs start what it may cancel", func(t *testing.T, doc *openapi3.T, _ string, cancel *openapi3.Operation) {
			for _, id := range starts {
				route, start := operation(t, doc, id)
				named(t, route, start)
				if !strings.HasPrefix(route, "POST ") || !strings.Contains(cancel.Description, id) {
					t.Errorf("%s: %s; the description of the cancel names it: %v", id, route, strings.Contains(cancel.Description, id))
				}
			}
		}},
		{"the GUID is passed into the corresponding GetProgress API", func(
			t *testing.T, doc *openapi3.T, _ string, _ *openapi3.Operation,
		) {
			for _, id := range progress {
				route, get := operation(t, doc, id)
				named(t, route, get)
				if !strings.HasPrefix(route, "GET ") {
					t.Errorf("%s: %s", id, route)
				}
			}
		}},
		{"force is not allowed before a graceful call, or unless RollingBack", func(
			t *testing.T, doc *openapi3.T, _ string, cancel *openapi3.Operation,
		) {
			for _, words := range []string{"Force=true is refused unless", "Force=false", "RollingBack"} {
				if !strings.Contains(cancel.Description, words) {
					t.Errorf("the description does not say %q", words)
				}
			}
			if state := doc.Components.Schemas["OperationState"].Value; !slices.Contains(state.Enum, any("RollingBack")) {
				t.Error("no state RollingBack")
			}
		}},
		{"200 (OK) has no response schema", func(t *testing.T, _ *openapi3.T, _ string, cancel *openapi3.Operation) {
			if ok := cancel.Responses.Value("200"); ok == nil || len(ok.Value.Content) != 0 {
				t.Error("no 200, or a 200 with a body")
			}
		}},
		{"all other status codes are a FabricError", func(t *testing.T, _ *openapi3.T, _ string, cancel *openapi3.Operation) {
			if cancel.Responses.Len() != 2 {
				t.Errorf("%d answers", cancel.Responses.Len())
			}
			content := cancel.Responses.Value("default").Value.Content
			if len(content) != 1 || content["application/json"].Schema.Ref != "#/components/schemas/FabricError" {
				t.Errorf("the default answer has the content %v", content)
			}
		}},
	}
	docs := allForms(t)
	for _, version := range []string{"3.0", "6.0"} {
		for _, s := range sentences {
			t.Run(version+" "+s.name, func(t *testing.T) {
				t.Parallel()
				_, cancel := operation(t, docs[version], "CancelOperation")
				s.holds(t, docs[version], version, cancel)
			})
		}
	}
}

// named checks that an operation takes the GUID that a cancel refers to.
func named(t *testing.T, route string, op *openapi3.Operation) {
	t.Helper()
	p := op.Parameters.GetByInAndName("query", "OperationId")
	if p == nil || !p.Required || p.Schema.Value.Format != "uuid" {
		t.Errorf("%s does not require the GUID of the operation", route)
	}
}
