package wirefault

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"
)

// Fault is a fault of one request. The zero value loses the request: the connection is
// closed, and the server never sees the request.
type Fault struct {
	// Apply makes the server carry the request out before the fault.
	Apply bool
	// Status replaces the answer of the server; 0 closes the connection without an answer.
	Status int
	Header http.Header
	Body   string
	// Cut omits that many bytes at the end of the body, and closes the connection.
	Cut int
	// Hang holds the answer back until the caller has gone.
	Hang bool
}

// Through wraps a server in the fault; it is a [Through].
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

// Answer writes an answer with the header that is already set. It writes at most upTo bytes
// of the body, and closes the connection if the body is longer.
func Answer(rw http.ResponseWriter, status int, body string, upTo int) {
	rw.Header().Set("Content-Length", strconv.Itoa(len(body)))
	rw.WriteHeader(status)
	_, _ = rw.Write([]byte(body[:min(upTo, len(body))])) // the caller may be gone
	if upTo < len(body) {
		_ = http.NewResponseController(rw).Flush()
		panic(http.ErrAbortHandler)
	}
}

// Life is the lifetime of the server of a test. Delayed requests end with it.
type Life interface {
	// Sleep waits, and returns false if the life has ended meanwhile.
	Sleep(d time.Duration) bool
	// Go calls a function in a goroutine that the life waits for.
	Go(f func())
}

// DelayBefore delays a request before the server sees it. It is carried out even if the caller has gone.
func DelayBefore(life Life, d time.Duration) Through {
	return func(server http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if !life.Sleep(d) {
				panic(http.ErrAbortHandler)
			}
			server.ServeHTTP(rw, outlasting(r))
		})
	}
}

// DelayAfter carries a request out at once, and delays the answer.
func DelayAfter(life Life, d time.Duration) Through {
	return func(server http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			answer := carriedOut(server, r)
			if !life.Sleep(d) {
				panic(http.ErrAbortHandler)
			}
			send(rw, answer, answer.Body.Len())
		})
	}
}

// Late closes the connection at once, but the server carries the request out later.
func Late(life Life, d time.Duration) Through {
	return func(server http.Handler) http.Handler {
		return http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			r = outlasting(r)
			life.Go(func() {
				if life.Sleep(d) {
					carriedOut(server, r)
				}
			})
			panic(http.ErrAbortHandler)
		})
	}
}

// CutBody carries a request out, and closes the connection after the header and upTo bytes of the body. If the
// body is not longer, it is sent whole, after a call of short, which may be nil.
func CutBody(upTo int, short func(r *http.Request, has int)) Through {
	return func(server http.Handler) http.Handler {
		return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			answer := carriedOut(server, r)
			if has := answer.Body.Len(); has <= upTo && short != nil {
				short(r, has)
			}
			send(rw, answer, upTo)
		})
	}
}

// Hold reads the body of a request before a fault, up to the limit of a server. A fault may outlive the
// connection, and net/http notices that a caller has gone only after it has read the body.
func Hold(r *http.Request) {
	const most = 4<<20 + 1 // one byte more than the server accepts
	body, err := io.ReadAll(io.LimitReader(r.Body, most))
	var rest io.Reader = http.NoBody
	if err != nil {
		rest = failing{err}
	}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), rest), r.Body}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// outlasting returns a request whose context does not end when its caller goes.
func outlasting(r *http.Request) *http.Request {
	return r.WithContext(context.WithoutCancel(r.Context()))
}

// carriedOut lets the server carry the request out, and returns its answer.
func carriedOut(server http.Handler, r *http.Request) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	server.ServeHTTP(answer, r)
	return answer
}

// send sends an answer with at most upTo bytes of its body.
func send(rw http.ResponseWriter, answer *httptest.ResponseRecorder, upTo int) {
	for name, values := range answer.Result().Header {
		rw.Header()[name] = values
	}
	Answer(rw, answer.Code, answer.Body.String(), upTo)
}
