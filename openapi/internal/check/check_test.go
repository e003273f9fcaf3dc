package check_test

import (
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/sfcancel/sfcancel/openapi/internal/check"
)

const (
	document = "openapi/faults.yaml"
	view30   = "openapi/v3.0.overlay.yaml"
	golang   = "openapi/go.overlay.yaml"
)

// copied returns the document and the overlays of testdata, for a test to change.
func copied(t *testing.T) fstest.MapFS {
	t.Helper()
	tree := fstest.MapFS{}
	root := os.DirFS("testdata")
	err := fs.WalkDir(root, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(root, path)
		tree[path] = &fstest.MapFile{Data: text}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// edit replaces one text in one file. The file must have old exactly once.
type edit struct{ file, old, now string }

func (e edit) make(t *testing.T, tree fstest.MapFS) {
	t.Helper()
	text := string(tree[e.file].Data)
	if n := strings.Count(text, e.old); n != 1 {
		t.Fatalf("%s has %q %d times, want once", e.file, e.old, n)
	}
	tree[e.file] = &fstest.MapFile{Data: []byte(strings.Replace(text, e.old, e.now, 1))}
}

// told is an expected problem. Its position is where the text mark begins in the file.
type told struct{ file, mark, text string }

const (
	cancelList = "        - $ref: \"#/components/parameters/Force\"\n        - $ref: \"#/components/parameters/Timeout\"\n"
	cancelID   = "      operationId: CancelOperation\n"
	cancelPath = "  /Faults/$/Cancel:\n"
	stopFor    = "        format: int32\n        minimum: 0\n      example: 600\n"
	timeout    = "        minimum: 1\n        maximum: 4294967295\n        default: 60\n"
	lossModes  = "enum: [Invalid, PartialDataLoss, FullDataLoss]"
	recorded   = "          description: The cancel is recorded. The body is empty. The operation ends some time later.\n"
)

func TestBrokenDocuments(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		edits []edit
		want  []told
	}{
		{
			"a reference to what is not there", []edit{{document, cancelList, strings.Replace(cancelList, "/Force", "/Forse", 1)}},
			[]told{{document, `"#/components/parameters/Forse"`, "there is no #/components/parameters/Forse: did you mean #/components/parameters/Force?"}},
		},
		{
			"a reference of a path parameter to what is not there",
			[]edit{{document, "      name: nodeName\n      in: path\n", "      nam: nodeName\n      in: path\n"}},
			[]told{{document, "nam: nodeName", "nam is no keyword of a parameter: did you mean name?"}},
		},
		{
			"a reference to another file",
			[]edit{{document, cancelList, strings.Replace(cancelList, "#/components/parameters/Force", "other.yaml#/Force", 1)}},
			[]told{{document, `"other.yaml#/Force"`, "other.yaml#/Force is not in this file: the contract is one file, so put it under components"}},
		},
		{
			"a reference to another kind", []edit{{document, cancelList, strings.Replace(cancelList, "parameters/Force", "schemas/FabricError", 1)}},
			[]told{{
				document, `"#/components/schemas/FabricError"` + "\n        - $ref: \"#/components/parameters/Timeout\"\n      responses:\n        \"200\":\n          description: The cancel",
				"#/components/schemas/FabricError is no parameter: those are under #/components/parameters/",
			}},
		},
		{
			"a keyword beside a reference",
			[]edit{{document, cancelList, strings.Replace(cancelList, "Force\"\n", "Force\"\n          required: false\n", 1)}},
			[]told{{document, "required: false\n        - $ref", "required is beside a $ref, where nobody reads it: move it to what the $ref names"}},
		},
		{
			"an operationId twice", []edit{{document, "operationId: StartDataLoss\n", "operationId: CancelOperation\n"}},
			[]told{{
				document, "CancelOperation\n      tags: [Faults]\n      summary: Start a data loss",
				"the operationId CancelOperation is that of POST /Faults/$/Cancel: give this operation one of its own",
			}},
		},
		{
			"two operationIds that are one in Go", []edit{{document, "operationId: StartDataLoss\n", "operationId: cancel-operation\n"}},
			[]told{{
				document, "cancel-operation\n",
				"the operationId cancel-operation is that of POST /Faults/$/Cancel: give this operation one of its own",
			}},
		},
		{
			"no operationId", []edit{{document, cancelID, ""}},
			[]told{{document, "post:\n      tags: [Faults]\n      summary: Cancel a fault", "this operation has no operationId: give it one, which names the method in Go"}},
		},
		{
			"minimum above maximum", []edit{{document, stopFor, "        format: int32\n        minimum: 700\n        maximum: 600\n"}},
			[]told{{document, "700\n", "minimum 700 is above maximum 600, so that no value is allowed: change one of the two"}},
		},
		{
			"minimum above maximum, beside a default",
			[]edit{{document, timeout, "        minimum: 10\n        maximum: 5\n        default: 60\n"}},
			[]told{{document, "10\n        maximum", "minimum 10 is above maximum 5, so that no value is allowed: change one of the two"}},
		},
		{
			"minLength above maxLength", []edit{{document, "      example: shop~orders\n", "      example: shop~orders\n    Reason:\n      name: reason\n      in: query\n      description: Why.\n      schema: {type: string, minLength: 11, maxLength: 10}\n"}},
			[]told{{document, "11, maxLength", "minLength 11 is above maxLength 10, so that no value is allowed: change one of the two"}},
		},
		{
			"minItems above maxItems", []edit{{document, "    OperationStatusList:\n      type: array\n", "    OperationStatusList:\n      type: array\n      minItems: 2\n      maxItems: 1\n"}},
			[]told{
				{document, "2\n      maxItems", "minItems 2 is above maxItems 1, so that no value is allowed: change one of the two"},
			},
		},
		{
			"a bound of another type", []edit{{document, "        type: boolean\n        default: false\n", "        type: boolean\n        maxLength: 5\n        default: false\n"}},
			[]told{{document, "maxLength: 5", "maxLength says nothing about the type boolean: take it out, or change the type"}},
		},
		{
			"a default of the wrong type", []edit{{document, timeout, strings.Replace(timeout, "60\n", "long\n", 1)}},
			[]told{{document, "long\n", "the default long does not fit: value must be an integer: change it, or the schema"}},
		},
		{
			"a default that is no text", []edit{{document, "        default: \"6.0\"\n      example", "        default: 6.0\n      example"}},
			[]told{{document, "6.0\n      example", "the default 6.0 does not fit: doesn't match any schema from \"anyOf\": change it, or the schema"}},
		},
		{
			"a default out of its bounds", []edit{{document, timeout, strings.Replace(timeout, "60\n", "0\n", 1)}},
			[]told{{document, "0\n      example: 60\n    TypeFilter", "the default 0 does not fit: number must be at least 1: change it, or the schema"}},
		},
		{
			"an example that is no text", []edit{{document, "      example: _Node_0\n", "      example: 5\n"}},
			[]told{{document, "5\n    DataLossMode:", "the example 5 does not fit: value must be a string: put it in quotes"}},
		},
		{
			"a schema of itself", []edit{{document, "    NodeName:\n      type: string\n", "    Part: {allOf: [{$ref: \"#/components/schemas/Part\"}]}\n    NodeName:\n      type: string\n"}},
			[]told{{document, "Part: {allOf", "this schema is made of itself, so that nothing can be judged by it: give it a type, and what it has as properties or items"}},
		},
		{
			"a default that is not in the enum", []edit{{document, lossModes, lossModes + "\n      default: TotalDataLoss"}},
			[]told{{document, "TotalDataLoss\n", "the default TotalDataLoss does not fit: value is not one of the allowed values [\"Invalid\",\"PartialDataLoss\",\"FullDataLoss\"]: change it, or the schema"}},
		},
		{
			"a misspelt keyword", []edit{{document, timeout, strings.Replace(timeout, "maximum", "maximun", 1)}},
			[]told{{document, "maximun", "maximun is no keyword of a schema: did you mean maximum?"}},
		},
		{
			"a misspelt keyword that others need",
			[]edit{{document, "      name: nodeName\n      in: path\n      required: true\n", "      name: nodeName\n      in: path\n      requird: true\n"}},
			[]told{{document, "requird", "requird is no keyword of a parameter: did you mean required?"}},
		},
		{
			"a keyword of nobody's", []edit{{document, timeout, "        banana: 1\n" + timeout}},
			[]told{{document, "banana", "banana is no keyword of a schema: take it out"}},
		},
		{
			"a misspelt type", []edit{{document, "        type: boolean\n", "        type: bolean\n"}},
			[]told{{document, "bolean\n", "bolean is no type: did you mean boolean?"}},
		},
		{
			"an enum value renamed", []edit{{document, lossModes, "enum: [Invalid, PartialDataLoss, CompleteLoss]"}},
			[]told{{
				document, "enum: [Invalid, PartialDataLoss, CompleteLoss]",
				"FullDataLoss of the last release is no longer in the enum (it became CompleteLoss), which breaks callers: put it back, or take it out of openapi/release/faults.yaml as well",
			}},
		},
		{
			"an enum value removed", []edit{{document, ", RollingBack, Completed, Faulted", ", Completed, Faulted"}},
			[]told{
				{document, "RollingBack\n                      Type", "in the example, RollingBack does not fit: value is not one of the allowed values [\"Invalid\",\"Running\",\"Completed\",\"Faulted\",\"Cancelled\",\"ForceCancelled\"]: change it, or the schema"},
				{document, "enum: [Invalid, Running, Completed", "RollingBack of the last release is no longer in the enum, which breaks callers: put it back, or take it out of openapi/release/faults.yaml as well"},
			},
		},
		{
			"an enum value of a parameter removed", []edit{
				{"openapi/release/faults.yaml", cancelList, "        - {name: how, in: query, schema: {type: string, enum: [Soft, Hard]}}\n" + cancelList},
				{document, cancelList, cancelList + "        - {name: how, in: query, schema: {type: string, enum: [Soft]}}\n"},
			},
			[]told{{document, "enum: [Soft]", "Hard of the last release is no longer in the enum, which breaks callers: put it back, or take it out of openapi/release/faults.yaml as well"}},
		},
		{
			"an enum that got a name of its own", []edit{
				{"openapi/release/faults.yaml", "      schema:\n        $ref: \"#/components/schemas/DataLossMode\"\n", "      schema: {type: string, enum: [Invalid, PartialDataLoss, FullDataLoss]}\n"},
			},
			nil,
		},
		{
			"a required property of a part", []edit{
				{document, "    NodeName:\n      type: string\n", "    Part: {type: object, properties: {a: {type: string}}}\n    All: {required: [a], properties: {b: {type: string}}, allOf: [{$ref: \"#/components/schemas/Part\"}]}\n    NodeName:\n      type: string\n"},
			},
			nil,
		},
		{
			"a pattern that does not compile", []edit{{document, `^[0-9]+\.[0-9]+$`, `^[0-9]+(\.[0-9]+$`}},
			[]told{{document, `^[0-9]+(\.`, "this pattern does not compile, missing closing ): `^[0-9]+(\\.[0-9]+$`: write it in the syntax of Go's package regexp"}},
		},
		{
			"a name in braces that nobody declares", []edit{{document, cancelPath, "  /Faults/$/Cancel/{why}:\n"}},
			[]told{{document, "/Faults/$/Cancel/{why}", "{why} is in the path, and post declares no such parameter: add it to parameters, with in: path"}},
		},
		{
			"a path parameter that is not in the path",
			[]edit{{document, cancelList, "        - $ref: \"#/components/parameters/NodeName\"\n" + cancelList}},
			[]told{{
				document, "$ref: \"#/components/parameters/NodeName\"\n" + cancelList,
				"the parameter nodeName is in the path, and /Faults/$/Cancel has no {nodeName}: put it there, or change in",
			}},
		},
		{
			"a path parameter under another name", []edit{{document, "/Faults/Nodes/{nodeName}/$/GetTransitionProgress", "/Faults/Nodes/{node}/$/GetTransitionProgress"}},
			[]told{{
				document, "$ref: \"#/components/parameters/NodeName\"\n        - $ref: \"#/components/parameters/OperationId\"\n        - $ref: \"#/components/parameters/Timeout\"",
				"the path says {node}, and this parameter is nodeName: give both the same name",
			}},
		},
		{
			"a path parameter that may be missing", []edit{{document, "      in: path\n      required: true\n      description: The name of", "      in: path\n      description: The name of"}},
			[]told{{document, "NodeName:\n      name: nodeName\n      in: path", "a parameter in the path is always required: say required: true"}},
		},
		{
			"a parameter twice", []edit{{document, cancelList, "        - $ref: \"#/components/parameters/Force\"\n" + cancelList}},
			[]told{{document, "$ref: \"#/components/parameters/Force\"\n        - $ref: \"#/components/parameters/Timeout\"\n", "the parameter Force is here twice: take one of the two out"}},
		},
		{
			"a response without a description", []edit{{document, recorded, "          headers: {}\n"}},
			[]told{{document, "\"200\":\n          headers: {}", "this response has no description: say in a sentence what it means"}},
		},
		{
			"a status of letters", []edit{{document, "        \"200\":\n" + recorded, "        OK:\n" + recorded}},
			[]told{{document, "OK:\n", "OK is no status: it is three digits in quotes, such as \"200\" or \"5XX\", or default"}},
		},
		{
			"a key twice", []edit{{document, cancelID, cancelID + "      summary: Again\n"}},
			[]told{{document, "summary: Cancel a fault operation", "summary is here twice: take one of the two out"}},
		},
		{
			"a wrong indent", []edit{{document, cancelID, "     operationId: CancelOperation\n"}},
			[]told{{document, "tags: [Faults]\n      summary: Cancel a", "this cannot be read as YAML: mapping values are not allowed in this context"}},
		},
		{
			"a tab", []edit{{document, cancelID, "\toperationId: CancelOperation\n"}},
			[]told{{document, "\toperationId: CancelOperation", "this cannot be read as YAML: found character that cannot start any token"}},
		},
		{
			"a quote that does not end", []edit{{document, `enum: ["3.0", "6.0"]`, `enum: ["3.0", "6.0]`}},
			[]told{{document, `enum: ["3.0", "6.0]`, "this cannot be read as YAML: did not find expected ',' or ']'"}},
		},
		{
			"an overlay target that is nowhere", []edit{{view30, "$.components.parameters.ServiceId\n", "$.components.parameters.ServiceID\n"}},
			[]told{{view30, "$.components.parameters.ServiceID", "$.components.parameters.ServiceID is nowhere in the document: name what is meant, or take the action out"}},
		},
		{
			"an overlay action that changes nothing", []edit{{view30, "      example: shop/orders\n", "      example: shop~orders\n"}},
			[]told{{view30, "$.components.parameters.ServiceId", "this action changes nothing: take it out"}},
		},
		{
			"a misspelt keyword of an overlay", []edit{{view30, "  - target: $.info\n", "  - traget: $.info\n"}},
			[]told{{view30, "traget", "traget is no keyword of an action: did you mean target?"}},
		},
		{
			"an overlay that refers to nothing", []edit{{golang, "#/components/schemas/DocumentedApiVersion", "#/components/schemas/ApiVersions"}},
			[]told{{golang, "schema:\n        $ref", "there is no #/components/schemas/ApiVersions: add it, or name another"}},
		},
		{
			"an overlay that breaks a bound", []edit{{view30, `enum: ["3.0"]`, `enum: ["3.1"]`}},
			[]told{
				{view30, "\"3.0\"\n      schema", "the example 3.0 does not fit: value is not one of the allowed values [\"3.1\"]: change it, or the schema"},
				{view30, "schema:\n        type: string\n        enum", "the default 3.0 does not fit: value is not one of the allowed values [\"3.1\"]: change it, or the schema"},
			},
		},
		{
			"a name for a text that is gone", []edit{{golang, "E_NOTIMPL:", "E_NOTIMPLEMENTED:"}},
			[]told{{golang, "x-enum-drop: ^(FABRIC", "x-enum-names has a name for E_NOTIMPLEMENTED, which is no value of the enum"}},
		},
		{
			"a name for nothing, in the document", []edit{{document, "    NodeName:\n      type: string\n", "    NodeName:\n      type: string\n      x-enum-drop: a\n"}},
			[]told{
				{golang, "x-enum-drop: ^(FABRIC", "x-enum-drop or x-enum-names stands where no enum is"},
				{view30, "overlay: 1.0.0", "x-enum-drop or x-enum-names stands where no enum is"},
				{"openapi/v6.0.overlay.yaml", "overlay: 1.0.0", "x-enum-drop or x-enum-names stands where no enum is"},
			},
		},
		{
			"an overlay that does not say whose it is", []edit{{view30, "x-api-version: \"3.0\"\n", ""}},
			[]told{{view30, "overlay: 1.0.0", "this overlay does not say whose it is: add x-api-version: \"3.0\""}},
		},
		{
			"an overlay of another version", []edit{{view30, "x-api-version: \"3.0\"", "x-api-version: \"6.0\""}},
			[]told{{view30, "\"6.0\"", "this is the overlay of another version: say x-api-version: \"3.0\", or name the file by it"}},
		},
		{
			"a version without an overlay", []edit{{document, `enum: ["3.0", "6.0"]`, `enum: ["3.0", "6.0", "6.5"]`}},
			[]told{{document, `"6.5"]`, "api-version 6.5 has no overlay: add openapi/v6.5.overlay.yaml"}},
		},
		{
			"what came with a version of nobody's", []edit{{document, `      x-since: "6.0"`, `      x-since: "6.1"`}},
			[]told{{document, `"6.1"` + "\n      description", "6.1 is no documented api-version (3.0, 6.0): take one of those, or add openapi/v6.1.overlay.yaml"}},
		},
		{
			"what came with a number", []edit{{document, `      x-since: "6.0"`, `      x-since: 6.0`}},
			[]told{{document, "6.0\n      description: How many", "an api-version is a text: put 6.0 in quotes"}},
		},
		{
			"what only kin-openapi knows", []edit{{document, "  - url: http://localhost:19080\n", "  - url: http://{host}:19080\n"}},
			[]told{{document, "# A part of the document", "validate: invalid servers: server has undeclared variables"}},
		},
		{
			"an alias", []edit{{document, stopFor, stopFor + "    Other:\n      name: other\n      in: query\n      description: The same.\n      schema: *seconds\n"},
				{document, "      schema:\n        type: integer\n        format: int32\n        minimum: 0\n", "      schema: &seconds\n        type: integer\n        format: int32\n        minimum: 0\n"}},
			[]told{{document, "*seconds", "*seconds stands for another place, which not every tool follows: write it out, or use $ref"}},
		},
		{
			"several at once", []edit{
				{document, "operationId: StartDataLoss\n", "operationId: CancelOperation\n"},
				{document, timeout, strings.Replace(timeout, "maximum", "maximun", 1)},
				{view30, "$.components.parameters.ServiceId\n", "$.components.parameters.ServiceID\n"},
			},
			[]told{
				{
					document, "CancelOperation\n      tags: [Faults]\n      summary: Start a data loss",
					"the operationId CancelOperation is that of POST /Faults/$/Cancel: give this operation one of its own",
				},
				{document, "maximun", "maximun is no keyword of a schema: did you mean maximum?"},
				{view30, "$.components.parameters.ServiceID", "$.components.parameters.ServiceID is nowhere in the document: name what is meant, or take the action out"},
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tree := copied(t)
			for _, e := range tt.edits {
				e.make(t, tree)
			}
			got, err := check.Tree(t.Context(), tree)
			if err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, w := range tt.want {
				want = append(want, w.at(t, tree).String())
			}
			var texts []string
			for _, p := range got {
				texts = append(texts, p.String())
			}
			if g, w := strings.Join(texts, "\n"), strings.Join(want, "\n"); g != w {
				t.Errorf("got\n%s\nwant\n%s", g, w)
			}
		})
	}
}

// at returns the problem with the line and column of its mark.
func (w told) at(t *testing.T, tree fstest.MapFS) check.Problem {
	t.Helper()
	text := string(tree[w.file].Data)
	if n := strings.Count(text, w.mark); n != 1 {
		t.Fatalf("%s has the mark %q %d times, want once", w.file, w.mark, n)
	}
	before := text[:strings.Index(text, w.mark)]
	return check.Problem{
		File: w.file, Line: 1 + strings.Count(before, "\n"), Column: len(before) - strings.LastIndex(before, "\n"), Text: w.text,
	}
}

// The document of the repository and the unedited document of testdata have no faults.
func TestTheDocument(t *testing.T) {
	t.Parallel()
	for name, tree := range map[string]fs.FS{"of the repository": os.DirFS("../../.."), "of the tests": copied(t)} {
		got, err := check.Tree(t.Context(), tree)
		if err != nil || len(got) > 0 {
			t.Errorf("the document %s: %v, %v; want no problem", name, got, err)
		}
	}
}
