package server_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

func forced(t *testing.T, s *spy) {
	t.Helper()
	if p := s.cancel(); !p.Force || p.OperationID != uuid.MustParse(id) {
		t.Errorf("got %+v", p)
	}
}

func graceful(t *testing.T, s *spy) {
	t.Helper()
	if p := s.cancel(); p.Force || p.OperationID != uuid.MustParse(id) {
		t.Errorf("got %+v", p)
	}
}

func version(v generated.APIVersion) func(*testing.T, *spy) {
	return func(t *testing.T, s *spy) {
		t.Helper()
		if got := s.cancel().APIVersion; got != v {
			t.Errorf("api-version %q", got)
		}
	}
}

// timeout checks the deadline of the implementation, and what the request
// carries: -1 stands for nothing.
func timeout(seconds time.Duration, carried int64) func(*testing.T, *spy) {
	return func(t *testing.T, s *spy) {
		t.Helper()
		if want := seconds * time.Second; s.left > want || s.left < want-10*time.Second {
			t.Errorf("deadline in %v, want %v", s.left, want)
		}
		switch got := s.cancel().Timeout; {
		case got == nil && carried != -1:
			t.Errorf("no timeout, want %d", carried)
		case got != nil && *got != carried:
			t.Errorf("timeout %d, want %d", *got, carried)
		}
	}
}

// Every sentence of the two seed documents that speaks of the request.
func TestSeeds(t *testing.T) {
	const (
		v3 = cancelPath + "?api-version=3.0"
		v6 = cancelPath + "?api-version=6.0"
		op = "&OperationId=" + id
		no = "&Force=false"
	)
	run(t, []row{
		// Cancel Operation, 3.0.
		{name: "seed 3.0: POST with api-version, OperationId and Force", target: v3 + op + no, documented: ok, runtime: ok, sees: graceful},
		{name: "seed 3.0: method is POST", method: http.MethodGet, target: v3 + op + no, documented: invalid, runtime: invalid},
		{name: "seed 3.0: request URI is /Faults/$/Cancel", target: "/Faults/$/Canceled?api-version=3.0" + op + no, documented: invalid, runtime: invalid},
		{name: "seed 3.0: api-version is required", target: cancelPath + "?OperationId=" + id + no, documented: invalid, runtime: invalid},
		{name: "seed 3.0: api-version default 3.0 does not stand in for a required one", target: cancelPath + "?api-version=" + op + no, documented: invalid, runtime: invalid},
		{name: "seed 3.0: api-version value must be 3.0", target: v3 + op + no, documented: ok, runtime: ok, sees: version("3.0")},
		{name: "seed 3.0: api-version is a string in the query", target: cancelPath + "?api-version=three" + op + no, documented: invalid, runtime: invalid},
		{name: "seed 3.0: OperationId is required", target: v3 + no, documented: missing, runtime: missing},
		{name: "seed 3.0: OperationId is a uuid", target: v3 + "&OperationId=5" + no, documented: invalid, runtime: invalid},
		{name: "seed 3.0: OperationId is a GUID that identifies a call", target: v3 + op + no, documented: ok, runtime: ok, sees: graceful},
		{name: "seed 3.0: Force is required", target: v3 + op, documented: missing, runtime: ok, sees: graceful},
		{name: "seed 3.0: Force default false does not stand in for a required one", target: v3 + op + "&Force=", documented: missing, runtime: ok, sees: graceful},
		{name: "seed 3.0: Force is a boolean, false", target: v3 + op + no, documented: ok, runtime: ok, sees: graceful},
		{name: "seed 3.0: Force is a boolean, true", target: v3 + op + "&Force=true", documented: ok, runtime: ok, sees: forced},
		{name: "seed 3.0: Force is a boolean, no number", target: v3 + op + "&Force=1", documented: invalid, runtime: invalid},
		{name: "seed 3.0: timeout is not spoken of, the runtime takes it", target: v3 + op + no + "&timeout=90", documented: ok, runtime: ok, sees: timeout(90, 90)},
		{name: "seed 3.0: timeout is not spoken of, so its bounds do not hold", target: v3 + op + no + "&timeout=4294967296", documented: ok, runtime: ok, sees: timeout(60, -1)},
		{name: "seed 3.0: 200 for success", target: v3 + op + "&Force=true", documented: ok, runtime: ok},
		{name: "seed 3.0: all other status codes are a FabricError", target: v3, documented: missing, runtime: missing},

		// Cancel Operation, 6.0.
		{name: "seed 6.0: POST with api-version, OperationId, Force and timeout", target: v6 + op + no + "&timeout=60", documented: ok, runtime: ok, sees: graceful},
		{name: "seed 6.0: method is POST", method: http.MethodPut, target: v6 + op + no, documented: invalid, runtime: invalid},
		{name: "seed 6.0: request URI is /Faults/$/Cancel", target: "/Faults/Cancel?api-version=6.0" + op + no, documented: invalid, runtime: invalid},
		{name: "seed 6.0: api-version is required", target: cancelPath + "?OperationId=" + id + no, documented: invalid, runtime: invalid},
		{name: "seed 6.0: api-version default 6.0 does not stand in for a required one", target: cancelPath + "?api-version" + op + no, documented: invalid, runtime: invalid},
		{name: "seed 6.0: api-version value must be 6.0", target: v6 + op + no, documented: ok, runtime: ok, sees: version("6.0")},
		{name: "seed 6.0: more than one version is supported, a lower one is passed", target: v3 + op + no, documented: ok, runtime: ok, sees: version("3.0")},
		{name: "seed 6.0: any higher version up to the runtime's, 6.1 with runtime 6.1", target: cancelPath + "?api-version=6.1" + op + no, opts: []server.Option{server.WithRuntimeVersion("6.1")}, documented: ok, runtime: ok, sees: version("6.1")},
		{name: "seed 6.0: not a higher version than the runtime's, 6.2 with runtime 6.1", target: cancelPath + "?api-version=6.2" + op + no, opts: []server.Option{server.WithRuntimeVersion("6.1")}, documented: invalid, runtime: invalid},
		{name: "seed 6.0: 6.1 behaves as documented for 6.0, accepted timeout", target: cancelPath + "?api-version=6.1" + op + no + "&timeout=5", documented: ok, runtime: ok, sees: timeout(5, 5)},
		{name: "seed 6.0: 6.1 behaves as documented for 6.0, bounds of timeout", target: cancelPath + "?api-version=6.1" + op + no + "&timeout=4294967296", documented: invalid, runtime: ok},
		{name: "seed 6.0: OperationId is required", target: v6 + no, documented: missing, runtime: missing},
		{name: "seed 6.0: OperationId is a uuid", target: v6 + "&OperationId=xyz" + no, documented: invalid, runtime: invalid},
		{name: "seed 6.0: OperationId is a GUID that identifies a call", target: v6 + op + no, documented: ok, runtime: ok, sees: graceful},
		{name: "seed 6.0: Force is required", target: v6 + op, documented: missing, runtime: ok, sees: graceful},
		{name: "seed 6.0: Force default false does not stand in for a required one", target: v6 + op + "&Force", documented: missing, runtime: ok, sees: graceful},
		{name: "seed 6.0: Force is a boolean, false", target: v6 + op + no, documented: ok, runtime: ok, sees: graceful},
		{name: "seed 6.0: Force is a boolean, true", target: v6 + op + "&Force=true", documented: ok, runtime: ok, sees: forced},
		{name: "seed 6.0: Force is a boolean, nothing else", target: v6 + op + "&Force=yes", documented: invalid, runtime: invalid},
		{name: "seed 6.0: timeout is not required", target: v6 + op + no, documented: ok, runtime: ok, sees: timeout(60, -1)},
		{name: "seed 6.0: timeout default 60", target: v6 + op + no + "&timeout=", documented: ok, runtime: ok, sees: timeout(60, -1)},
		{name: "seed 6.0: timeout is an integer", target: v6 + op + no + "&timeout=1.5", documented: invalid, runtime: ok, sees: timeout(60, -1)},
		{name: "seed 6.0: timeout is an int64", target: v6 + op + no + "&timeout=9223372036854775808", documented: invalid, runtime: ok, sees: timeout(60, -1)},
		{name: "seed 6.0: timeout InclusiveMaximum 4294967295", target: v6 + op + no + "&timeout=4294967295", documented: ok, runtime: ok, sees: timeout(4294967295, 4294967295)},
		{name: "seed 6.0: timeout above InclusiveMaximum", target: v6 + op + no + "&timeout=4294967296", documented: invalid, runtime: ok, sees: timeout(60, -1)},
		{name: "seed 6.0: timeout InclusiveMinimum 1", target: v6 + op + no + "&timeout=1", documented: ok, runtime: ok, sees: timeout(1, 1)},
		{name: "seed 6.0: timeout below InclusiveMinimum", target: v6 + op + no + "&timeout=0", documented: invalid, runtime: invalid},
		{name: "seed 6.0: timeout is in seconds", target: v6 + op + no + "&timeout=120", documented: ok, runtime: ok, sees: timeout(120, 120)},
		{name: "seed 6.0: 200 for success", target: v6 + op + "&Force=true", documented: ok, runtime: ok},
		{name: "seed 6.0: all other status codes are a FabricError", target: v6, documented: missing, runtime: missing},
	})
}
