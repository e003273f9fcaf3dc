package sftest

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"
)

// TB has the methods of a test that a [Cluster] needs. Every [testing.TB] implements it, and so does the T of
// other frameworks, such as that of pgregory.net/rapid. Cleanup must run its functions
// after the test, the last first. If the TB has a method Skipped() bool that returns true, unused steps do
// not fail it.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
	Fatalf(format string, args ...any) // must not return
	Cleanup(func())
}

// Run calls f without a test, in an Example or in a demonstration program.
// Failures are printed to the standard output, so that an
// Example with an Output comment fails. Run returns true if there were none.
// f runs in its own goroutine. Its Cleanup functions have run when Run returns.
func Run(f func(tb TB)) (ok bool) {
	s := &standIn{out: os.Stdout}
	s.apart(func() { f(s) })
	for s.clean() {
		continue
	}
	return !s.failed
}

// standIn is the TB of [Run].
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

// clean runs the last remaining cleanup function. It returns false if there is none.
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
