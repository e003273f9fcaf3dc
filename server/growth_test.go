package server_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/sfcancel/sfcancel/server"
)

// The paths of operations that a document may gain: variables at the end, side by side and within a
// piece, and whatever verb.
func TestPathsOfADocumentThatGrows(t *testing.T) {
	t.Parallel()
	paths := []struct{ method, path string }{
		{"POST", "/Faults/Services/{serviceId}/$/Mend"},
		{"GET", "/Faults/Racks/{rack}"},
		{"GET", "/Faults/Racks/$/All"},
		{"POST", "/Faults/Racks/{rack}/{slot}/$/Pull"},
		{"POST", "/Faults/Racks/{rack}:drain"},
		{"POST", "/Faults/Racks/v{version}.json"},
		{"", "/Faults/Any"},
	}
	tests := []struct {
		name, method, target string
		want                 want
		route                string
		values               map[string]string
	}{
		{"a variable that spans pieces", "POST", "/Faults/Services/a/b/$/Mend?api-version=6.0", ok, "/Faults/Services/{serviceId}/$/Mend", map[string]string{"serviceId": "a/b"}},
		{"a variable is decoded once", "POST", "/Faults/Services/a%252F%20b/$/Mend?api-version=6.0", ok, "/Faults/Services/{serviceId}/$/Mend", map[string]string{"serviceId": "a%2F b"}},
		{"a literal may be escaped", "POST", "/Faults/Services/a/%24/M%65nd?api-version=6.0", ok, "/Faults/Services/{serviceId}/$/Mend", map[string]string{"serviceId": "a"}},
		{"an escaped literal is no variable's", "POST", "/Faults/Services/%24/$/Mend?api-version=6.0", ok, "/Faults/Services/{serviceId}/$/Mend", map[string]string{"serviceId": "$"}},
		{"a variable at the end", "GET", "/Faults/Racks/one/two?api-version=6.0", ok, "/Faults/Racks/{rack}", map[string]string{"rack": "one/two"}},
		{"the more a route spells out, the earlier it is tried", "GET", "/Faults/Racks/$/All?api-version=6.0", ok, "/Faults/Racks/$/All", nil},
		{"two variables side by side", "POST", "/Faults/Racks/one/two/three/$/Pull?api-version=6.0", ok, "/Faults/Racks/{rack}/{slot}/$/Pull", map[string]string{"rack": "one", "slot": "two/three"}},
		{"too few pieces", "POST", "/Faults/Racks/one/$/Pull?api-version=6.0", invalid, "", nil},
		{"a verb behind a variable", "POST", "/Faults/Racks/one:drain?api-version=6.0", ok, "/Faults/Racks/{rack}:drain", map[string]string{"rack": "one"}},
		{"another verb behind a variable", "POST", "/Faults/Racks/one:fill?api-version=6.0", invalid, "", nil},
		{"nothing before the verb", "POST", "/Faults/Racks/:drain?api-version=6.0", invalid, "", nil},
		{"texts around a variable", "POST", "/Faults/Racks/v2.json?api-version=6.0", ok, "/Faults/Racks/v{version}.json", map[string]string{"version": "2"}},
		{"any verb", "BREW", "/Faults/Any?api-version=6.0", ok, "/Faults/Any", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := bareHandler(t, &spy{}) // the document does not have these operations
			var route string
			var values map[string]string
			for _, p := range paths {
				h.AddRoute(p.method, p.path, func(w http.ResponseWriter, variables map[string]string) {
					route, values = p.path, variables
					w.WriteHeader(http.StatusOK)
				})
			}
			r, err := parse(tt.method, tt.target)
			if err != nil {
				t.Fatal(err)
			}
			got := serve(t, h, r)
			if got.want != tt.want || route != tt.route || len(values) != len(tt.values) {
				t.Fatalf("got %v %q by %s with %v, want %v by %s with %v", got.want, got.message, route, values, tt.want, tt.route, tt.values)
			}
			for name, value := range tt.values {
				if values[name] != value {
					t.Errorf("%s is %q, want %q", name, values[name], value)
				}
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
