package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/sfcancel/sfcancel/generated"
)

// Handler serves the fault API in front of one implementation. Make it with
// [New]; the zero value has no operations and does not serve. It is safe for
// concurrent use, and so must the implementation be.
type Handler struct {
	config
	router *router
}

// New returns the handler for an implementation. It reports everything that is
// wrong with its arguments at once, joined: a nil implementation (a nil pointer
// counts as one), a nil option, an option whose value cannot be.
func New(impl generated.StrictServerInterface, opts ...Option) (*Handler, error) {
	c, err := newConfig(opts)
	if isNil(impl) {
		err = errors.Join(errors.New("server: the implementation is nil"), err)
	}
	if err != nil {
		return nil, err
	}
	return &Handler{config: c, router: collect(impl, c.newest)}, nil
}

// ServeHTTP implements [http.Handler]. Every failure is answered with a
// FabricError, except that a client that was not authenticated gets nothing but
// the status. It panics with [http.ErrAbortHandler], and with nothing else, to
// cut a connection: when the implementation does so, and when an answer fails
// after its header went out.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	x := &exchange{w: w, method: r.Method, requestID: requestID(r)}
	x.Header().Set(requestIDHeader, x.requestID)
	x.Header().Set("X-Content-Type-Options", "nosniff")

	defer func() { h.log(r.Context(), x, time.Since(start)) }()
	x.protect(func() {
		if err := h.serve(x, r); err != nil {
			x.within(writeMargin)
			x.fail(err)
		}
	})
}

// serve takes a request through the checks, in the gateway's order (§1.2), and
// to the implementation.
func (h *Handler) serve(x *exchange, r *http.Request) *Error {
	route, vars, err := h.router.find(r.Method, r.URL)
	if err != nil {
		return err
	}
	x.route = route.path
	op := operations[route.key]
	q := parseQuery(r.URL.RawQuery)
	timeoutByDocument := false
	if !op.versionless {
		if timeoutByDocument, err = h.checkVersion(q); err != nil {
			return err
		}
	}
	if err := h.checkCluster(r); err != nil {
		return err
	}
	// After what anybody may learn, before anything is read or judged.
	if !op.anonymous {
		if reason := h.authenticate(x, r); reason != nil {
			x.turnAway(reason)
			return nil
		}
	}
	if err := discardBody(x.w, r); err != nil {
		return err
	}
	if op.local {
		x.within(writeMargin)
		route.serve(x, r)
		return nil
	}
	j, err := h.judge(route, vars, q, timeoutByDocument)
	x.operationID = j.values[operationIDName]
	if err != nil {
		return err
	}
	// The runtime judges roles in the cluster, behind the gateway and with it
	// behind the parameters (Naming/EntreeServiceProxy.cpp).
	if err := op.authorise(x.client.role); err != nil {
		return err
	}

	x.within(j.timeout + writeMargin)
	ctx := context.WithValue(r.Context(), callKey{}, call{requestID: x.requestID, role: x.client.role})
	ctx, cancel := context.WithTimeout(ctx, j.timeout)
	defer cancel()
	route.serve(x, bound(ctx, r, j))
	if !x.wrote {
		x.fail(errSilent)
	}
	return nil
}

// bound is the request as the generated binder reads it.
func bound(ctx context.Context, r *http.Request, j *judgement) *http.Request {
	r = r.Clone(ctx) // the caller's request stays as it is
	r.Body = http.NoBody
	r.ContentLength = 0
	r.URL.RawQuery = j.query.String()
	for name, value := range j.path {
		r.SetPathValue(name, value)
	}
	return r
}

// log writes the line of a request.
func (h *Handler) log(ctx context.Context, x *exchange, took time.Duration) {
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
		slog.Duration("duration", took),
		slog.String("request_id", x.requestID),
	}
	if x.operationID != "" {
		attrs = append(attrs, slog.String("operation_id", x.operationID))
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
