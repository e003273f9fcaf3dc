package server

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
)

// exchange is one request and its answer: the ResponseWriter for
// the generated code and for the implementation's response objects, and
// the data for the log.
type exchange struct {
	w       http.ResponseWriter
	wrote   bool // a final header was sent
	aborted bool // the answer was truncated after that

	status    int
	method    string
	remote    string // the address of the client
	route     string
	requestID string
	client    client
	source    source
	always    [3]string // header values: two of every answer, and the Content-Type of a failure

	code  generated.ErrorCode
	cause error
	stack []byte
}

const (
	jsonType        = "application/json"
	jsonTypeCharset = "application/json; charset=utf-8" // what the gateway sends (§1.1)
)

// Header implements [http.ResponseWriter].
func (x *exchange) Header() http.Header { return x.w.Header() }

// WriteHeader sends the header once, and informational headers always. It adds the charset, which the generated
// code leaves out.
func (x *exchange) WriteHeader(status int) {
	if x.wrote {
		return // net/http would log a superfluous call
	}
	switch t := x.Header()["Content-Type"]; {
	case len(t) == 1 && t[0] == jsonType:
		t[0] = jsonTypeCharset
	case len(t) == 0 && status < http.StatusMultipleChoices && x.source.route != nil && x.source.route.typed:
		x.Header()["Content-Type"] = []string{jsonTypeCharset}
	}
	x.w.WriteHeader(status) // panics if status is invalid
	if status >= 200 || status == http.StatusSwitchingProtocols {
		x.wrote, x.status = true, status
	}
}

// Write implements [http.ResponseWriter].
func (x *exchange) Write(b []byte) (int, error) {
	if !x.wrote {
		x.WriteHeader(http.StatusOK)
	}
	return x.w.Write(b)
}

// FlushError lets a response object that streams flush. It sends the header through WriteHeader first.
func (x *exchange) FlushError() error {
	if !x.wrote {
		x.WriteHeader(http.StatusOK)
	}
	return http.NewResponseController(x.w).Flush()
}

// Unwrap gives [http.ResponseController] access to the other methods.
func (x *exchange) Unwrap() http.ResponseWriter { return x.w }

// within sets the write deadline of the answer. It replaces a WriteTimeout of
// the server, which could not tell a long timeout from a slow reader. Writers
// that do not support deadlines, as in tests, have none.
func (x *exchange) within(deadline time.Time) {
	_ = http.NewResponseController(x.w).SetWriteDeadline(deadline)
}

// fail answers with the part of an error that a client may see.
func (x *exchange) fail(err error) { x.refuse(classify(err)) }

// refuse answers with a FabricError. If the header was already sent, it aborts
// the connection, because a truncated answer could be taken for a
// complete one.
func (x *exchange) refuse(e *Error) {
	x.code, x.cause = e.Code, e.cause
	if x.wrote {
		x.aborted = true
		panic(http.ErrAbortHandler)
	}

	said := generated.FabricError{Error: generated.FabricErrorDetail{Code: e.Code, Message: e.Message}}
	body, _ := said.AppendJSON(make([]byte, 0, 64+len(e.Code)+len(e.Message))) // two texts always encode
	h := x.Header()
	// A response object may have set these before it failed.
	for _, name := range [...]string{"Content-Length", "Content-Encoding", "Cache-Control", "Etag", "Last-Modified"} {
		delete(h, name)
	}
	for name, values := range e.Header {
		if _, ours := h[name]; !ours && name != "Content-Length" {
			h[name] = values
		}
	}
	if e.RetryAfter > 0 {
		h["Retry-After"] = []string{strconv.FormatInt(int64((e.RetryAfter+time.Second-1)/time.Second), 10)}
	}
	h["Content-Type"] = x.always[2:3:3]
	x.WriteHeader(e.Status)
	_, _ = x.Write(body) // the client may be gone
}

// turnAway answers a request that was not authenticated: 403 without a body, a
// Content-Type or a reason (§7). The reason is for the
// log. net/http cannot send the gateway's reason phrase.
func (x *exchange) turnAway(reason error) {
	x.cause = reason
	x.within(time.Now().Add(writeMargin))
	x.WriteHeader(http.StatusForbidden)
}

// panicked is a panic of an implementation, as an error. It is not an *Error and
// wraps nothing, so that a client learns only that the server failed.
type panicked struct{ value any }

func (p panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// protect calls next and answers with a failure if it panics. The stack is only for the
// log. [http.ErrAbortHandler] is passed on to net/http, which then closes
// the connection silently.
func (x *exchange) protect(next func()) {
	returned := false
	defer func() {
		switch v := recover(); v {
		case nil:
			x.aborted = x.aborted || !returned // runtime.Goexit: net/http closes the connection
		case http.ErrAbortHandler:
			x.aborted = true
			panic(v)
		default:
			x.stack = debug.Stack()
			x.fail(panicked{v})
		}
	}()
	next()
	returned = true
}

// maxBody is the largest body that the gateway reads (Management/HttpTransport).
const maxBody = 4 << 20

// takeBody returns the bounded body of a request if the document has a body for it. Any other
// body is read and discarded, as in the gateway, one buffer at a time.
func takeBody(w http.ResponseWriter, r *http.Request, wanted bool) (io.Reader, *Error) {
	if r.ContentLength > maxBody {
		return nil, errTooLarge() // before 100 Continue is sent
	}
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	// MaxBytesReader also makes net/http close the connection, so that the rest is not read.
	bounded := http.MaxBytesReader(w, r.Body, maxBody)
	if wanted {
		return bounded, nil
	}
	if _, err := io.Copy(io.Discard, bounded); err != nil {
		return nil, bodyError(err)
	}
	return nil, nil
}

func errTooLarge() *Error {
	return NewError(generated.ErrorCodeMessageTooLarge, "The request body must not be larger than 4194304 bytes.")
}

// bodyError returns the error for a body that could not be read, or does not match the document. The
// cause may quote the body, so it is only for the log.
func bodyError(err error) *Error {
	var tooBig *http.MaxBytesError
	if errors.As(err, &tooBig) {
		return errTooLarge()
	}
	return NewError(generated.ErrorCodeInvalidArg, "The request body could not be read.").Wrap(err)
}

// requestIDHeader is the header, in canonical form, with which the .NET client identifies its requests; the
// gateway writes it to its traces.
const requestIDHeader = "X-Servicefabricrequestid"

// maxRequestID is the length of the longest id that is accepted from a client.
const maxRequestID = 128

// call is what an implementation can read about its request.
type call struct {
	requestID string
	role      Role
}

type callKey struct{}

// callOf returns the call of a context; the zero call if the context is not from a Handler.
func callOf(ctx context.Context) call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return *c
	}
	return call{}
}

// RequestID returns the id of an implementation's request:
// the caller's X-ServiceFabricRequestId if it is printable ASCII of at
// most 128 characters, else a new random one. It is in the log line of the
// request, and in a header of the same name in the answer. In a context
// that is not from a [Handler] it is empty.
func RequestID(ctx context.Context) string {
	return callOf(ctx).requestID
}

func requestID(r *http.Request) string {
	var id string
	if all := r.Header[requestIDHeader]; len(all) > 0 {
		id = all[0]
	}
	if id == "" || len(id) > maxRequestID {
		return uuid.NewString()
	}
	for _, c := range []byte(id) {
		if c < ' ' || c > '~' {
			return uuid.NewString()
		}
	}
	return id
}

// callContext is the context of a call, with a value for the call and a deadline. Most
// implementations never wait for it, so the timer is created when Done is called first.
// If both the request and the deadline have ended it, the one that is seen first is the reason.
type callContext struct {
	context.Context // of the request
	call            call
	deadline        time.Time

	mu    sync.Mutex
	timed context.Context // nil until the first Done, or until the context has ended
	stop  context.CancelFunc
	over  bool
}

// Value returns the call for callKey. Once there is a timer, package context finds it
// through Value, and makes contexts that derive from this one its children.
func (c *callContext) Value(key any) any {
	if key == (callKey{}) {
		return &c.call
	}
	c.mu.Lock()
	timed := c.timed
	c.mu.Unlock()
	if timed != nil {
		return timed.Value(key)
	}
	return c.Context.Value(key)
}

// Deadline returns the deadline of the call, or of the request if it is earlier.
func (c *callContext) Deadline() (time.Time, bool) {
	if of, ok := c.Context.Deadline(); ok && of.Before(c.deadline) {
		return of, true
	}
	return c.deadline, true
}

// Done returns a channel that is closed when the context ends.
func (c *callContext) Done() <-chan struct{} { return c.withTimer().Done() }

// Err returns why the context has ended, nil if it has not. The first reason stays.
func (c *callContext) Err() error {
	c.mu.Lock()
	untouched := c.timed == nil && !c.over
	c.mu.Unlock()
	if untouched && c.Context.Err() == nil && time.Now().Before(c.deadline) {
		return nil
	}
	return c.withTimer().Err()
}

func (c *callContext) withTimer() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.timed == nil {
		c.timed, c.stop = context.WithDeadline(c.Context, c.deadline)
		if c.over {
			c.stop()
		}
	}
	return c.timed
}

// end ends the context when the call is over.
func (c *callContext) end() {
	c.mu.Lock()
	c.over = true
	stop := c.stop
	c.mu.Unlock()
	if stop != nil {
		stop()
	}
}
