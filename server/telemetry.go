package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/sfcancel/sfcancel/generated"
)

// Served is a request that was answered, as telemetry sees it.
type Served struct {
	// Operation is the operation of the document; nil for a path that is none of it.
	Operation *generated.Operation
	// Route is the path as the document has it; "" if the path is unknown.
	Route string
	// Status is the HTTP status; 0 if no header went out.
	Status int
	// Code is that of a failure, "" otherwise.
	Code generated.ErrorCode
	// Err is the reason behind a failure, which was not sent; nil if there is none.
	Err error
	// Aborted says that the answer broke off.
	Aborted   bool
	RequestID string
	Role      Role // 0 if nobody was authenticated
	Duration  time.Duration
}

// Trace is a hook for telemetry. It is called when a request arrives, before anything is judged,
// and returns the context that the request goes on with and what is called when it was answered.
// Both are called in the goroutine of the request.
type Trace func(ctx context.Context, r *http.Request) (context.Context, func(Served))

// WithTrace sets a hook that hears of every request. Several hooks are called in order, and their
// ends in the reverse order. Package server/otel has one that makes spans and metrics. Nil is an
// error.
func WithTrace(t Trace) Option {
	return func(c *config) error {
		if t == nil {
			return errors.New("server: the trace is nil")
		}
		c.traces = append(c.traces, t)
		return nil
	}
}

// traced calls the hooks, and returns the request with their context and what ends them.
func (h *Handler) traced(r *http.Request) (*http.Request, []func(Served)) {
	if len(h.traces) == 0 {
		return r, nil
	}
	ends := make([]func(Served), 0, len(h.traces))
	ctx := r.Context()
	for _, t := range h.traces {
		var end func(Served)
		if ctx, end = t(ctx, r); end != nil {
			ends = append(ends, end)
		}
	}
	return r.WithContext(ctx), ends
}

// served is what telemetry hears of an exchange.
func (x *exchange) served(took time.Duration) Served {
	s := Served{
		Route: x.route, Status: x.status, Code: x.code, Err: x.cause, Aborted: x.aborted,
		RequestID: x.requestID, Role: x.client.role, Duration: took,
	}
	if x.source.route != nil && x.source.route.operation != nil {
		s.Operation = x.source.route.operation
		s.Route = s.Operation.Path // the router has it without a slash at the end
	}
	return s
}
