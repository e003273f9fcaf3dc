package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"
)

// outcome is the status that a handler answers a request with.
type outcome int

const (
	accepted = outcome(http.StatusOK)
	refused  = outcome(http.StatusBadRequest) // by the edge, because a parameter is invalid
	unknown  = outcome(http.StatusNotFound)   // by the implementation
)

// sink is a response writer that keeps only the status. It is reused, so that it costs nothing. It accepts deadlines
// like the writers of net/http; otherwise [http.ResponseController] would return an error, which costs more than
// the deadline.
type sink struct {
	header http.Header
	status int
}

func (s *sink) Header() http.Header { return s.header }
func (s *sink) WriteHeader(n int)   { s.status = n }

func (s *sink) SetWriteDeadline(time.Time) error { return nil }

func (s *sink) Write(b []byte) (int, error) {
	if s.status == 0 {
		s.status = http.StatusOK
	}
	return len(b), nil
}

// openHandler handles one cancel, without a network. The request is the same each time, as net/http would receive it
// from our client.
func openHandler(wanted outcome) ([]side, func() error, error) {
	do := func(context.Context, uuid.UUID, bool) int { return int(wanted) }
	ours, err := oursHandler(do)
	if err != nil {
		return nil, nil, err
	}
	stock, err := stockHandler(do, false)
	if err != nil {
		return nil, nil, err
	}
	validated, err := stockHandler(do, true)
	if err != nil {
		return nil, nil, err
	}
	var sides []side
	for _, h := range []struct {
		name string
		http.Handler
	}{{"ours", ours}, {"duty", dutyHandler(do)}, {"plain", plainHandler(do)}, {"stock", stock}, {"stock validated", validated}} {
		address := plain{base: gateway}.cancelURL(operationID)
		if wanted == refused {
			address = strings.Replace(address, "Force=false", "Force=perhaps", 1)
		}
		r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, address, http.NoBody)
		if err != nil {
			return nil, nil, err
		}
		r.Header = http.Header{"User-Agent": {"sfcancel/1.0"}, requestID: {uuid.NewString()}, "Accept-Encoding": {"gzip"}, "Content-Length": {"0"}}
		s := &sink{header: make(http.Header)}
		sides = append(sides, once(h.name, func() error {
			clear(s.header)
			s.status = 0
			h.ServeHTTP(s, r)
			if s.status != int(wanted) {
				return fmt.Errorf("got status %d, want %d", s.status, wanted)
			}
			return nil
		}))
	}
	return sides, func() error { return nil }, nil
}
