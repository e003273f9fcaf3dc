package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/sfcancel/sfcancel/generated"
)

// Error is a failure as a client may see it. An implementation returns one, as
// it is or wrapped with %w, and the handler sends its status, code and message
// as a FabricError. Whatever else is in the chain is logged and never sent.
//
// Make one with [NewError]. A literal works too: a Status that is no error
// status counts as [StatusOf] the code, an empty Code as E_FAIL, an empty
// Message as a fixed text. Errors are values: they are not changed after they
// were made, so one may be shared by goroutines.
type Error struct {
	// Status is the HTTP status.
	Status int
	// Code is the code; the list of codes is open.
	Code generated.ErrorCode
	// Message is a sentence for a person. It goes to the client as it is.
	Message string
	// Header is sent with it, in the canonical form of net/http; nil sends none. What the edge sets
	// itself, such as the type of the body, it cannot change. It is read, never written.
	Header http.Header
	// RetryAfter is when the client may ask again, sent as Retry-After in whole seconds, rounded up;
	// 0 says nothing of it.
	RetryAfter time.Duration

	cause error
}

// NewError returns an Error with the status that [StatusOf] gives the code. An
// empty message stands for a fixed text that fits the code.
func NewError(code generated.ErrorCode, message string) *Error {
	if message == "" {
		message = fixedText(code)
	}
	return &Error{Status: StatusOf(code), Code: code, Message: message}
}

// Wrap returns a copy of e that has cause behind it. The cause is for the log
// and for errors.Is and errors.As; it is never sent. A nil e stays nil, and a
// nil cause takes away the one that was there.
//
// A cause that is, or wraps, [context.DeadlineExceeded] says that the timeout
// of the request was the reason, and turns the answer into 504.
func (e *Error) Wrap(cause error) *Error {
	if e == nil {
		return nil
	}
	c := *e
	c.cause = cause
	return &c
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.cause
}

// Error returns the code, the message and the cause. It is for logs: the cause
// in it must not reach a client.
func (e *Error) Error() string {
	if e == nil {
		return "<nil>"
	}
	if e.cause == nil {
		return fmt.Sprintf("%s: %s", e.Code, e.Message)
	}
	return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.cause)
}

// complete returns e with every part that the wire needs.
func (e *Error) complete() *Error {
	if e.Code != "" && e.Status >= 400 && e.Status <= 599 && e.Message != "" {
		return e
	}
	c := *e
	if c.Code == "" {
		c.Code = generated.ErrorCodeFail
	}
	if c.Status < 400 || c.Status > 599 {
		c.Status = StatusOf(c.Code)
	}
	if c.Message == "" {
		c.Message = fixedText(c.Code)
	}
	return &c
}

// classify decides what a client may learn from an error. The result is
// complete, and its cause is what belongs in the log.
func classify(err error) *Error {
	var own *Error
	isOwn := errors.As(err, &own) && own != nil

	switch {
	case errors.Is(err, context.DeadlineExceeded):
		// Also when an Error stands in front: what ended the request is its
		// timeout, and only that code says that the outcome is open (§3).
		return NewError(generated.ErrorCodeTimeout, "").Wrap(err)
	case isOwn:
		c := own.complete()
		if err != error(own) && err.Error() != own.Error() { //nolint:errorlint // it is the value itself, or something is around it
			return c.Wrap(err) // there is more in the chain for the log
		}
		return c
	case errors.Is(err, context.Canceled):
		return NewError(generated.ErrorCodeAbort, "").Wrap(err)
	default:
		return (&Error{Status: http.StatusInternalServerError, Code: generated.ErrorCodeFail}).complete().Wrap(err)
	}
}
