package server

import "net/http"

// AddOperation registers one more operation, as the generated code of a
// document that gained one would.
func (h *Handler) AddOperation(pattern string, serve http.HandlerFunc) {
	h.router.HandleFunc(pattern, serve)
}

// Settings returns what an exchange is judged by: the profile, the version, and
// whether callers have to say who they are.
func (h *Handler) Settings() (p Profile, runtimeVersion string, secured bool) {
	return h.profile, h.newest.String(), h.clients != nil
}

// RefuseBinding is what the generated binder calls.
func RefuseBinding(w http.ResponseWriter, r *http.Request, err error) { refuseBinding(w, r, err) }
