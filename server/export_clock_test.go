package server

import "time"

// SetClock replaces the clock that certificates are judged by.
func (h *Handler) SetClock(now func() time.Time) { h.now = now }
