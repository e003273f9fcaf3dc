package wirefault

import (
	"net/http"
	"net/http/httptest"
	"strconv"
)

// Fault is what happens to one request. The zero value loses it: the connection is
// closed, and the server never hears of it.
type Fault struct {
	// Apply lets the server carry the request out before its answer is spoiled.
	Apply bool
	// Status answers in the server's place; 0 closes the connection without an answer.
	Status int
	Header http.Header
	Body   string
	// Cut leaves out so many bytes at the end of the body, and closes the connection.
	Cut int
	// Hang holds the answer back until the caller has gone.
	Hang bool
}

// Through is the fault as a step takes it.
func (f Fault) Through(server http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if f.Apply {
			server.ServeHTTP(httptest.NewRecorder(), r)
		}
		if f.Hang {
			<-r.Context().Done()
		}
		if f.Status == 0 {
			panic(http.ErrAbortHandler) // net/http closes the connection
		}
		for name, values := range f.Header {
			rw.Header()[name] = values
		}
		Answer(rw, f.Status, f.Body, max(len(f.Body)-f.Cut, 0))
	})
}

// Answer writes an answer, with what was put into its header before. It leaves out what
// goes beyond so many bytes of the body, and closes the connection if that is anything.
func Answer(rw http.ResponseWriter, status int, body string, upTo int) {
	rw.Header().Set("Content-Length", strconv.Itoa(len(body)))
	rw.WriteHeader(status)
	_, _ = rw.Write([]byte(body[:min(upTo, len(body))])) // the caller may be gone
	if upTo < len(body) {
		_ = http.NewResponseController(rw).Flush()
		panic(http.ErrAbortHandler)
	}
}
