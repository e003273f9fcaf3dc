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

// Trace is a hook for telemetry. It is called when a request arrives, before anything is checked,
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

// log writes the line of a request.
func (h *Handler) log(ctx context.Context, x *exchange, start time.Time) {
	level := slog.LevelInfo
	switch {
	case x.aborted && x.stack == nil && ctx.Err() != nil:
		level = slog.LevelWarn // the client hung up in the middle of the answer
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
