package wirefault

import "net/http"

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
