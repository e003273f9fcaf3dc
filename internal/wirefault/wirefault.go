// Package wirefault stands in front of a server and spoils chosen requests on the
// wire: it loses them, loses or cuts their answers, or answers in the server's place.
// Requests that nobody chose pass untouched, and every request is noted.
package wirefault

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
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

// Wire is the place where requests are spoiled. The zero value spoils none. Safe for
// concurrent use.
type Wire struct {
	mu     sync.Mutex
	script []step
	seen   []string
}

type step struct {
	match func(*http.Request) bool
	fault Fault
}

// Spoil makes the next request that matches suffer the fault, once. Faults for the
// same request are used up in the order in which they were given.
func (w *Wire) Spoil(match func(*http.Request) bool, faults ...Fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range faults {
		w.script = append(w.script, step{match, f})
	}
}

// Seen is every request so far as "METHOD /path?query", spoilt ones included.
func (w *Wire) Seen() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.seen...)
}

// Left is how many faults have not been used up.
func (w *Wire) Left() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.script)
}

func (w *Wire) next(r *http.Request) (Fault, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, r.Method+" "+r.URL.RequestURI())
	for i, s := range w.script {
		if s.match(r) {
			w.script = append(w.script[:i:i], w.script[i+1:]...)
			return s.fault, true
		}
	}
	return Fault{}, false
}

// Handler puts the wire in front of a server.
func (w *Wire) Handler(server http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		fault, spoilt := w.next(r)
		if !spoilt {
			server.ServeHTTP(rw, r)
			return
		}
		if fault.Apply {
			server.ServeHTTP(httptest.NewRecorder(), r)
		}
		if fault.Hang {
			<-r.Context().Done()
		}
		if fault.Status == 0 {
			panic(http.ErrAbortHandler) // net/http closes the connection
		}
		for name, values := range fault.Header {
			rw.Header()[name] = values
		}
		rw.Header().Set("Content-Length", strconv.Itoa(len(fault.Body)))
		rw.WriteHeader(fault.Status)
		_, _ = rw.Write([]byte(fault.Body[:max(len(fault.Body)-fault.Cut, 0)]))
		if fault.Cut > 0 {
			_ = http.NewResponseController(rw).Flush()
			panic(http.ErrAbortHandler)
		}
	})
}

// Force matches a force cancel, as this project's client writes it.
func Force(r *http.Request) bool { return isCancel(r) && r.URL.Query().Get("Force") == "true" }

// Graceful matches a graceful cancel, as this project's client writes it.
func Graceful(r *http.Request) bool { return isCancel(r) && r.URL.Query().Get("Force") == "false" }

// List matches the list of operations.
func List(r *http.Request) bool { return r.Method == http.MethodGet && r.URL.Path == "/Faults/" }

// Any matches every request.
func Any(*http.Request) bool { return true }

func isCancel(r *http.Request) bool {
	return r.Method == http.MethodPost && r.URL.Path == "/Faults/$/Cancel"
}
