package server

import (
	"net/http"
	"strconv"
	"time"

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
