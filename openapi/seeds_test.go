package openapi_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/google/go-cmp/cmp"
)

// The project implements two documents of one operation: Cancel Operation of 2017-04-29 (api-version 3.0) and of
// 2018-04-23 (6.0). Each case here compares one of their sentences or table cells, named by a few of its words,
// with the view of that version. TestSeedRequests and TestSeedAnswers check the sentences on requests and answers
// on the wire.

// parameter is one parameter as in the documents.
type parameter struct {
	Name, In, Type, Format string
	Required               bool
	Default                any
	Min, Max               float64 // inclusive; 0 is none
	Texts                  []any   // the only valid texts; nil if the documents list none
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
				t.Fatalf("got no parameter %s in %s, want one", c.want.Name, c.want.In)
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
		t.Errorf("%s has the types %v, want one", p.Name, types)
	}
	if schema.Min != nil {
		got.Min = *schema.Min
	}
	if schema.Max != nil {
		got.Max = *schema.Max
	}
	if schema.ExclusiveMin.IsTrue() || schema.ExclusiveMax.IsTrue() {
		t.Errorf("%s has an exclusive bound, want none", p.Name)
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
				t.Errorf("route %q, want POST /Faults/$/Cancel", route)
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
				t.Errorf("request body: got %+v, want none", cancel.RequestBody)
			}
		}},
		{"these APIs start what it may cancel", func(t *testing.T, doc *openapi3.T, _ string, cancel *openapi3.Operation) {
			for _, id := range starts {
				route, start := operation(t, doc, id)
				named(t, route, start)
				if !strings.HasPrefix(route, "POST ") || !strings.Contains(cancel.Description, id) {
					t.Errorf("%s: %s; the description of the cancel names it: %v; want a POST, true", id, route, strings.Contains(cancel.Description, id))
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
					t.Errorf("%s: %s, want a GET", id, route)
				}
			}
		}},
		{"force is not allowed before a graceful call, or unless RollingBack", func(
			t *testing.T, doc *openapi3.T, _ string, cancel *openapi3.Operation,
		) {
			for _, words := range []string{"Force=true is refused unless", "Force=false", "RollingBack"} {
				if !strings.Contains(cancel.Description, words) {
					t.Errorf("the description does not contain %q, want it to", words)
				}
			}
			if state := doc.Components.Schemas["OperationState"].Value; !slices.Contains(state.Enum, any("RollingBack")) {
				t.Errorf("states: got %v, want RollingBack among them", state.Enum)
			}
		}},
		{"200 (OK) has no response schema", func(t *testing.T, _ *openapi3.T, _ string, cancel *openapi3.Operation) {
			if ok := cancel.Responses.Value("200"); ok == nil || len(ok.Value.Content) != 0 {
				t.Errorf("response 200: got %+v, want one without a body", ok)
			}
		}},
		{"all other status codes are a FabricError", func(t *testing.T, _ *openapi3.T, _ string, cancel *openapi3.Operation) {
			if cancel.Responses.Len() != 2 {
				t.Errorf("%d answers, want 2", cancel.Responses.Len())
			}
			content := cancel.Responses.Value("default").Value.Content
			if len(content) != 1 || content["application/json"].Schema.Ref != "#/components/schemas/FabricError" {
				t.Errorf("the default answer has the content %v, want only application/json with FabricError", content)
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

// named checks that an operation requires the GUID that a cancel refers to.
func named(t *testing.T, route string, op *openapi3.Operation) {
	t.Helper()
	p := op.Parameters.GetByInAndName("query", "OperationId")
	if p == nil || !p.Required || p.Schema.Value.Format != "uuid" {
		t.Errorf("%s does not require the GUID of the operation, want it to", route)
	}
}

const (
	cancelPath = "/Faults/$/Cancel?"
	guid       = "OperationId=5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01"
	graceful   = "&Force=false"
	ask30      = cancelPath + "api-version=3.0&"
	ask60      = cancelPath + "api-version=6.0&"
	good30     = ask30 + guid + graceful
	good60     = ask60 + guid + graceful
	noGUID     = ask60 + "Force=false&OperationId="
	partition  = "/Faults/Services/shop~orders/$/GetPartitions/0c1f7f6a-9f0e-4d0c-8a55-0d7d1d7f4b11/$/"
)

// The sentences about parameters, as requests. A refusal names the wrong parameter.
func TestSeedRequests(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, form, target, refused string
	}{
		{"3.0 the request URI of the document", "3.0", good30, ""},
		{"3.0 Force=true", "3.0", ask30 + guid + "&Force=true", ""},
		{"3.0 api-version is required", "3.0", cancelPath + guid + graceful, "api-version"},
		{"3.0 OperationId is required", "3.0", ask30 + "Force=false", "OperationId"},
		{"3.0 Force is required, whatever its default", "3.0", ask30 + guid, "Force"},
		{"3.0 the value must be 3.0, not 6.0", "3.0", good60, "api-version"},
		{"3.0 the value must be 3.0, not 3", "3.0", cancelPath + "api-version=3&" + guid + graceful, "api-version"},
		{"3.0 the value must be 3.0, not 3.00", "3.0", cancelPath + "api-version=3.00&" + guid + graceful, "api-version"},
		{"3.0 the value must be 3.0, not nothing", "3.0", cancelPath + "api-version=&" + guid + graceful, "api-version"},
		{"3.0 has no timeout to judge", "3.0", good30 + "&timeout=0", ""},

		{"6.0 the request URI of the document", "6.0", good60 + "&timeout=60", ""},
		{"6.0 Force=true", "6.0", ask60 + guid + "&Force=true", ""},
		{"6.0 api-version is required", "6.0", cancelPath + guid + graceful, "api-version"},
		{"6.0 OperationId is required", "6.0", ask60 + "Force=false", "OperationId"},
		{"6.0 Force is required, whatever its default", "6.0", ask60 + guid, "Force"},
		{"6.0 timeout is not required", "6.0", good60, ""},
		{"6.0 the value must be 6.0, not 3.0", "6.0", good30, "api-version"},
		{"6.0 the value must be 6.0, not 6", "6.0", cancelPath + "api-version=6&" + guid + graceful, "api-version"},
		{"6.0 the value must be 6.0, not 6.1", "6.0", cancelPath + "api-version=6.1&" + guid + graceful, "api-version"},
		{"6.0 inclusive minimum: 1", "6.0", good60 + "&timeout=1", ""},
		{"6.0 below the minimum: 0", "6.0", good60 + "&timeout=0", "timeout"},
		{"6.0 below the minimum: -1", "6.0", good60 + "&timeout=-1", "timeout"},
		{"6.0 inclusive maximum: 4294967295", "6.0", good60 + "&timeout=4294967295", ""},
		{"6.0 above the maximum: 4294967296", "6.0", good60 + "&timeout=4294967296", "timeout"},
		{"6.0 timeout is an integer, not 1.5", "6.0", good60 + "&timeout=1.5", "timeout"},
		{"6.0 timeout is an integer, not a word", "6.0", good60 + "&timeout=long", "timeout"},

		{"Force is a boolean, not a word", "6.0", ask60 + guid + "&Force=yes", "Force"},
		{"Force is a boolean, not 2", "6.0", ask60 + guid + "&Force=2", "Force"},
		// The document says boolean: true or false. kin-openapi parses the text with strconv.ParseBool and so
		// accepts 1 as true, and it accepts an empty text. The server must refuse those.
		{"Force is a boolean, but kin-openapi takes 1", "6.0", ask60 + guid + "&Force=1", ""},
		{"Force is a boolean, but kin-openapi takes nothing", "6.0", ask60 + guid + "&Force=", ""},

		{"a GUID in capitals", "6.0", noGUID + "5B1F60AA-3C0E-4A0E-9C3B-6A1F2F3E7D01", ""},
		{"a GUID of zeros", "6.0", noGUID + "00000000-0000-0000-0000-000000000000", ""},
		{"a GUID is not 35 characters", "6.0", noGUID + "5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d0", "OperationId"},
		{"a GUID is not 37 characters", "6.0", noGUID + "5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d011", "OperationId"},
		{"a GUID has hyphens", "6.0", noGUID + "5b1f60aa3c0e4a0e9c3b6a1f2f3e7d01", "OperationId"},
		{"a GUID has no braces", "6.0", noGUID + "%7B5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01%7D", "OperationId"},
		{"a GUID is hexadecimal", "6.0", noGUID + "5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d0g", "OperationId"},
		{"a GUID is not nothing", "6.0", noGUID + "", "OperationId"},

		{"the whole document takes 3.0", "whole", good30, ""},
		{"the whole document takes 6.0", "whole", good60, ""},
		{"a runtime above 6.0 takes its own version", "whole", cancelPath + "api-version=6.1&" + guid + graceful, ""},
		{"a version is MAJOR.MINOR, not 6", "whole", cancelPath + "api-version=6&" + guid + graceful, "api-version"},
		{"a version is MAJOR.MINOR, not 6.0.1", "whole", cancelPath + "api-version=6.0.1&" + guid + graceful, "api-version"},
		{"a version is MAJOR.MINOR, not a word", "whole", cancelPath + "api-version=latest&" + guid + graceful, "api-version"},
	}
	gates := allGates(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := openapi3filter.ValidateRequest(t.Context(), gates[c.form].request(t, http.MethodPost, c.target))
			if c.refused == "" {
				if err != nil {
					t.Errorf("error %v, want nil", err)
				}
				return
			}
			var refusal *openapi3filter.RequestError
			if !errors.As(err, &refusal) || refusal.Parameter == nil || refusal.Parameter.Name != c.refused {
				t.Errorf("error %v; want a refusal of %s", err, c.refused)
			}
		})
	}
}

// Every operation can be called with the examples of its own parameters, in every form.
func TestExampleRequests(t *testing.T) {
	t.Parallel()
	targets := []struct{ method, target string }{
		{http.MethodGet, "/Faults/?TypeFilter=65535&StateFilter=65535&"},
		{http.MethodPost, cancelPath + "Force=true&"},
		{http.MethodPost, partition + "StartDataLoss?DataLossMode=PartialDataLoss&"},
		{http.MethodGet, partition + "GetDataLossProgress?"},
		{http.MethodPost, partition + "StartQuorumLoss?QuorumLossMode=AllReplicas&QuorumLossDuration=60&"},
		{http.MethodGet, partition + "GetQuorumLossProgress?"},
		{http.MethodPost, partition + "StartRestart?RestartPartitionMode=OnlyActiveSecondaries&"},
		{http.MethodGet, partition + "GetRestartProgress?"},
		{http.MethodPost, "/Faults/Nodes/_Node_0/$/StartTransition/?NodeTransitionType=Stop&NodeInstanceId=131366982707950527&StopDurationInSeconds=600&"},
		{http.MethodGet, "/Faults/Nodes/_Node_0/$/GetTransitionProgress?"},
	}
	for name, gate := range allGates(t) {
		version := name
		if name == whole {
			version = "6.0"
		}
		for _, c := range targets {
			t.Run(name+" "+c.method+" "+c.target, func(t *testing.T) {
				t.Parallel()
				input := gate.request(t, c.method, c.target+guid+"&api-version="+version)
				if err := openapi3filter.ValidateRequest(t.Context(), input); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// The two sentences about answers, as answers.
func TestSeedAnswers(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name   string
		status int
		media  string
		body   string
		fits   bool
	}{
		{"200 without a body", http.StatusOK, "", "", true},
		{"200 with the content type that runtimes send, without a body", http.StatusOK, "application/json; charset=utf-8", "", true},
		{"400 is a FabricError", http.StatusBadRequest, "application/json", `{"Error":{"Code":"E_INVALIDARG","Message":"m"}}`, true},
		{"404 is a FabricError", http.StatusNotFound, "application/json; charset=utf-8", `{"Error":{"Code":"FABRIC_E_KEY_NOT_FOUND"}}`, true},
		{"a code that no list has", http.StatusInternalServerError, "application/json", `{"Error":{"Code":"FMFailoverUnitNotFound","Message":"Null"}}`, true},
		{"a member that no list has", http.StatusGatewayTimeout, "application/json", `{"Error":{"Code":"FABRIC_E_TIMEOUT","Message":"m","More":1}}`, true},
		{"an error without Error", http.StatusBadRequest, "application/json", `{}`, false},
		{"an error without Code", http.StatusBadRequest, "application/json", `{"Error":{"Message":"m"}}`, false},
		{"an error in lower case", http.StatusBadRequest, "application/json", `{"error":{"code":"E_INVALIDARG"}}`, false},
		{"a Code that is a number", http.StatusBadRequest, "application/json", `{"Error":{"Code":400}}`, false},
		{"a Message that is null", http.StatusBadRequest, "application/json", `{"Error":{"Code":"E_FAIL","Message":null}}`, false},
		{"an error that is text", http.StatusBadGateway, "text/plain", "bad gateway", false},
		{"an error without a body", http.StatusForbidden, "application/json", "", false},
	}
	gates := allGates(t)
	for _, version := range []string{"3.0", "6.0"} {
		for _, c := range cases {
			t.Run(version+" "+c.name, func(t *testing.T) {
				t.Parallel()
				asked := gates[version].request(t, http.MethodPost, good60)
				answer := &openapi3filter.ResponseValidationInput{
					RequestValidationInput: asked, Status: c.status, Options: asked.Options,
					Header: http.Header{"Content-Type": {c.media}},
					Body:   io.NopCloser(strings.NewReader(c.body)),
				}
				if err := openapi3filter.ValidateResponse(t.Context(), answer); (err == nil) != c.fits {
					t.Errorf("error %v; want the answer to fit: %v", err, c.fits)
				}
			})
		}
	}
}

// The official example answers fit the schemas of every form, since nothing in them depends on the version.
func TestOfficialExamples(t *testing.T) {
	t.Parallel()
	var examples map[string]struct {
		OperationID string `json:"operationId"`
		Body        json.RawMessage
	}
	testdata(t, "official-examples.json", &examples)
	if len(examples) != 8 {
		t.Fatalf("%d examples, want 8", len(examples))
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
				// The schemas allow unknown members, so a misspelt name in an example would pass.
				var body any
				if err := json.Unmarshal(example.Body, &body); err != nil {
					t.Fatal(err)
				}
				for _, name := range undeclared(op.Responses.Value("200").Value.Content["application/json"].Schema, body) {
					t.Errorf("the schema has no member %s, want one", name)
				}
			})
		}
	}
}

// undeclared lists the members of a JSON value without a property in its schema.
func undeclared(schema *openapi3.SchemaRef, value any) []string {
	var missing []string
	switch value := value.(type) {
	case []any:
		for _, element := range value {
			missing = append(missing, undeclared(schema.Value.Items, element)...)
		}
	case object:
		for name, member := range value {
			property := schema.Value.Properties[name]
			if property == nil {
				missing = append(missing, name)
				continue
			}
			for _, below := range undeclared(property, member) {
				missing = append(missing, name+"."+below)
			}
		}
	}
	return missing
}
