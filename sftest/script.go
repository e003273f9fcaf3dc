package sftest

import (
	"fmt"
	"net/http"
	"path/filepath"
	"runtime"
	"sync/atomic"

	"github.com/sfcancel/sfcancel/internal/wirefault"
)

// Step is one line of the script: a fault, and the requests that it is for.
type Step struct {
	c     *Cluster
	step  *wirefault.Step
	what  string // the call of On
	where string // file and line
	maybe atomic.Bool
}

// On adds a step to the script: the next request that m selects gets the fault. The step is
// for one request, unless [Step.Times] or [Step.Always] changes that. If several steps
// select a request, it gets the fault of the first one in the script that is not used up. A step
// that is not used up at the end fails the test, unless [Step.Maybe] allows it, because the test
// has not tested that fault.
//
// On may be called at any time, also from within [Func]. It fails the test if the
// fault is invalid.
func (c *Cluster) On(m Matcher, f Fault) *Step {
	c.tb.Helper()
	s := &Step{c: c, what: fmt.Sprintf("On(%s, %s)", nameOf(m), f), where: "somewhere"}
	if _, file, line, ok := runtime.Caller(1); ok {
		s.where = fmt.Sprintf("%s:%d", filepath.Base(file), line)
	}
	if m == nil {
		c.tb.Fatalf("sftest: %s: the matcher is nil", s.what)
	}
	through, err := f.through(c, m)
	if err != nil {
		c.tb.Fatalf("sftest: %s: %v", s.what, err)
	}
	s.step = c.wire.Add(
		func(r *http.Request) bool { return m.Match(*requestOf(r.Context())) },
		func(server http.Handler) http.Handler { return c.mark(f, through(server)) })
	c.mu.Lock()
	defer c.mu.Unlock()
	c.script = append(c.script, s)
	return s
}

// mark records the fault of a request.
func (c *Cluster) mark(f Fault, handler http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		c.journal.edit(requestOf(r.Context()), func(q *Request) { q.Fault = f.String() })
		handler.ServeHTTP(rw, r)
	})
}

func nameOf(m Matcher) string {
	switch m := m.(type) {
	case Call:
		return string(m)
	case fmt.Stringer:
		return m.String()
	default:
		return fmt.Sprintf("%T", m)
	}
}

// Times makes the step apply to n requests in total, at least one. It returns the step.
func (s *Step) Times(n int) *Step {
	s.c.tb.Helper()
	if n < 1 {
		s.c.tb.Fatalf("sftest: %s: Times(%d): a step is for one request at least", s.what, n)
	}
	s.step.Times(n)
	return s
}

// Always makes the step apply to all requests, until [Step.Stop]. At least one must
// arrive, unless [Step.Maybe] allows none. It returns the step.
func (s *Step) Always() *Step {
	s.step.Times(wirefault.Forever)
	return s
}

// Maybe makes the step optional: it need not be used up. It returns the step.
func (s *Step) Maybe() *Step {
	s.maybe.Store(true)
	return s
}

// Stop ends the step: it applies to no further request, and counts as used up.
func (s *Step) Stop() { s.step.Stop() }

// Used returns how many requests have got the fault of the step so far.
func (s *Step) Used() int {
	used, _ := s.step.Used()
	return used
}

// unused says how the step was not used up; "" if it was, or need not be.
func (s *Step) unused() string {
	used, left := s.step.Used()
	switch {
	case left == 0 || s.maybe.Load():
		return ""
	case used == 0:
		return "was never used"
	case left < 0:
		return ""
	default:
		return fmt.Sprintf("was used %d of %d times", used, used+left)
	}
}

// checkScript fails the test for each step that was not used up.
func (c *Cluster) checkScript() {
	c.tb.Helper()
	if s, ok := c.tb.(interface{ Skipped() bool }); ok && s.Skipped() {
		return
	}
	c.mu.Lock()
	script := c.script
	c.mu.Unlock()
	for _, s := range script {
		if left := s.unused(); left != "" {
			c.tb.Errorf("sftest: %s: %s %s; allow that with Maybe. %s", s.where, s.what, left, c.journal.summary())
		}
	}
}
