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

// exchange is one request on its way through the edge: the ResponseWriter that
// the generated code and the implementation's response objects write to, and
// what the log will say of it.
type exchange struct {
	w       http.ResponseWriter
	wrote   bool // a final header went out
	aborted bool // the answer broke off after that

	status    int
	method    string
	remote    string // the address that it came from
	route     string
	requestID string
	client    client
	source    source
	always    [3]string // the values of headers: two of every answer, and the type of a failure

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

// WriteHeader sends the header once. Informational ones pass. The generated
// code leaves the charset out.
func (x *exchange) WriteHeader(status int) {
	if x.wrote {
		return // net/http would log a line of its own about it
	}
	switch t := x.Header()["Content-Type"]; {
	case len(t) == 1 && t[0] == jsonType:
		t[0] = jsonTypeCharset
	case len(t) == 0 && status < http.StatusMultipleChoices && x.source.route != nil && x.source.route.typed:
		x.Header()["Content-Type"] = []string{jsonTypeCharset}
	}
	x.w.WriteHeader(status) // panics if that is no status
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

// FlushError lets a response object that streams flush, without a header going
// out behind the back of the exchange.
func (x *exchange) FlushError() error {
	if !x.wrote {
		x.WriteHeader(http.StatusOK)
	}
	return http.NewResponseController(x.w).Flush()
}

// Unwrap gives [http.ResponseController] the rest.
func (x *exchange) Unwrap() http.ResponseWriter { return x.w }

// within gives the answer until a moment. It takes the place of a WriteTimeout of
// the server, which could not tell a long timeout from a slow reader. Writers
// without deadlines, as in tests, go without.
func (x *exchange) within(deadline time.Time) {
	_ = http.NewResponseController(x.w).SetWriteDeadline(deadline)
}

// fail answers with what a client may learn from an error.
func (x *exchange) fail(err error) { x.refuse(classify(err)) }

// refuse answers with a FabricError. After a header it is too late for one: then
// the connection is cut, because an answer that merely stopped could pass for a
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
	// What a response object announced before it failed.
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

// turnAway answers a request that was not authenticated: 403 and nothing more,
// no body, no type of one, no hint at what was wrong (§7). The reason is for the
// log. net/http cannot send the gateway's reason phrase.
func (x *exchange) turnAway(reason error) {
	x.cause = reason
	x.within(time.Now().Add(writeMargin))
	x.WriteHeader(http.StatusForbidden)
}

// panicked is a panic of an implementation, as an error. It is no *Error and
// wraps nothing, so that a client learns only that the server failed.
type panicked struct{ value any }

func (p panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

// protect calls next and makes an answer of a panic in it. The stack is for the
// log only. [http.ErrAbortHandler] goes on to net/http, whose way it is to cut
// a connection without a word.
func (x *exchange) protect(next func()) {
	returned := false
	defer func() {
		switch v := recover(); v {
		case nil:
			x.aborted = x.aborted || !returned // runtime.Goexit: net/http cuts the connection
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

// takeBody bounds the body of a request that has one by the document, and returns it. Any other
// body is read and forgotten, as the gateway does, and never more than a buffer of it is held.
func takeBody(w http.ResponseWriter, r *http.Request, wanted bool) (io.Reader, *Error) {
	if r.ContentLength > maxBody {
		return nil, errTooLarge() // before a client that asked gets its 100 Continue
	}
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	// MaxBytesReader also has the connection closed, so that the rest is not read either.
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

// bodyError is a body that could not be read, or is not what the document wants. What is wrong
// with it may repeat it, so that it is for the log.
func bodyError(err error) *Error {
	var tooBig *http.MaxBytesError
	if errors.As(err, &tooBig) {
		return errTooLarge()
	}
	return NewError(generated.ErrorCodeInvalidArg, "The request body could not be read.").Wrap(err)
}

// requestIDHeader is what the .NET client sends to tell its requests apart; the
// gateway writes it to its traces.
// It is in the form in which net/http keeps headers.
const requestIDHeader = "X-Servicefabricrequestid"

// maxRequestID is the longest id that is taken over.
const maxRequestID = 128

// call is what an implementation may ask about the request it is called for.
type call struct {
	requestID string
	role      Role
}

type callKey struct{}

// callOf is the call of a context; all zeros if a Handler did not make it.
func callOf(ctx context.Context) call {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return *c
	}
	return call{}
}

// RequestID returns the id of the request that an implementation is called
// for: the caller's X-ServiceFabricRequestId if it is printable ASCII of at
// most 128 characters, else a new random one. It is in the log line of the
// request, and the answer repeats it in a header of the same name. In a context
// that no [Handler] made it is empty.
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

// callContext is the context of a call, which knows the call and ends at a deadline. Most
// implementations look at it and never wait for it, so that the timer is made for the first who waits.
// Of two reasons to end, the request's and the deadline, the one that is seen first counts.
type callContext struct {
	context.Context // of the request
	call            call
	deadline        time.Time

	mu    sync.Mutex
	timed context.Context // nil until somebody waits
	stop  context.CancelFunc
	over  bool
}

// Value returns the call to whoever asks for it. Once there is a timer, package context finds it
// here, and hangs on it what derives from this context.
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

// Deadline is that of the call, or of the request if it is earlier.
func (c *callContext) Deadline() (time.Time, bool) {
	if of, ok := c.Context.Deadline(); ok && of.Before(c.deadline) {
		return of, true
	}
	return c.deadline, true
}

// Done returns a channel that is closed when the context ends.
func (c *callContext) Done() <-chan struct{} { return c.withTimer().Done() }

// Err says whether the context has ended, and why. The first reason stays.
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
