package server

import "time"

// SetClock replaces the clock that certificates are judged by.
func (h *Handler) SetClock(now func() time.Time) { h.now = now }

// Connections returns of how many connections something is known.
func (h *Handler) Connections() int {
	h.clients.connections.mu.RLock()
	defer h.clients.connections.mu.RUnlock()
	return len(h.clients.connections.known)
}
