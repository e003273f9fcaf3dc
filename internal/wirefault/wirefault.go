// Package wirefault stands in front of a server and spoils chosen requests on the
// wire: it loses them, loses or cuts their answers, or answers in the server's place.
// Requests that nobody chose pass untouched.
//
// It is the mechanism behind package sftest, which is for users of this project; the
// project's own tests of the client use it directly.
package wirefault

import (
	"net/http"
	"sync"
)

// Wire is the place where requests are spoiled, by a script of steps. The zero value
// spoils none. Safe for concurrent use.
type Wire struct {
	mu     sync.Mutex
	script []*Step
	seen   []string
}

// Through puts a fault in front of a server. It is called anew for each request.
type Through = func(server http.Handler) http.Handler

// Add writes a step for the next request that match chooses. A request is spoiled by
// the first step, in the order in which they were written, that chooses it and is not
// used up. match is called by several goroutines at once, not any more once the step is
// used up, and may use the Wire itself.
func (w *Wire) Add(match func(*http.Request) bool, through Through) *Step {
	s := &Step{wire: w, match: match, through: through, left: 1}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.script = append(w.script, s)
	return s
}

// Spoil adds a step for each of the faults.
func (w *Wire) Spoil(match func(*http.Request) bool, faults ...Fault) {
	for _, f := range faults {
		w.Add(match, f.Through)
	}
}

// Seen is every request so far as "METHOD /path?query", spoilt ones included.
func (w *Wire) Seen() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.seen...)
}

// Left is how many faults have not been used up. One without an end counts as one.
func (w *Wire) Left() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	left := 0
	for _, s := range w.script {
		left += max(s.left, -s.left)
	}
	return left
}

// Next is the step that the request uses up, nil if it is to pass untouched.
func (w *Wire) Next(r *http.Request) *Step {
	w.mu.Lock()
	script := w.script // which only ever grows
	w.mu.Unlock()
	for _, s := range script {
		if s.open() && s.match(r) && s.use() {
			return s
		}
	}
	return nil
}

// Handler puts the wire in front of a server, and notes what it sees.
func (w *Wire) Handler(server http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.seen = append(w.seen, r.Method+" "+r.URL.RequestURI())
		w.mu.Unlock()
		through := server
		if s := w.Next(r); s != nil {
			through = s.Through(server)
		}
		through.ServeHTTP(rw, r)
	})
}
