package server

import (
	"context"
	"net/http"

	"github.com/google/uuid"
)

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
