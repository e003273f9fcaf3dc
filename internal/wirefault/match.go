package wirefault

import (
	"net/http"

	"github.com/sfcancel/sfcancel/generated"
)

// Force matches a force cancel, as this project's client writes it.
func Force(r *http.Request) bool {
	return isFor(r, generated.IDCancelOperation) && r.URL.Query().Get("Force") == "true"
}

// Graceful matches a graceful cancel, as this project's client writes it.
func Graceful(r *http.Request) bool {
	return isFor(r, generated.IDCancelOperation) && r.URL.Query().Get("Force") == "false"
}

// List matches the list of operations.
func List(r *http.Request) bool { return isFor(r, generated.IDGetFaultOperationList) }

// Any matches every request.
func Any(*http.Request) bool { return true }

func isFor(r *http.Request, id string) bool {
	o := generated.OperationAt(r.Method, r.URL.EscapedPath())
	return o != nil && o.ID == id
}
