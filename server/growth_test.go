package server_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

// A document that gains an operation is served without an edit here: its path,
// the parameters that the table knows, and those that only the binder knows.
func TestDocumentThatGrows(t *testing.T) {
	var seen *http.Request
	binds := func(err error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			seen = r
			if err != nil {
				server.RefuseBinding(w, r, err)
				return
			}
			w.WriteHeader(http.StatusOK)
		}
	}
	operations := []struct {
		pattern string
		serve   http.HandlerFunc
	}{
		{"POST /Faults/Services/{serviceId}/$/Mend", binds(nil)},
		{"GET /Faults/Racks/{rack...}", binds(nil)},
		{"GET /Faults/Racks/$/All", binds(nil)},
		{"POST /Faults/Racks/{rack}/{slot}/$/Pull", binds(nil)},
		{"/Faults/Any", binds(nil)},
		{"POST /Faults/Missing", binds(&generated.RequiredParamError{ParamName: "Depth"})},
		{"POST /Faults/Malformed", binds(&generated.InvalidParamFormatError{ParamName: "Depth", Err: errors.New(secret)})},
		{"POST /Faults/Several", binds(&generated.TooManyValuesForParamError{ParamName: secret, Count: 2})},
	}
	tests := []struct {
		name, method, target string
		want                 want
		message, query       string
		values               map[string]string
	}{
		{"known parameters are judged, unknown ones go on untouched", "POST", "/Faults/Services/a/b/$/Mend?Depth=%35&api-version=6.0&Force=TRUE&Depth=6&Note=a+b", ok, "",
			"api-version=6.0&Force=true&Depth=%35&Depth=6&Note=a+b", map[string]string{"serviceId": "a/b"}},
		{"a known parameter that is bad", "POST", "/Faults/Services/a/$/Mend?api-version=6.0&Force=1", invalid, `Force must be true or false, not "1".`, "", nil},
		{"a known variable that is bad", "POST", "/Faults/Services/a~/$/Mend?api-version=6.0", badName, "", "", nil},
		{"a known parameter that is missing is for the binder", "POST", "/Faults/Services/a/$/Mend?api-version=6.0", ok, "", "api-version=6.0", nil},
		{"timeout", "POST", "/Faults/Services/a/$/Mend?timeout=007&api-version=6.0", ok, "", "api-version=6.0&timeout=7", nil},
		{"names that decode to known ones do not go on", "POST", "/Faults/Services/a/$/Mend?api-version=6.0&Force=true&%46orce=false&time%6Fut=1&b%zz=1&=x&Force&y", ok, "", "api-version=6.0&Force=true&=x&y", nil},
		{"values are encoded as they are", "POST", "/Faults/Services/a/$/Mend?api-version=6.0&Force=true&NodeInstanceId=5&OperationId=" + id, ok, "",
			"api-version=6.0&OperationId=" + id + "&NodeInstanceId=5&Force=true", nil},
		{"a variable at the end", "GET", "/Faults/Racks/one/two?api-version=6.0", ok, "", "api-version=6.0", map[string]string{"rack": "one/two"}},
		{"the more a route spells out, the earlier it is tried", "GET", "/Faults/Racks/$/All?api-version=6.0", ok, "", "api-version=6.0", map[string]string{"rack": ""}},
		{"two variables side by side", "POST", "/Faults/Racks/one/two/three/$/Pull?api-version=6.0", ok, "", "api-version=6.0", map[string]string{"rack": "one", "slot": "two/three"}},
		{"too few pieces", "POST", "/Faults/Racks/one/$/Pull?api-version=6.0", invalid, "", "", nil},
		{"any verb", "BREW", "/Faults/Any?api-version=6.0", ok, "", "api-version=6.0", nil},
		{"the binder misses a parameter", "POST", "/Faults/Missing?api-version=6.0", missing, "Depth is missing.", "", nil},
		{"the binder cannot read a parameter", "POST", "/Faults/Malformed?api-version=6.0", invalid, "Depth could not be read.", "", nil},
		{"the binder has another complaint", "POST", "/Faults/Several?api-version=6.0", invalid, "A parameter could not be read.", "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := bareHandler(t, &spy{}) // the document does not have these operations
			for _, op := range operations {
				h.AddOperation(op.pattern, op.serve)
			}
			seen = nil
			r, err := parse(tt.method, tt.target)
			if err != nil {
				t.Fatal(err)
			}
			got := serve(t, h, r)
			if got.want != tt.want || tt.message != "" && got.message != tt.message {
				t.Fatalf("got %v %q", got.want, got.message)
			}
			if strings.Contains(got.body, secret) {
				t.Errorf("the binder's text is on the wire: %s", got.body)
			}
			if tt.want != ok {
				return
			}
			if seen.URL.RawQuery != tt.query {
				t.Errorf("the binder reads %s, want %s", seen.URL.RawQuery, tt.query)
			}
			for name, value := range tt.values {
				if got := seen.PathValue(name); got != value {
					t.Errorf("%s is %q, want %q", name, got, value)
				}
			}
			if r.PathValue("serviceId") != "" {
				t.Error("the caller's request was changed")
			}
		})
	}
}

func TestConcurrentUse(t *testing.T) {
	h := newHandler(t, server.Unimplemented{})
	var wg sync.WaitGroup
	for range 8 {
		for _, r := range complete {
			wg.Go(func() {
				req, err := parse(r.method, r.target)
				if err != nil {
					t.Error(err)
					return
				}
				if got := serve(t, h, req); got.status != 501 {
					t.Errorf("got %v", got.want)
				}
			})
		}
	}
	wg.Wait()
}
