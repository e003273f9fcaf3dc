package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
)

// Served describes an answered request for telemetry.
type Served struct {
	// Operation is the operation of the document; nil if the path is not in the document.
	Operation *generated.Operation
	// Route is the path template of the document; "" if the path is unknown.
	Route string
	// Status is the HTTP status; 0 if no header was sent.
	Status int
	// Code is the code of a failure, "" otherwise.
	Code generated.ErrorCode
	// Err is the cause of a failure, which was not sent; nil if there is none.
	Err error
	// Aborted is true if the answer was truncated.
	Aborted   bool
	RequestID string
	Role      Role // 0 if the client was not authenticated
	Duration  time.Duration
}

// Trace is a hook for telemetry. It is called when a request arrives, before any check. It
// returns the context for the request, and a function that is called after the answer, which may be nil.
// Both are called in the goroutine of the request.
type Trace func(ctx context.Context, r *http.Request) (context.Context, func(Served))

// WithTrace adds a hook for every request. Several hooks are called in order, and the functions that they
// return in the reverse order. Package server/otel has a hook for spans and metrics. Nil is an
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

// traced calls the hooks, and returns the request with their context, and the functions that they returned.
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

// served describes an exchange for telemetry.
func (x *exchange) served(took time.Duration) Served {
	s := Served{
		Route: x.route, Status: x.status, Code: x.code, Err: x.cause, Aborted: x.aborted,
		RequestID: x.requestID, Role: x.client.role, Duration: took,
	}
	if x.source.route != nil && x.source.route.operation != nil {
		s.Operation = x.source.route.operation
		s.Route = s.Operation.Path // the path of the router has no trailing slash
	}
	return s
}

// log writes the line of a request.
func (h *Handler) log(ctx context.Context, x *exchange, start time.Time) {
	level := slog.LevelInfo
	switch {
	case x.aborted && x.stack == nil && ctx.Err() != nil:
		level = slog.LevelWarn // the client closed the connection during the answer
	case x.aborted || x.stack != nil:
		level = slog.LevelError
	case x.status >= 500:
		level = slog.LevelWarn
	}
	if !h.logger.Enabled(ctx, level) {
		return
	}

	attrs := []slog.Attr{
		slog.String("method", excerpt(x.method)),
		slog.String("route", x.route),
		slog.Int("status", x.status),
		slog.Duration("duration", time.Since(start)),
		slog.String("request_id", x.requestID),
	}
	if id := x.source.operationID; len(id) == 36 && uuid.Validate(id) == nil {
		attrs = append(attrs, slog.String("operation_id", id))
		if force, known := x.source.force(); known {
			attrs = append(attrs, slog.Bool("force", force))
		}
	}
	if x.remote != "" {
		attrs = append(attrs, slog.String("remote", x.remote))
	}
	attrs = append(attrs, x.client.attrs()...)
	if x.code != "" {
		attrs = append(attrs, slog.String("code", string(x.code)))
	}
	if x.aborted {
		attrs = append(attrs, slog.Bool("aborted", true))
	}
	if x.cause != nil {
		attrs = append(attrs, slog.Any("cause", x.cause))
	}
	if x.stack != nil {
		attrs = append(attrs, slog.String("stack", string(x.stack)))
	}
	h.logger.LogAttrs(ctx, level, "request", attrs...)
}
