package wirefault

import "net/http"

// Force matches a force cancel, as this project's client writes it.
func Force(r *http.Request) bool { return isCancel(r) && r.URL.Query().Get("Force") == "true" }

// Graceful matches a graceful cancel, as this project's client writes it.
func Graceful(r *http.Request) bool { return isCancel(r) && r.URL.Query().Get("Force") == "false" }

// List matches the list of operations.
func List(r *http.Request) bool { return r.Method == http.MethodGet && r.URL.Path == "/Faults/" }

// Any matches every request.
func Any(*http.Request) bool { return true }

func isCancel(r *http.Request) bool {
	return r.Method == http.MethodPost && r.URL.Path == "/Faults/$/Cancel"
}
