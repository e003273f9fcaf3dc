package changes_test

import (
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/sfcancel/sfcancel/openapi/internal/changes"
)

const document = `
openapi: 3.0.3
info: {title: t, version: "1"}
paths:
  /Cancel:
    post:
      operationId: CancelOperation
      parameters:
        - {name: Force, in: query, required: true, schema: {type: boolean, default: false}}
        - $ref: "#/components/parameters/Timeout"
      responses:
        "200": {description: Done.}
        default: {$ref: "#/components/responses/Refused"}
  /Nodes/{node}:
    get:
      operationId: GetNode
      parameters:
        - {name: node, in: path, required: true, schema: {type: string}}
        - $ref: "#/components/parameters/Timeout"
      responses:
        "200": {description: A node., content: {application/json: {schema: {$ref: "#/components/schemas/Node"}}}}
components:
  parameters:
    Timeout: {name: timeout, in: query, schema: {type: integer, minimum: 1, maximum: 60, default: 30}}
  responses:
    Refused: {description: No., headers: {}}
  schemas:
    Mode: {type: string, x-go-name: NodeMode, enum: [Up, Down]}
    Node:
      type: object
      required: [Name]
      properties:
        Name: {type: string}
        Mode: {$ref: "#/components/schemas/Mode"}
`

// wrapper stands for handwritten code that has only Cancel, without fields for new parameters.
type wrapper struct{}

func (wrapper) Method(operation string) string {
	if operation == "CancelOperation" {
		return "Cancel"
	}
	return ""
}

func (wrapper) Lacks(operation, field string) string {
	if operation != "CancelOperation" {
		return ""
	}
	return "wrapper.CancelOptions has no field for it"
}

func TestBetween(t *testing.T) {
	t.Parallel()
	const (
		force   = "        - {name: Force, in: query, required: true, schema: {type: boolean, default: false}}\n"
		refused = "Refused: {description: No., headers: {}}"
		mode    = "enum: [Up, Down]"
	)
	tests := []struct{ name, old, now, want string }{
		{"nothing", "title: t", "title: t", ""},
		{"only words", "description: Done.", "description: It is done.", ""},
		{
			"a new optional parameter", force, force + "        - {name: reason, in: query, schema: {type: string, minLength: 3, maxLength: 10}}\n",
			"CancelOperation has a new optional parameter reason (3..10 characters): the server enforces it from now on; wrapper.CancelOptions has no field for it.",
		},
		{
			"a new parameter without a rule", force, force + "        - {name: why, in: query, schema: {type: string}}\n",
			"CancelOperation has a new optional parameter why: the server reads it from now on; wrapper.CancelOptions has no field for it.",
		},
		{
			"a new required parameter", force, force + "        - {name: seats, in: query, required: true, schema: {type: integer, minimum: 1}}\n",
			"CancelOperation has a new required parameter seats (1 or more): the server refuses calls without it from now on; wrapper.CancelOptions has no field for it.",
		},
		{
			"a parameter of a later version", force, force + "        - {name: how, in: query, x-since: \"6.5\", schema: {type: string, enum: [Soft, Hard], default: Soft}}\n",
			"CancelOperation has a new optional parameter how (Soft or Hard, default Soft) from api-version 6.5 on: the server enforces it from now on; wrapper.CancelOptions has no field for it.",
		},
		{
			"a parameter that became optional", "name: Force, in: query, required: true", "name: Force, in: query",
			"CancelOperation has the parameter Force optional now: the server accepts calls without it; in generated it is a pointer now, and whoever sets it changes that; wrapper.Cancel sets it.",
		},
		{
			"a parameter that became required", "{name: timeout, in: query,", "{name: timeout, in: query, required: true,",
			"CancelOperation and GetNode have the parameter timeout required now: the server refuses calls without it; " +
				"in generated it is no pointer any more, and whoever sets it changes that; wrapper.Cancel sets it.",
		},
		{
			"a parameter that became optional and needs no pointer", "name: Force, in: query, required: true,", "name: Force, in: query, x-go-type-skip-optional-pointer: true,",
			"CancelOperation has the parameter Force optional now: the server accepts calls without it; wrapper.Cancel sets it.",
		},
		{
			"a parameter that is gone", force, "",
			"CancelOperation has no parameter Force any more: the server ignores it from now on, and generated has no field for it; wrapper.Cancel may still set it.",
		},
		{
			"a bound of many operations", "maximum: 60", "maximum: 3600",
			"CancelOperation and GetNode have the parameter timeout with maximum 3600 (was 60): the server enforces it from now on.",
		},
		{
			"a bound that is gone", "minimum: 1, ", "",
			"CancelOperation and GetNode have the parameter timeout with no minimum any more (was 1): the server does not look at it from now on.",
		},
		{
			"another default", "default: 30", "default: 45",
			"CancelOperation and GetNode have the parameter timeout with default 45 (was 30): the server reads it so from now on.",
		},
		{
			"another type", "schema: {type: boolean, default: false}", "schema: {type: string}",
			"CancelOperation has the parameter Force with the type string (was boolean): in generated it has another type, and whoever sets it changes that.",
		},
		{
			"a new operation", "paths:\n", "paths:\n  /Pause:\n    post: {operationId: PauseOperation, responses: {default: {description: Any.}}}\n",
			"PauseOperation is new (POST /Pause): generated.StrictServerInterface has a new method PauseOperation, and every implementation must have it or embed Unimplemented; wrapper has no method for it.",
		},
		{
			"an operation renamed", "operationId: CancelOperation", "operationId: EndOperation",
			"CancelOperation is EndOperation now: in package generated its method, types and requests have the new name: whoever calls or implements it renames too; wrapper.Cancel calls it under the old name.",
		},
		{
			"an operation moved", "  /Cancel:", "  /End:",
			"CancelOperation is POST /End now, and was POST /Cancel: the generated client and server follow; programs made before do not find it any more.",
		},
		{
			"a new header", refused, "Refused: {description: No., headers: {Retry-After: {description: Seconds., schema: {type: integer}}}}",
			"CancelOperation has a new header Retry-After in its answer default: implementations set it in the headers of the generated response; callers may read it.",
		},
		{
			"a new answer", "\"200\": {description: Done.}", "\"200\": {description: Done.}\n        \"202\": {description: Soon.}",
			"CancelOperation answers 202 as well: package generated has a new response type for it, and callers handle it.",
		},
		{
			"a new body", "      operationId: CancelOperation\n", "      operationId: CancelOperation\n      requestBody: {content: {application/json: {schema: {type: object}}}}\n",
			"CancelOperation has a request body now: its method in generated.StrictServerInterface gets it, and the generated client has a way to send it; wrapper.Cancel sends none.",
		},
		{
			"a new value of an enum", mode, "enum: [Up, Paused, Down]",
			"generated.NodeMode has a new value Paused: a switch over the type needs a case for it.",
		},
		{
			"a value of an enum that is gone", mode, "enum: [Up]",
			"generated.NodeMode has no value Down any more: its constant is gone, and whoever names it takes that out.",
		},
		{"an enum in another order", mode, "enum: [Down, Up]", ""},
		{
			"a new member", "        Name: {type: string}\n", "        Name: {type: string}\n        Rack: {type: string}\n",
			"generated.Node has a new optional member Rack: implementations fill it in, and callers may read it.",
		},
		{
			"a member that is required", "required: [Name]", "required: [Name, Mode]",
			"generated.Node has the member Mode required now: the field is no pointer any more, and whoever sets or reads it changes that.",
		},
		{
			"a member of another type", "Name: {type: string}", "Name: {type: integer, format: int64}",
			"generated.Node has the member Name with the type integer (int64) (was string): the field has another type, and whoever sets or reads it changes that.",
		},
		{
			"two at once", mode, "enum: [Up, Paused]",
			"generated.NodeMode has a new value Paused: a switch over the type needs a case for it.\n" +
				"generated.NodeMode has no value Down any more: its constant is gone, and whoever names it takes that out.",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if strings.Count(document, tt.old) != 1 {
				t.Fatalf("the document has %q %d times, want once", tt.old, strings.Count(document, tt.old))
			}
			got := changes.Between(load(t, document), load(t, strings.Replace(document, tt.old, tt.now, 1)), wrapper{})
			if text := strings.Join(got, "\n"); text != tt.want {
				t.Errorf("got\n%s\nwant\n%s", text, tt.want)
			}
		})
	}
}

func load(t *testing.T, text string) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
