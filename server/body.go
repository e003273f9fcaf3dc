package server

import (
	"errors"
	"io"
	"net/http"

	"github.com/sfcancel/sfcancel/generated"
)

// maxBody is the largest body that the gateway reads
// (Management/HttpTransport).
const maxBody = 4 << 20

// discardBody reads the body and forgets it, as the gateway does: no operation
// has one. It never holds more than a buffer of it.
func discardBody(w http.ResponseWriter, r *http.Request) *Error {
	tooLarge := NewError(generated.ErrorCodeMessageTooLarge, "The request body must not be larger than 4194304 bytes.")
	if r.ContentLength > maxBody {
		return tooLarge // before a client that asked gets its 100 Continue
	}
	if r.Body == nil || r.Body == http.NoBody {
		return nil
	}
	// MaxBytesReader also has the connection closed, so that the rest is not
	// read either.
	_, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxBody))
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge
	}
	return NewError(generated.ErrorCodeInvalidArg, "The request body could not be read.").Wrap(err)
}
