// Package wirefault injects faults into selected requests in front of a server: it loses
// requests, loses or truncates their answers, or answers in the server's place.
// Other requests pass unchanged.
//
// It is the mechanism behind package sftest, which is for users of this project; the
// project's own tests of the client use it directly.
package wirefault

import (
	"net/http"
	"sync"

	"github.com/sfcancel/sfcancel/generated"
)

// Wire injects faults by a script of steps. The zero value has no steps. It is safe for concurrent use.
type Wire struct {
	mu     sync.Mutex
	script []*Step
	seen   []string
}

// Through wraps a server in a fault. It is called for each request.
type Through = func(server http.Handler) http.Handler

// Add adds a step for the next request that match selects. A request gets the fault of
// the first step of the script that selects it and is not
// used up. match must be safe for concurrent use; it is not called after the step is
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

// Seen returns every request so far as "METHOD /path?query", including those with a fault.
func (w *Wire) Seen() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.seen...)
}

// Left returns the number of faults that are not used up. An unlimited step counts as one.
func (w *Wire) Left() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	left := 0
	for _, s := range w.script {
		left += max(s.left, -s.left)
	}
	return left
}

// Next returns the step for the request, and counts its use; nil if the request passes unchanged.
func (w *Wire) Next(r *http.Request) *Step {
	w.mu.Lock()
	script := w.script // append-only
	w.mu.Unlock()
	for _, s := range script {
		if s.open() && s.match(r) && s.use() {
			return s
		}
	}
	return nil
}

// Handler puts the wire in front of a server, and records the requests.
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

// Step is one line of a script. It applies to one request, unless [Step.Times] changes that.
type Step struct {
	wire    *Wire
	match   func(*http.Request) bool
	through Through
	left    int // negative: unlimited
	used    int
}

// Forever is the number of requests of an unlimited step.
const Forever = -1

// Times sets the number of requests of the step in total, including those so far;
// [Forever] means unlimited.
func (s *Step) Times(n int) {
	s.wire.mu.Lock()
	defer s.wire.mu.Unlock()
	s.left = Forever
	if n >= 0 {
		s.left = max(n-s.used, 0)
	}
}

// Stop ends the step.
func (s *Step) Stop() {
	s.wire.mu.Lock()
	defer s.wire.mu.Unlock()
	s.left = 0
}

// Used returns how many requests have got the fault of the step, and how many are left;
// [Forever] means unlimited.
func (s *Step) Used() (used, left int) {
	s.wire.mu.Lock()
	defer s.wire.mu.Unlock()
	return s.used, s.left
}

// Through wraps a server in the fault of the step.
func (s *Step) Through(server http.Handler) http.Handler { return s.through(server) }

// open reports whether the step is not used up.
func (s *Step) open() bool {
	_, left := s.Used()
	return left != 0
}

// use counts a use of the step. It returns false if the step is used up.
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

// Force matches a force cancel in the form of this project's client.
func Force(r *http.Request) bool {
	return isFor(r, generated.IDCancelOperation) && r.URL.Query().Get("Force") == "true"
}

// Graceful matches a graceful cancel in the form of this project's client.
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
