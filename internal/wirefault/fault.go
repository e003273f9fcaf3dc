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

// Life is that of whoever spoils requests: what is delayed goes no further when it is over.
type Life interface {
	// Sleep waits, and says false if the life has ended meanwhile.
	Sleep(d time.Duration) bool
	// Go calls a function in a goroutine that the life waits for.
	Go(f func())
}

// DelayBefore makes a request wait before the server sees it. It is carried out even if the caller has gone.
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

// DelayAfter carries a request out at once, and holds the answer back.
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

// Late closes the connection at once, and lets the server carry the request out later all the same.
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

// CutBody carries a request out, and closes the connection after the header and so many bytes of the body. An
// answer that has no more is sent whole; short, which may be nil, hears of it before.
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

// Hold reads the body of a request that is to be spoiled, as far as a server would. A fault may outlive the
// connection; and net/http sees a caller go only after the body.
func Hold(r *http.Request) {
	const most = 4<<20 + 1 // one byte more than the server takes
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

// outlasting is a request that does not end with its caller.
func outlasting(r *http.Request) *http.Request {
	return r.WithContext(context.WithoutCancel(r.Context()))
}

// carriedOut lets the server carry the request out, and returns its answer.
func carriedOut(server http.Handler, r *http.Request) *httptest.ResponseRecorder {
	answer := httptest.NewRecorder()
	server.ServeHTTP(answer, r)
	return answer
}

// send sends an answer, or so much of its body.
func send(rw http.ResponseWriter, answer *httptest.ResponseRecorder, upTo int) {
	for name, values := range answer.Result().Header {
		rw.Header()[name] = values
	}
	Answer(rw, answer.Code, answer.Body.String(), upTo)
}
