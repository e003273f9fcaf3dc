package sftest

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"
)

// TB is what a [Cluster] needs of a test. Every [testing.TB] is one, and so is the T of
// other frameworks, such as that of pgregory.net/rapid. Cleanup must run its functions
// after the test, the last first. A TB with a method Skipped() bool is not failed for
// unused steps once it was skipped.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any) // must not return
	Cleanup(func())
}

// Run calls f where there is no test: in an Example, or in a program that shows
// something. What would fail a test is printed to the standard output, so that an
// Example with an Output comment fails; Run reports whether there was nothing of that.
// f runs in a goroutine of its own, and what it left to Cleanup has run when Run returns.
func Run(f func(tb TB)) (ok bool) {
	s := &standIn{out: os.Stdout}
	s.apart(func() { f(s) })
	for s.clean() {
		continue
	}
	return !s.failed
}

// standIn stands in for a test.
type standIn struct {
	out io.Writer

	mu       sync.Mutex
	failed   bool
	cleanups []func()
}

// apart calls f in a goroutine, because Fatalf ends one.
func (s *standIn) apart(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

// clean runs the last of the functions that are left, false if there is none.
func (s *standIn) clean() bool {
	s.mu.Lock()
	n := len(s.cleanups)
	if n == 0 {
		s.mu.Unlock()
		return false
	}
	last := s.cleanups[n-1]
	s.cleanups = slices.Delete(s.cleanups, n-1, n)
	s.mu.Unlock()
	s.apart(last)
	return true
}

func (s *standIn) Helper() {}

func (s *standIn) Cleanup(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cleanups = append(s.cleanups, f)
}

func (s *standIn) Errorf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failed = true
	fmt.Fprintf(s.out, format+"\n", args...)
}

func (s *standIn) Fatalf(format string, args ...any) {
	s.Errorf(format, args...)
	runtime.Goexit()
}
