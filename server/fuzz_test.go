package server_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/server"
)

// atGateway says whether a request is for an address that the gateway has besides
// the operations.
func atGateway(r *http.Request) bool {
	pieces := strings.FieldsFunc(r.URL.Path, func(c rune) bool { return c == '/' })
	path := strings.Join(pieces, "/")
	return r.Method == http.MethodGet && (path == "" || path == "$/GetClusterVersion" || path == "$/GetAadMetadata")
}

// Whatever comes in a request line, the answer is one: never a 500, never a
// failure that is no FabricError, never a redirect, never a panic.
func FuzzRequestLine(f *testing.F) {
	for _, r := range complete {
		f.Add(r.method, r.target)
	}
	for _, target := range []string{
		"/", "*", "//", "/Faults", "/Faults/$/Cancel/..", "/Faults/%24/Cancel" + withID, "http://x/Faults/?", "/Faults/Nodes/%00%ff/$/GetTransitionProgress" + withID,
		lossOf("a~~b"), lossOf("a%2f%2fb"), cancel + "&Force=%00", cancelPath + "?api-version=1e308&OperationId=;", cancelPath + "?api-version=6.0&timeout=99999999999999999999",
	} {
		f.Add("POST", target)
		f.Add("GET", target)
	}
	f.Fuzz(func(t *testing.T, method, target string) {
		if r, err := parse(method, target); err == nil && atGateway(r) {
			t.Skip("the gateway answers that itself")
		}
		for _, p := range []server.Profile{server.Documented, server.Runtime} {
			r, err := parse(method, target)
			if err != nil {
				t.Skip()
			}
			got := askWith(t, &spy{}, r, server.WithProfile(p))
			switch got.status {
			case 200, 202, 400, 404, 413:
			default:
				t.Errorf("%s: %q %q: %v %s", p, method, target, got.want, got.message)
			}
			if reached := got.spy.operation != ""; reached != (got.status < 300) {
				t.Errorf("%s: %q %q: %v, but reached the implementation: %v", p, method, target, got.want, reached)
			}
		}
	})
}
