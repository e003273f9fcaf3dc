package server

import (
	"fmt"
	"net/http"
	"runtime/debug"
)

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
