package server

import "net/http"

// AddOperation registers one more operation, as the generated code of a
// document that gained one would.
func (h *Handler) AddOperation(pattern string, serve http.HandlerFunc) {
	h.router.HandleFunc(pattern, serve)
}

// RefuseBinding is what the generated binder calls.
func RefuseBinding(w http.ResponseWriter, r *http.Request, err error) { refuseBinding(w, r, err) }
