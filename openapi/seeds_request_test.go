package openapi_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
)

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

// The sentences about parameters, as requests. A refusal names the parameter that is at fault.
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
		// The document says boolean, which is true or false. kin-openapi reads the text with strconv.ParseBool and so
		// takes 1 for true, and it takes an empty text for a value. Refusing those is left to the server.
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
					t.Errorf("refused: %v", err)
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
