package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
)

// Handler serves the fault API in front of one implementation. Make it with
// [New]; the zero value has no operations and does not serve. It is safe for
// concurrent use, and so must the implementation be.
type Handler struct {
	config
	invoke  Invoke
	router  *router
	timeout time.Duration // of a request that names none
	turns   *turns
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
	seconds, err := strconv.Atoi(timeoutParameter().Default)
	if err != nil {
		return nil, errors.New("server: the document has no default for timeout")
	}
	h := &Handler{config: c, router: routes(c.newest, c.profile), timeout: time.Duration(seconds) * time.Second, turns: newTurns(c.limits)}
	h.invoke = func(ctx context.Context, op *generated.Operation, request any) (any, error) {
		return op.Call(ctx, impl, request)
	}
	for _, f := range slices.Backward(c.around) {
		if h.invoke = f(h.invoke); h.invoke == nil {
			return nil, errors.New("server: a middleware made a nil function")
		}
	}
	if err := h.router.addDocument(c.documentAt, c.document); err != nil {
		return nil, err
	}
	return h, nil
}

// ServeHTTP implements [http.Handler]. Every failure is answered with a
// FabricError, except that a client that was not authenticated gets nothing but
// the status. It panics with [http.ErrAbortHandler], and with nothing else, to
// cut a connection: when the implementation does so, and when an answer fails
// after its header went out.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	start := time.Now()
	x := &exchange{w: w, method: r.Method, remote: r.RemoteAddr, requestID: requestID(r)}
	r, ends := h.traced(r)
	x.always = [...]string{x.requestID, "nosniff", jsonTypeCharset}
	header := x.Header()
	header[requestIDHeader], header["X-Content-Type-Options"] = x.always[0:1:1], x.always[1:2:2]

	defer func() {
		h.log(r.Context(), x, start)
		for _, end := range slices.Backward(ends) {
			end(x.served(time.Since(start)))
		}
	}()
	x.protect(func() {
		if err := h.serve(x, r); err != nil {
			x.within(time.Now().Add(writeMargin))
			if err.cause == nil {
				x.refuse(err.complete())
			} else {
				x.fail(err)
			}
		}
	})
}

// serve takes a request through the checks, in the gateway's order (§1.2), and
// to the implementation.
func (h *Handler) serve(x *exchange, r *http.Request) *Error {
	s := &x.source
	version, refused := h.checkVersion(r.URL.RawQuery)
	if refused != nil {
		version = h.newest // the path is judged first, and then with all that there is
	}
	route, vars, err := h.router.find(r.Method, r.URL, version, s.room[:0])
	if err != nil {
		return err
	}
	x.route = route.path
	s.config, s.route, s.request, s.vars, s.timeout, s.version = &h.config, route, r, vars, h.timeout, version
	if refused != nil && !route.versionless {
		return refused
	}
	if err := h.checkOrigin(r); err != nil {
		return err
	}
	if err := h.checkCluster(r); err != nil {
		return err
	}
	// After what anybody may learn, before anything is read or judged.
	if !route.anonymous {
		if reason := h.authenticate(x, r); reason != nil {
			var told *Error
			if errors.As(reason, &told) {
				return told
			}
			x.turnAway(reason)
			return nil
		}
	}
	if s.body, err = takeBody(x.w, r, route.operation != nil && route.operation.Body != nil); err != nil {
		return err
	}
	if route.operation == nil {
		return h.serveGateway(x, r, route)
	}
	request, unbound := route.operation.Bind(s)
	if unbound != nil {
		return s.unbound(unbound)
	}
	// The runtime judges roles in the cluster, behind the gateway and with it
	// behind the parameters (Naming/EntreeServiceProxy.cpp).
	if err := route.authorise(x.client.role); err != nil {
		return err
	}

	deadline := time.Now().Add(s.timeout)
	x.within(deadline.Add(writeMargin))
	ctx := &callContext{Context: r.Context(), call: call{requestID: x.requestID, role: x.client.role}, deadline: deadline}
	defer ctx.end()
	if err := h.answer(ctx, x, route.operation, request); err != nil {
		x.fail(err)
	}
	return nil
}

// serveGateway serves a path that the gateway answers itself.
func (h *Handler) serveGateway(x *exchange, r *http.Request, route *route) *Error {
	if !route.local {
		text, given := rawValue(r.URL.RawQuery, timeoutName)
		if _, _, err := x.source.judgeTimeout(text, given, timeoutParameter()); err != nil {
			return refuse(timeoutParameter(), nil, text, generated.ErrorCodeInvalidArg)
		}
		if err := route.authorise(x.client.role); err != nil {
			return err
		}
	}
	x.within(time.Now().Add(writeMargin))
	route.serve(x, r)
	return nil
}

// answer has the implementation carry out a request, and writes what it returns.
func (h *Handler) answer(ctx context.Context, x *exchange, op *generated.Operation, request any) error {
	response, err := h.inTurn(ctx, x.source.route, request)
	if errors.Is(err, generated.ErrUnimplemented) {
		err = NewError(generated.ErrorCodeNotImpl, "This server does not implement "+op.ID+".").Wrap(err)
	}
	if err == nil {
		response, err = settle(op, response)
	}
	if err == nil {
		err = op.Write(x, response)
	}
	if err == nil && !x.wrote {
		err = errSilent
	}
	return err
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
