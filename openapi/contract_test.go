package openapi_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
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

func TestContract(t *testing.T) {
	t.Parallel()
	var official object
	testdata(t, "official-contract-6.0.json", &official)
	theirs := officialFacts(official)
	for _, f := range forms {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			ours := documentFacts(t, formText(t, f.name))
			want := intended(t, f.name)
			for _, key := range keys(theirs, ours) {
				official, document := fact(theirs, key), fact(ours, key)
				difference, isListed := want[key]
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
				delete(want, key)
			}
			for key := range want {
				t.Errorf("%s: listed as a difference, but neither contract has it", key)
			}
		})
	}
}

func TestContractReaders(t *testing.T) {
	t.Parallel()
	var official object
	testdata(t, "official-contract-6.0.json", &official)
	theirs, ours := officialFacts(official), documentFacts(t, formText(t, "6.0"))
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
	for _, d := range differences {
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
