package sftest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/wrapper"
)

// Answer is a scripted answer that replaces the server's. Use [Answer.Before] or
// [Answer.After] to make it a fault.
type Answer struct {
	// Status is required: from 200 to 999.
	Status int
	// Code makes the body a FabricError; with "" the body is Body.
	Code wrapper.Code
	// Message is the message of the FabricError; "" means a fixed sentence.
	Message string
	// RetryAfter is the Retry-After header, in whole seconds, rounded up; 0 for none.
	RetryAfter time.Duration
	// Header has further headers. They override the others.
	Header http.Header
	// Body is the body if there is no Code, such as a page of a proxy.
	Body string
}

// Status answers with a status, and with a FabricError if there is a code. The server
// never sees the request. For more control, use an [Answer].
func Status(status int, code wrapper.Code) Fault { return Answer{Status: status, Code: code}.Before() }

// Before returns a fault that gives the answer. The server never sees the request.
func (a Answer) Before() Fault { return a.fault("", false) }

// After returns a fault that gives the answer after the server has carried the request out, like a
// gateway that gives up too early.
func (a Answer) After() Fault { return a.fault("after", true) }

func (a Answer) fault(when string, apply bool) Fault {
	name := "Status(" + strconv.Itoa(a.Status)
	for _, more := range []string{string(a.Code), when} {
		if more != "" {
			name += " " + more
		}
	}
	return Fault{name + ")", func(*Cluster, Matcher) (wirefault.Through, error) {
		if a.Status < http.StatusOK || a.Status > 999 {
			return nil, fmt.Errorf("%d is no status of an answer: it must be from 200 to 999", a.Status)
		}
		if a.Code != "" && a.Body != "" {
			return nil, errors.New("an answer has a Code or a Body, not both")
		}
		header, body := a.wire()
		return wirefault.Fault{Apply: apply, Status: a.Status, Header: header, Body: body}.Through, nil
	}}
}

// wire returns the header and the body of the answer.
func (a Answer) wire() (http.Header, string) {
	header, body := make(http.Header), a.Body
	if a.Code != "" {
		e := generated.FabricErrorDetail{Code: generated.ErrorCode(a.Code), Message: a.Message}
		if e.Message == "" {
			e.Message = "The script of a test says so."
		}
		text, _ := json.Marshal(generated.FabricError{Error: e}) // two strings always encode
		header.Set("Content-Type", "application/json; charset=utf-8")
		body = string(text)
	}
	if a.RetryAfter > 0 {
		header.Set("Retry-After", strconv.FormatInt(int64((a.RetryAfter+time.Second-1)/time.Second), 10))
	}
	for name, values := range a.Header {
		header[http.CanonicalHeaderKey(name)] = values
	}
	return header, body
}
