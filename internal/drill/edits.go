package main

import "fmt"

// edit is a usual edit of the document.
type edit struct {
	name    string
	changes []change
	test    string // the file in wire that tries it
	byHand  int    // files that may have to be edited
	renames bool   // CancelOperation has another name then
}

// script says what the edit changes.
func (e edit) script() string {
	return fmt.Sprintf("`%s`", e.changes[0].file)
}

const document = "openapi/faults.yaml"

// operation is a new one, before the one that cancels.
func operation(text string) change {
	return change{document, "  /Faults/$/Cancel:\n", text + "  /Faults/$/Cancel:\n"}
}

// onCancel is a parameter more of a cancel.
func onCancel(parameter string) change {
	const force = `        - $ref: "#/components/parameters/Force"
        - $ref: "#/components/parameters/Timeout"
`
	return change{document, force, parameter + force}
}

var edits = []edit{
	{
		name:    "a bound changed",
		changes: []change{{document, "        maximum: 4294967295\n        default: 60\n", "        maximum: 300\n        default: 60\n"}},
		test:    "bound",
	},
	{
		name: "an optional query parameter with bounds",
		changes: []change{onCancel(`        - name: reason
          in: query
          description: Why.
          schema: {type: string, minLength: 3, maxLength: 10}
        - name: depth
          in: query
          description: How deep.
          schema: {type: integer, minimum: 1, maximum: 5}
`)},
		test: "parameter",
	},
	{
		name: "a new GET",
		changes: []change{operation(`  /Faults/$/Count:
    get:
      operationId: CountFaults
      tags: [Faults]
      summary: Count the fault operations
      description: How many there are.
      parameters:
        - $ref: "#/components/parameters/ApiVersion"
      responses:
        "200":
          description: The count.
          content:
            application/json:
              schema:
                type: object
                required: [Count]
                properties:
                  Count: {type: integer}
        default:
          $ref: "#/components/responses/FabricError"
`)},
		test: "get",
	},
	{
		name: "a new POST with a body",
		changes: []change{operation(`  /Faults/$/Annotate:
    post:
      operationId: AnnotateFault
      tags: [Faults]
      summary: Annotate a fault operation
      description: Adds a note.
      parameters:
        - $ref: "#/components/parameters/ApiVersion"
        - $ref: "#/components/parameters/OperationId"
      requestBody:
        required: true
        content:
          application/json:
            schema:
              type: object
              required: [Text]
              properties:
                Text: {type: string}
      responses:
        "200":
          description: The note is there. The body is empty.
        default:
          $ref: "#/components/responses/FabricError"
`)},
		test: "body",
	},
	{
		name: "a new operation with header, path and array parameters",
		changes: []change{operation(`  /Faults/Racks/{rackName}:drain:
    post:
      operationId: DrainRack
      tags: [Faults]
      summary: Drain a rack
      description: Takes slots of a rack out of use.
      parameters:
        - $ref: "#/components/parameters/ApiVersion"
        - {name: rackName, in: path, required: true, description: Which rack., schema: {type: string, pattern: "^[a-z]+[0-9]$"}}
        - {name: X-Depth, in: header, required: true, description: How deep., schema: {type: integer, minimum: 1, maximum: 9}}
        - {name: slot, in: query, required: true, description: Which slots., schema: {type: array, items: {type: integer, minimum: 0, maximum: 63}}}
        - {name: since, in: query, description: From when on., schema: {type: string, format: date-time}}
      responses:
        "200":
          description: The slots are out of use. The body is empty.
        default:
          $ref: "#/components/responses/FabricError"
`)},
		test: "places",
	},
	{
		name:    "a value more in an enum",
		changes: []change{{document, "enum: [Invalid, PartialDataLoss, FullDataLoss]", "enum: [Invalid, TotalDataLoss, PartialDataLoss, FullDataLoss]"}},
		test:    "enum",
	},
	{
		name: "a new api-version",
		changes: []change{
			{"openapi/v6.5.overlay.yaml", "", `# The document of api-version 6.5.
overlay: 1.0.0
x-speakeasy-jsonpath: rfc9535
x-api-version: "6.5"
info:
  title: api-version 6.5
  version: "1.0"
actions:
  - target: $.info
    update:
      version: "6.5"
      description: The fault operations of an Azure Service Fabric cluster, as api-version 6.5 documents them.
`},
			{document, `enum: ["3.0", "6.0"]`, `enum: ["3.0", "6.0", "6.5"]`},
			onCancel(`        - name: reason
          in: query
          x-since: "6.5"
          description: Why.
          schema: {type: string, minLength: 3}
`),
			operation(`  /Faults/$/Count:
    get:
      operationId: CountFaults
      tags: [Faults]
      summary: Count the fault operations
      description: How many there are.
      x-since: "6.5"
      parameters:
        - $ref: "#/components/parameters/ApiVersion"
      responses:
        "204": {description: There is none.}
        default:
          $ref: "#/components/responses/FabricError"
`),
		},
		test: "version",
	},
	{
		name:    "an operationId renamed",
		changes: []change{{document, "operationId: CancelOperation\n", "operationId: CancelFault\n"}},
		test:    "rename", byHand: 12, renames: true, // whoever implements or calls it
	},
	{
		name:    "Force made optional",
		changes: []change{{document, "      name: Force\n      in: query\n      required: true\n", "      name: Force\n      in: query\n      required: false\n"}},
		test:    "optional",
	},
	{
		name: "a Retry-After on an error",
		changes: []change{{document, "    CancelRefused:\n", `    CancelRefused:
      headers:
        Retry-After:
          description: In how many seconds to ask again.
          schema: {type: integer}
`}},
		test: "header",
	},
	{
		name: "a schema with a nested object, a map, a date-time, a nullable and a oneOf",
		changes: []change{operation(`  /Faults/$/Report:
    get:
      operationId: ReportFaults
      tags: [Faults]
      summary: Report the fault operations
      description: All that is known.
      parameters:
        - $ref: "#/components/parameters/ApiVersion"
      responses:
        "200":
          description: The report.
          content:
            application/json:
              schema:
                type: object
                required: [Made, Nested, Counts]
                properties:
                  Made: {type: string, format: date-time}
                  Note: {type: string, nullable: true}
                  Counts: {type: object, additionalProperties: {type: integer}}
                  Nested:
                    type: object
                    required: [Depth]
                    properties:
                      Depth: {type: integer}
                  Either:
                    oneOf: [{type: string}, {type: integer}]
        default:
          $ref: "#/components/responses/FabricError"
`)},
		test: "schema",
	},
}

// brokenDocument is a change that makes the document one that must not be generated from.
type brokenDocument struct {
	name string
	change
}

var broken = []brokenDocument{
	{"a bad reference", change{document, `        - $ref: "#/components/parameters/Force"` + "\n", `        - $ref: "#/components/parameters/Forse"` + "\n"}},
	{"an operationId that is there twice", change{document, "operationId: StartDataLoss\n", "operationId: CancelOperation\n"}},
	{"a minimum above the maximum", change{document, "        minimum: 1\n        maximum: 4294967295\n", "        minimum: 10\n        maximum: 5\n"}},
	{"a default of the wrong type", change{document, "        maximum: 4294967295\n        default: 60\n", "        maximum: 4294967295\n        default: sixty\n"}},
	{"an unknown keyword", change{document, "        maximum: 4294967295\n        default: 60\n", "        maximun: 4294967295\n        default: 60\n"}},
	{"an enum value renamed", change{document, "enum: [Invalid, PartialDataLoss, FullDataLoss]", "enum: [Invalid, PartialDataLoss, WholeDataLoss]"}},
	{"a pattern that does not compile", change{document, `pattern: ^[0-9]+\.[0-9]+$`, `pattern: ^([0-9]+\.[0-9]+$`}},
	{"a variable of a path that is not declared", change{document, "  /Faults/Nodes/{nodeName}/$/GetTransitionProgress:\n", "  /Faults/Nodes/{node}/$/GetTransitionProgress:\n"}},
	{"no operationId", change{document, "      operationId: CancelOperation\n", ""}},
	{"a response without a description", change{document, "          description: The cancel is recorded. The body is empty. The operation ends some time later.\n", "          x-nothing: true\n"}},
	{"no YAML", change{document, "info:\n  title: Service Fabric fault operations\n", "info:\n  title: [Service Fabric fault operations\n"}},
	{"an overlay that fits nothing", change{"openapi/go.overlay.yaml", "  - target: $.components.schemas.NodeResult\n", "  - target: $.components.schemas.NodeResolt\n"}},
}
