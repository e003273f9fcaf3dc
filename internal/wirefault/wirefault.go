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

	"github.com/sfcancel/sfcancel/generated"
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

// Handler puts the wire in front of a server, and records what it sees.
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

// Step is one line of a script. It spoils one request, unless [Step.Times] says otherwise.
type Step struct {
	wire    *Wire
	match   func(*http.Request) bool
	through Through
	left    int // below zero for no end
	used    int
}

// Forever is the number of a step that no request uses up.
const Forever = -1

// Times sets how many requests the step spoils in all, those that it has spoiled
// included; [Forever] is for no end.
func (s *Step) Times(n int) {
	s.wire.mu.Lock()
	defer s.wire.mu.Unlock()
	s.left = Forever
	if n >= 0 {
		s.left = max(n-s.used, 0)
	}
}

// Stop makes the step spoil no more.
func (s *Step) Stop() {
	s.wire.mu.Lock()
	defer s.wire.mu.Unlock()
	s.left = 0
}

// Used is how many requests the step has spoiled, and left how many it still will;
// [Forever] is for no end.
func (s *Step) Used() (used, left int) {
	s.wire.mu.Lock()
	defer s.wire.mu.Unlock()
	return s.used, s.left
}

// Through puts the fault of the step in front of a server.
func (s *Step) Through(server http.Handler) http.Handler { return s.through(server) }

// open reports whether any of the times is left.
func (s *Step) open() bool {
	_, left := s.Used()
	return left != 0
}

// use takes one of the times that are left, false if somebody else took the last.
func (s *Step) use() bool {
	s.wire.mu.Lock()
	defer s.wire.mu.Unlock()
	if s.left == 0 {
		return false
	}
	s.used++
	if s.left > 0 {
		s.left--
	}
	return true
}

// Force matches a force cancel, as this project's client writes it.
func Force(r *http.Request) bool {
	return isFor(r, generated.IDCancelOperation) && r.URL.Query().Get("Force") == "true"
}

// Graceful matches a graceful cancel, as this project's client writes it.
func Graceful(r *http.Request) bool {
	return isFor(r, generated.IDCancelOperation) && r.URL.Query().Get("Force") == "false"
}

// List matches the list of operations.
func List(r *http.Request) bool { return isFor(r, generated.IDGetFaultOperationList) }

// Any matches every request.
func Any(*http.Request) bool { return true }

func isFor(r *http.Request, id string) bool {
	o := generated.OperationAt(r.Method, r.URL.EscapedPath())
	return o != nil && o.ID == id
}
