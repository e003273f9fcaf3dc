package server

import (
	"errors"
	"io"
	"net/http"

	"github.com/sfcancel/sfcancel/generated"
)

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
