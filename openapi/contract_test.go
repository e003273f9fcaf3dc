package openapi_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/sfcancel/sfcancel/openapi"
	"github.com/sfcancel/sfcancel/openapi/internal/overlaid"
)

const absent = "(not there)"

// sample is one fact of every sort. Two readers that lose the same field would agree; this shows that neither does.
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

// The whole document and the views up to the official contract's version say what it says, but for the differences that
// are listed. What came later is no difference, for it says so with x-since.
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
						t.Errorf("the official contract of %s has no %s: give it x-since if it came later, or list it in differences_test.go", edition, what)
					}
					told[what] = true
					continue
				}
				switch {
				case official == document && isListed:
					t.Errorf("%s: listed as a difference, but both say %s", key, official)
				case official == document:
				case !isListed:
					t.Errorf("%s: official %s, ours %s, and no reason is listed", key, official, document)
				case difference.official != official || difference.ours != document:
					t.Errorf("%s: official %s, ours %s; listed as %s and %s",
						key, official, document, difference.official, difference.ours)
				}
			}
			for key := range want {
				t.Errorf("%s: listed as a difference, but neither contract has it", key)
			}
		})
	}
}

// official reads the official contract.
func official(t *testing.T) facts {
	t.Helper()
	var contract object
	testdata(t, "official-contract-6.0.json", &contract)
	return officialFacts(contract)
}

// asOf is the text of a form, without what came after the official contract.
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

// addition names the operation or the parameter that a fact of ours is about, if the official contract has none such.
// Each has many facts, and one of them is enough to tell.
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
			t.Fatalf("%s: a difference has two values and a reason", d.key)
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
				t.Fatalf("%s is listed twice", key)
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

// keys are all keys of both, sorted.
func keys(a, b facts) []string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return slices.Sorted(maps.Keys(all))
}
