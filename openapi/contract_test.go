package openapi_test

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/openapi"
	"github.com/sfcancel/sfcancel/openapi/internal/overlaid"
	"gopkg.in/yaml.v3"
)

const absent = "(not there)"

// sample has one fact of every sort. Two readers that both lose a field would agree; sample shows that neither does.
var sample = map[string]string{
	"server/http://localhost:19080":                               listed,
	"server/https://localhost:19080":                              listed,
	"CancelOperation/route":                                       "POST /Faults/$/Cancel",
	"CancelOperation/tags/Faults":                                 listed,
	"CancelOperation/parameter/api-version/in":                    "query",
	"CancelOperation/parameter/api-version/default":               "6.0",
	"CancelOperation/parameter/OperationId/format":                "uuid",
	"CancelOperation/parameter/Force/required":                    "true",
	"CancelOperation/parameter/Force/default":                     "false",
	"CancelOperation/parameter/timeout/required":                  "false",
	"CancelOperation/parameter/timeout/type":                      "integer",
	"CancelOperation/parameter/timeout/format":                    "int64",
	"CancelOperation/parameter/timeout/minimum":                   "1",
	"CancelOperation/parameter/timeout/maximum":                   "4294967295",
	"CancelOperation/parameter/timeout/default":                   "60",
	"CancelOperation/response/200/body":                           "none",
	"CancelOperation/response/default/body/application/json/$ref": "FabricError",
	"StartDataLoss/parameter/partitionId/in":                      "path",
	"StartDataLoss/parameter/DataLossMode/enum/Invalid":           listed,
	"StartDataLoss/response/202/body":                             "none",
	"definition/DataLossMode/enum/FullDataLoss":                   listed,
	"definition/FabricError/required/Error":                       listed,
	"definition/InvokeDataLossResult/property/ErrorCode/type":     "integer",
	"definition/OperationStatusList/items/$ref":                   "OperationStatus",
	"definition/PartitionId/format":                               "uuid",
}

// edition is the api-version of the official contract.
const edition = "6.0"

// The whole document and the views up to the official contract's version agree with it, except for the listed
// differences. Later additions are not differences, because x-since marks them.
func TestContract(t *testing.T) {
	t.Parallel()
	theirs := official(t)
	for _, f := range forms {
		if f.name != whole && slices.Index(openapi.Versions(), f.name) > slices.Index(openapi.Versions(), edition) {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			ours := documentFacts(t, asOf(t, f.name))
			want := intended(t, f.name)
			told := map[string]bool{}
			for _, key := range keys(theirs, ours) {
				official, document := fact(theirs, key), fact(ours, key)
				difference, isListed := want[key]
				delete(want, key)
				if what := addition(theirs, key); what != "" && !isListed {
					if !told[what] {
						t.Errorf("the official contract of %s has no %s: give it x-since if it was added later, or list it among the differences below", edition, what)
					}
					told[what] = true
					continue
				}
				switch {
				case official == document && isListed:
					t.Errorf("%s: both say %s, want the listed difference removed", key, official)
				case official == document:
				case !isListed:
					t.Errorf("%s: official %s, ours %s, want them equal or listed as a difference", key, official, document)
				case difference.official != official || difference.ours != document:
					t.Errorf("%s: official %s, ours %s; want %s and %s as listed",
						key, official, document, difference.official, difference.ours)
				}
			}
			for key := range want {
				t.Errorf("%s: neither contract has it, want the listed difference removed", key)
			}
		})
	}
}

// official returns the facts of the official contract.
func official(t *testing.T) facts {
	t.Helper()
	var contract object
	testdata(t, "official-contract-6.0.json", &contract)
	return officialFacts(contract)
}

// asOf returns the text of a form, without additions later than the official contract.
func asOf(t *testing.T, form string) []byte {
	t.Helper()
	if form != whole {
		return formText(t, form)
	}
	var root yaml.Node
	if err := yaml.Unmarshal(openapi.Document(), &root); err != nil {
		t.Fatal(err)
	}
	if err := overlaid.Narrow(&root, edition); err != nil {
		t.Fatal(err)
	}
	text, err := yaml.Marshal(&root)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// addition returns the operation or the parameter that a fact of ours is about if the official contract does not have it, or
// "". It allows reporting each such operation or parameter once, not once for each of its facts.
func addition(theirs facts, key string) string {
	words := strings.Split(key, "/")
	switch {
	case words[0] == "definition" || words[0] == "server" || len(words) < 2:
		return ""
	case theirs[words[0]+"/route"] == "":
		return "operation " + words[0]
	case words[1] == "parameter" && theirs[words[0]+"/parameter/"+words[2]+"/in"] == "":
		return "parameter " + words[2] + " of " + words[0]
	}
	return ""
}

func TestContractReaders(t *testing.T) {
	t.Parallel()
	theirs, ours := official(t), documentFacts(t, formText(t, edition))
	for key, want := range sample {
		if official, document := fact(theirs, key), fact(ours, key); official != want || document != want {
			t.Errorf("%s: read as official %s, ours %s; want %s", key, official, document, want)
		}
	}
}

// intended expands the table of differences for one form of the document.
func intended(t *testing.T, name string) map[string]difference {
	t.Helper()
	expanded := map[string]difference{}
	var operations []string
	for key := range official(t) {
		if id, isRoute := strings.CutSuffix(key, "/route"); isRoute {
			operations = append(operations, id)
		}
	}
	all := differences
	for _, version := range openapi.Versions() {
		all = append(all[:len(all):len(all)], difference{"definition/DocumentedApiVersion/enum/" + version, absent, listed, bothVersions, whole})
	}
	for _, d := range all {
		if d.reason == "" || d.official == d.ours {
			t.Fatalf("%s: got %+v, want two values and a reason", d.key, d)
		}
		if !slices.Contains(strings.Fields(d.forms), name) {
			continue
		}
		names := []string{d.key}
		if rest, every := strings.CutPrefix(d.key, everyOperation); every {
			names = nil
			for _, id := range operations {
				names = append(names, id+"/"+rest)
			}
		}
		for _, key := range names {
			if _, twice := expanded[key]; twice {
				t.Fatalf("%s is listed twice, want it once", key)
			}
			expanded[key] = d
		}
	}
	return expanded
}

func fact(f facts, key string) string {
	if value, ok := f[key]; ok {
		return value
	}
	return absent
}

// keys returns the keys of both, sorted.
func keys(a, b facts) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}

// difference is one fact in which the document deliberately differs from the official contract of 6.0.
type difference struct {
	key            string
	official, ours string
	reason         string
	// forms are the forms of the document that have the difference.
	forms string
}

const (
	everyForm = "whole 3.0 6.0"
	whole     = "whole"
	only30    = "3.0"
)

// everyOperation at the start of a key stands for each of the operations.
const everyOperation = "every operation/"

const (
	noSecurity   = "says on purpose what the official contract leaves open: how a cluster is secured is not part of the contract"
	bothVersions = "one document serves both documented versions and every version that a runtime adds; the views have the one text"
	before60     = "the document of 3.0 has its own version, and no timeout"
	noEnumName   = "the official contract names the enum for its generator; ours is named for the two texts, and the views have none"
	runtimeMode  = "runtimes take this text where the documents say QuorumReplicas, so clients of both must be able to send it"
	errorName    = "the official name comes from nesting; ours is a name that a program can carry"
	openCodes    = "servers send codes that no edition lists, so the text is open and the list is only what is known"
	laterCode    = "editions from 6.2 on list it, and one list of known codes serves every version"
	codeOfFaults = "these operations answer with it, although no edition lists it"
	codeOfServer = "the HTTP gateway answers with it on any route, although no edition lists it"
	codeOfTable  = "the status table of the runtime has it, and clients decide on retries by it"
)

const code = "definition/FabricErrorCodes/enum/"

var differences = []difference{
	{"security", absent, "nothing", noSecurity, everyForm},

	{everyOperation + "parameter/api-version/type", "string", absent, bothVersions, whole},
	{everyOperation + "parameter/api-version/enum/6.0", listed, absent, bothVersions, whole},
	{everyOperation + "parameter/api-version/anyOf/0/$ref", absent, "DocumentedApiVersion", bothVersions, whole},
	{everyOperation + "parameter/api-version/anyOf/1/type", absent, "string", bothVersions, whole},
	{everyOperation + "parameter/api-version/anyOf/1/pattern", absent, `^[0-9]+\.[0-9]+$`, bothVersions, whole},
	{"definition/DocumentedApiVersion/type", absent, "string", bothVersions, whole},

	{everyOperation + "parameter/api-version/enum/6.0", listed, absent, before60, only30},
	{everyOperation + "parameter/api-version/enum/3.0", absent, listed, before60, only30},
	{everyOperation + "parameter/api-version/default", "6.0", "3.0", before60, only30},
	{everyOperation + "parameter/timeout/in", "query", absent, before60, only30},
	{everyOperation + "parameter/timeout/required", "false", absent, before60, only30},
	{everyOperation + "parameter/timeout/type", "integer", absent, before60, only30},
	{everyOperation + "parameter/timeout/format", "int64", absent, before60, only30},
	{everyOperation + "parameter/timeout/minimum", "1", absent, before60, only30},
	{everyOperation + "parameter/timeout/maximum", "4294967295", absent, before60, only30},
	{everyOperation + "parameter/timeout/default", "60", absent, before60, only30},

	{"definition/ApiVersionRequiredQueryParam/type", "string", absent, noEnumName, everyForm},
	{"definition/ApiVersionRequiredQueryParam/enum/6.0", listed, absent, noEnumName, everyForm},

	{"StartQuorumLoss/parameter/QuorumLossMode/enum/QuorumLossReplicas", absent, listed, runtimeMode, whole},
	{"definition/QuorumLossMode/enum/QuorumLossReplicas", absent, listed, runtimeMode, whole},

	{"definition/FabricError/property/Error/$ref", "FabricError_Error", "FabricErrorDetail", errorName, everyForm},
	{"definition/FabricError_Error/type", "object", absent, errorName, everyForm},
	{"definition/FabricErrorDetail/type", absent, "object", errorName, everyForm},
	{"definition/FabricError_Error/required/Code", listed, absent, errorName, everyForm},
	{"definition/FabricErrorDetail/required/Code", absent, listed, errorName, everyForm},
	{"definition/FabricError_Error/property/Message/type", "string", absent, errorName, everyForm},
	{"definition/FabricErrorDetail/property/Message/type", absent, "string", errorName, everyForm},
	{"definition/FabricError_Error/property/Code/$ref", "FabricErrorCodes", absent, errorName, everyForm},
	{"definition/FabricErrorDetail/property/Code/anyOf/0/$ref", absent, "FabricErrorCodes", openCodes, everyForm},
	{"definition/FabricErrorDetail/property/Code/anyOf/1/type", absent, "string", openCodes, everyForm},

	{code + "FABRIC_E_INVALID_TEST_COMMAND_STATE", absent, listed, codeOfFaults, everyForm},
	{code + "FABRIC_E_TEST_COMMAND_OPERATION_ID_ALREADY_EXISTS", absent, listed, codeOfFaults, everyForm},
	{code + "FABRIC_E_NODE_TRANSITION_IN_PROGRESS", absent, listed, codeOfFaults, everyForm},
	{code + "FABRIC_E_INVALID_DURATION", absent, listed, codeOfFaults, everyForm},
	{code + "FABRIC_E_INVALID_INSTANCE_ID", absent, listed, codeOfFaults, everyForm},
	{code + "E_ACCESSDENIED", absent, listed, codeOfServer, everyForm},
	{code + "FABRIC_E_GATEWAY_NOT_REACHABLE", absent, listed, codeOfServer, everyForm},
	{code + "FABRIC_E_MESSAGE_TOO_LARGE", absent, listed, codeOfServer, everyForm},
	{code + "FABRIC_E_SERVICE_TOO_BUSY", absent, listed, codeOfTable, everyForm},
	{code + "E_NOTIMPL", absent, listed, codeOfTable, everyForm},

	{code + "E_FAIL", later, listed, laterCode, everyForm},
	{code + "E_INVALIDARG", later, listed, laterCode, everyForm},
	{code + "FABRIC_E_BACKUP_IN_PROGRESS", later, listed, laterCode, everyForm},
	{code + "FABRIC_E_BACKUP_IS_ENABLED", later, listed, laterCode, everyForm},
	{code + "FABRIC_E_BACKUP_NOT_ENABLED", later, listed, laterCode, everyForm},
	{code + "FABRIC_E_BACKUP_POLICY_ALREADY_EXISTING", later, listed, laterCode, everyForm},
	{code + "FABRIC_E_BACKUP_POLICY_NOT_EXISTING", later, listed, laterCode, everyForm},
	{code + "FABRIC_E_FAULT_ANALYSIS_SERVICE_NOT_EXISTING", later, listed, laterCode, everyForm},
	{code + "FABRIC_E_INVALID_FOR_STATELESS_SERVICES", later, listed, laterCode, everyForm},
	{code + "FABRIC_E_INVALID_SERVICE_SCALING_POLICY", later, listed, laterCode, everyForm},
	{code + "FABRIC_E_RESTORE_IN_PROGRESS", later, listed, laterCode, everyForm},
	{code + "FABRIC_E_RESTORE_SOURCE_TARGET_PARTITION_MISMATCH", later, listed, laterCode, everyForm},
}

// facts are the contents of a contract, by key: "CancelOperation/parameter/timeout/minimum" = "1". Both contracts are
// converted to this form from their own format, so that one comparison covers every field of both.
//
// Only the keys in prose and those that the reader of a format handles itself are dropped: an unknown keyword becomes a
// fact as well.
type facts map[string]string

// listed is the value of a fact without a value, such as one value of an enum.
const listed = "listed"

// later is the value of a code that only later editions of the official contract list.
const later = "listed from 6.2"

// prose has the keys of explanations, which add nothing to the contract.
var prose = map[string]bool{"description": true, "summary": true, "example": true, "examples": true, "title": true}

// object is a JSON object.
type object = map[string]any

func (f facts) add(key, value string) {
	if old, ok := f[key]; ok {
		value = old + " AND " + value // so that duplicate operations or parameters never compare as equal
	}
	f[key] = value
}

// schema adds the facts of a schema. References are kept by name, because each definition has its own facts.
func (f facts) schema(key string, schema object) {
	empty := true
	for keyword, value := range schema {
		empty = empty && prose[keyword]
		switch {
		case prose[keyword]:
		case keyword == "$ref":
			f.add(key+"/$ref", refName(value))
		case keyword == "properties":
			// The keys are names, so a property may be called description.
			for name, property := range value.(object) {
				f.schema(key+"/property/"+name, property.(object))
			}
		default:
			f.value(key+"/"+keyword, value)
		}
	}
	if empty {
		f.add(key, "anything")
	}
}

func (f facts) value(key string, value any) {
	switch value := value.(type) {
	case object:
		f.schema(key, value)
	case []any:
		if len(value) == 0 {
			f.add(key, "nothing")
		}
		for i, element := range value {
			if o, ok := element.(object); ok {
				f.schema(key+"/"+strconv.Itoa(i), o)
			} else {
				f.add(key+"/"+text(element), listed)
			}
		}
	default:
		f.add(key, text(value))
	}
}

// operation adds the facts of an operation, except for its parameters and answers, which the two formats write
// differently. It returns the key of the operation.
func (f facts) operation(route, verb string, operation object) string {
	key, _ := operation["operationId"].(string)
	f.add(key+"/route", strings.ToUpper(verb)+" "+route)
	for keyword, value := range operation {
		switch {
		case keyword == "operationId", keyword == "parameters", keyword == "responses", prose[keyword]:
		default:
			f.value(key+"/"+keyword, value)
		}
	}
	return key
}

// parameter adds the facts of a parameter; details has its schema.
func (f facts) parameter(operation string, parameter, details object) {
	key := operation + "/parameter/" + text(parameter["name"])
	f.add(key+"/in", text(parameter["in"]))
	required, _ := parameter["required"].(bool)
	f.add(key+"/required", text(required)) // absent means false in both formats
	f.schema(key, details)
}

// response adds one answer of an operation. A nil schema means an answer without a body.
func (f facts) response(operation, status string, media []string, schema object) {
	key := operation + "/response/" + status + "/body"
	if schema == nil {
		f.add(key, "none")
		return
	}
	for _, m := range media {
		f.schema(key+"/"+m, schema)
	}
}

// refName returns the name at the end of a reference.
func refName(ref any) string { return path.Base(text(ref)) }

// text returns the text of a JSON scalar, without quotes and exponents.
func text(value any) string {
	if number, ok := value.(float64); ok {
		return strconv.FormatFloat(number, 'f', -1, 64)
	}
	return fmt.Sprint(value)
}

// without copies o without some keys.
func without(o object, keys ...string) object {
	rest := object{}
	for key, value := range o {
		rest[key] = value
	}
	for _, key := range keys {
		delete(rest, key)
	}
	return rest
}

// documentFacts returns the facts of a document in the format OpenAPI 3.0.
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
				// In Swagger 2.0 there is no reference here, and type and bounds are not in a schema.
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
	// The tags here have only descriptions; the operations name their tags.
	for keyword, value := range without(root, "openapi", "info", "tags", "servers", "paths", "components") {
		f.value(keyword, value)
	}
	for kind, value := range without(components, "schemas", "parameters", "responses") {
		f.value("components/"+kind, value)
	}
	return f
}

// notCompared are the keys of the official contract that do not affect the wire, each with the reason.
var notCompared = map[string]string{
	"swagger":                 "the format of the file",
	"x-ms-parameter-location": "tells a generator of clients where a method takes the argument",
	"x-ms-skip-url-encoding":  "tells a generator of clients to write the text into the path as it is",
	"x-ms-enum":               "names the enum, which is read where it matters; the values are those of enum again",
}

// officialFacts returns the facts of a contract in the format Swagger 2.0.
func officialFacts(doc object) facts {
	f := facts{}
	var media []string
	for _, m := range doc["produces"].([]any) {
		media = append(media, text(m))
	}
	parameters := doc["parameters"].(object)
	for route, item := range doc["paths"].(object) {
		for verb, o := range item.(object) {
			operation := compared(o.(object))
			key := f.operation(route, verb, operation)
			for _, p := range operation["parameters"].([]any) {
				parameter := resolve(p.(object), parameters)
				f.parameter(key, parameter, without(compared(parameter), "name", "in", "required"))
			}
			for status, r := range operation["responses"].(object) {
				schema, _ := r.(object)["schema"].(object)
				f.response(key, status, media, schema)
			}
		}
	}
	for _, p := range parameters {
		// For the enum of a parameter, Swagger 2.0 has only a name where OpenAPI 3.0 has a definition.
		parameter := p.(object)
		if enum, ok := parameter["x-ms-enum"].(object); ok {
			f.schema("definition/"+text(enum["name"]), object{"type": parameter["type"], "enum": parameter["enum"]})
		}
	}
	for name, d := range doc["definitions"].(object) {
		key := "definition/" + name
		definition := compared(d.(object))
		added, _ := definition["x-added-in-6.2"].([]any)
		for _, value := range added {
			f.add(key+"/enum/"+text(value), later)
		}
		f.schema(key, without(definition, "x-added-in-6.2"))
	}
	for keyword, value := range compared(doc) {
		switch keyword {
		case "produces", "paths", "parameters", "definitions":
		case "schemes":
			for _, scheme := range value.([]any) {
				f.add("server/"+text(scheme)+"://"+text(doc["host"]), listed)
			}
		case "host":
		default:
			f.value(keyword, value)
		}
	}
	return f
}

// compared copies o without the keys in notCompared.
func compared(o object) object {
	rest := object{}
	for key, value := range o {
		if notCompared[key] == "" {
			rest[key] = value
		}
	}
	return rest
}

// resolve returns the object that o refers to, or o if it is not a reference.
func resolve(o object, named object) object {
	if ref, ok := o["$ref"]; ok {
		return named[refName(ref)].(object)
	}
	return o
}
