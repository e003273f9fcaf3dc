package server_test

import (
	"net/http"
	"testing"

	"github.com/sfcancel/sfcancel/server"
)

// What came after the api-version of a request is answered as what is nowhere: the same status, the
// same code and the same words. What was there before is found all the same.
func TestOperationsThatCameLater(t *testing.T) {
	for _, profile := range []server.Profile{server.Documented, server.Runtime} {
		h := bareHandler(t, &spy{}, server.WithProfile(profile))
		answers := func(status int) func(http.ResponseWriter, map[string]string) {
			return func(w http.ResponseWriter, _ map[string]string) { w.WriteHeader(status) }
		}
		h.AddRouteSince("3.0", "GET", "/Faults/Racks/{name}", answers(203))
		h.AddRouteSince("6.0", "GET", "/Faults/Racks/Busy", answers(205))
		h.AddRouteSince("6.0", "POST", "/Faults/Racks", answers(206))
		for _, tt := range []struct {
			name, method, target string
			status               int    // in both profiles
			says                 string // the message; "" if there is none
		}{
			{"with its version", "POST", "/Faults/Racks?api-version=6.0", 206, ""},
			{"with a later one", "POST", "/Faults/Racks?api-version=6.1", 206, ""},
			{"with an earlier one", "POST", "/Faults/Racks?api-version=3.0", 400, `No operation has the path "/Faults/Racks". The letter case of a path matters.`},
			{"with one between the documents", "POST", "/Faults/Racks?api-version=5.9", 400, `No operation has the path "/Faults/Racks". The letter case of a path matters.`},
			{"another verb, with an earlier one", "PUT", "/Faults/Racks?api-version=3.0", 400, `No operation has the path "/Faults/Racks". The letter case of a path matters.`},
			{"a path that an older one has", "GET", "/Faults/Racks/Busy?api-version=6.0", 205, ""},
			{"a path that an older one has, with an earlier one", "GET", "/Faults/Racks/Busy?api-version=3.0", 203, ""},
		} {
			t.Run(profile.String()+"/"+tt.name, func(t *testing.T) {
				r, err := parse(tt.method, tt.target)
				if err != nil {
					t.Fatal(err)
				}
				if got := serve(t, h, r); got.status != tt.status || got.message != tt.says {
					t.Errorf("got %v %s, want %d %s", got.want, got.message, tt.status, tt.says)
				}
			})
		}
	}
}
