package server

import (
	"net/http"
	"time"
)

// AddRoute registers a path like that of a new operation of the document.
func (h *Handler) AddRoute(method, path string, serve func(w http.ResponseWriter, variables map[string]string)) {
	h.AddRouteSince("", method, path, serve)
}

// AddRouteSince registers a path that was added in an api-version.
func (h *Handler) AddRouteSince(came, method, path string, serve func(w http.ResponseWriter, variables map[string]string)) {
	r := &route{came: since(came)}
	r.serve = func(w http.ResponseWriter, _ *http.Request) {
		variables := make(map[string]string)
		for _, v := range w.(*exchange).source.vars {
			variables[v.name] = v.value
		}
		serve(w, variables)
	}
	h.router.add(r, method, path)
}

// Settings returns the profile, the version, and whether clients need certificates.
func (h *Handler) Settings() (p Profile, runtimeVersion string, secured bool) {
	return h.profile, h.newest.String(), h.clients != nil
}

// SetClock replaces the clock for the dates of certificates.
func (h *Handler) SetClock(now func() time.Time) { h.now = now }

// Connections returns the number of connections in the cache.
func (h *Handler) Connections() int {
	h.clients.connections.mu.RLock()
	defer h.clients.connections.mu.RUnlock()
	return len(h.clients.connections.known)
}
