package sftest

import (
	"fmt"
	"net/http"
	"path/filepath"
	"runtime"
	"sync/atomic"

	"github.com/sfcancel/sfcancel/internal/wirefault"
)

// Step is one line of the script: a fault, and which requests it is for.
type Step struct {
	c     *Cluster
	step  *wirefault.Step
	what  string // as it was written
	where string // file and line
	maybe atomic.Bool
}

// On writes a step of the script: the next request that m chooses suffers the fault,
// and that is all unless [Step.Times] or [Step.Always] says otherwise. Of several steps
// that choose a request, the first that was written and is not used up takes it. A step
// that is not used up by the end fails the test, unless it is a [Step.Maybe]: what a test
// wanted to see has not happened then.
//
// On may be called at any time, and from within [Func], too. It fails the test if the
// fault makes no sense.
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

// mark records which fault a request suffers.
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

// Times makes the step suffice for n requests in all, at least one. It returns the step.
func (s *Step) Times(n int) *Step {
	s.c.tb.Helper()
	if n < 1 {
		s.c.tb.Fatalf("sftest: %s: Times(%d): a step is for one request at least", s.what, n)
	}
	s.step.Times(n)
	return s
}

// Always makes the step suffice for all requests, until [Step.Stop]. At least one has to
// come, unless it is a [Step.Maybe]. It returns the step.
func (s *Step) Always() *Step {
	s.step.Times(wirefault.Forever)
	return s
}

// Maybe allows that the step is not used up. It returns the step.
func (s *Step) Maybe() *Step {
	s.maybe.Store(true)
	return s
}

// Stop ends the step: what is left of it happens no more, and need not have happened.
func (s *Step) Stop() { s.step.Stop() }

// Used is how many requests the step has spoiled so far.
func (s *Step) Used() int {
	used, _ := s.step.Used()
	return used
}

// unused says what is left of the step that should not be; "" for nothing.
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

// checkScript fails the test for what the script wanted and did not get.
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
