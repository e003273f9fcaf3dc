package server

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/sfcancel/sfcancel/generated"
)

// Handler serves the fault API with one implementation. Make it with
// [New]; the zero value does not work. It is safe for
// concurrent use, and the implementation must be as well.
type Handler struct {
	config
	invoke  Invoke
	router  *router
	timeout time.Duration // of a request without the parameter
	turns   *turns
}

// New returns the handler for an implementation. Its error joins all that is
// wrong with the arguments: a nil implementation (a nil pointer counts as one), nil
// options, options with an invalid value.
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
// FabricError, except that a client that was not authenticated gets only
// the status. It panics only with [http.ErrAbortHandler], to abort the
// connection: when the implementation does so, and when an answer fails
// after its header was sent.
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

// serve checks a request in the gateway's order (§1.2), and calls
// the implementation.
func (h *Handler) serve(x *exchange, r *http.Request) *Error {
	s := &x.source
	version, refused := h.checkVersion(r.URL.RawQuery)
	if refused != nil {
		version = h.newest // the path is checked first, against the paths of all versions
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
	// After the checks whose result is public, before the body and the parameters are read.
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
	// The runtime checks roles in the cluster, after the gateway has checked the
	// parameters (Naming/EntreeServiceProxy.cpp).
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
		if _, _, err := x.source.bindTimeout(text, given, timeoutParameter()); err != nil {
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

// answer calls the implementation with a request, and writes its response.
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

// Invoke calls the implementation of an operation. The request and the response are the request object
// and the response object that package generated has for the operation.
type Invoke func(ctx context.Context, op *generated.Operation, request any) (response any, err error)

// WithMiddleware wraps the implementation in functions, the first one outermost. They run after the
// checks of the handler, so they see only well-formed and allowed requests. They
// may refuse a request with an [Error], and change the request, the response or the context. The
// handler treats their results and panics like those of an implementation. A nil function is an
// error.
func WithMiddleware(around ...func(Invoke) Invoke) Option {
	return func(c *config) error {
		for _, f := range around {
			if f == nil {
				return errors.New("server: a middleware is nil")
			}
		}
		c.around = append(c.around, around...)
		return nil
	}
}

// errNoAnswer reports a bug of the implementation.
var errNoAnswer = errors.New("the implementation returned neither a response nor an error")

// settle makes sure that an implementation returned a response. The generated code would
// write nothing for nil, and net/http would then send an empty 200.
func settle(op *generated.Operation, response any) (any, error) {
	v := reflect.ValueOf(response)
	if v.Kind() == reflect.Pointer {
		v = v.Elem() // the zero Value if nil
	}
	kind := v.Kind()
	if kind == reflect.Invalid || (kind == reflect.Map || kind == reflect.Func || kind == reflect.Chan) && v.IsNil() {
		return nil, errNoAnswer
	}
	if kind == reflect.Slice && v.IsNil() {
		// A nil list is sent as an empty array, not as null: clients expect an array.
		return reflect.MakeSlice(v.Type(), 0, 0).Interface(), nil
	}
	if kind == reflect.Struct {
		// A generated default response is a failure like any other: it
		// gets a message and the headers, and its code is logged.
		if e := defaultResponse(op, v); e != nil {
			return nil, e
		}
	}
	return response, nil
}

// defaultResponse converts a generated default response to an Error. It returns nil for any other
// struct. It uses reflection because each operation has its own type.
func defaultResponse(op *generated.Operation, v reflect.Value) *Error {
	body, ok := v.Type().FieldByName("Body")
	if !ok || len(body.Index) != 1 || body.Type != reflect.TypeFor[generated.FabricError]() {
		return nil
	}
	status, ok := v.Type().FieldByName("StatusCode")
	if !ok || len(status.Index) != 1 || status.Type.Kind() != reflect.Int {
		return nil
	}
	said := v.FieldByIndex(body.Index).Interface().(generated.FabricError).Error
	e := &Error{Status: int(v.FieldByIndex(status.Index).Int()), Code: said.Code, Message: said.Message}
	if v.FieldByName("Headers").IsValid() {
		e.Header = announced(op, v.Interface())
	}
	return e
}

// announced returns the headers that a response object writes.
func announced(op *generated.Operation, response any) http.Header {
	w := headerOnly{make(http.Header)}
	if op.Write(w, response) != nil {
		return nil
	}
	delete(w.header, "Content-Type")
	return w.header
}

// headerOnly is a ResponseWriter that keeps only the header.
type headerOnly struct{ header http.Header }

func (w headerOnly) Header() http.Header         { return w.header }
func (w headerOnly) Write(b []byte) (int, error) { return len(b), nil }
func (w headerOnly) WriteHeader(int)             {}

// errSilent reports a bug of a response object.
var errSilent = errors.New("the response object wrote nothing")

// isNil reports whether an implementation is nil or a nil pointer.
func isNil(impl generated.StrictServerInterface) bool {
	v := reflect.ValueOf(impl)
	return !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil()
}

// Unimplemented answers every operation with 501 E_NOTIMPL. Embed it by value in an implementation
// of only some operations: the others then get a truthful answer, and the implementation
// still compiles when the document gains an operation.
//
// The zero value is ready, and safe for concurrent use.
type Unimplemented = generated.Unimplemented
