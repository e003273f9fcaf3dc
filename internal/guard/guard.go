// Package guard calls what others wrote, such as a transport or a ledger, and leaves it behind if it does not
// heed its context.
package guard

import (
	"context"
	"io"
	"runtime"
	"sync/atomic"
	"time"
)

// courtesy is how long code that heeds its context may take to return once that has ended. Only
// code that does not heed it is left behind then.
const courtesy = 250 * time.Millisecond

// Guard makes one call. The zero value is ready.
type Guard struct {
	// Body, if it is set, is closed when the context is over: a read of it may heed nothing else.
	Body atomic.Pointer[io.ReadCloser]

	state    atomic.Int32  // running, returned or awaited
	exited   bool          // its goroutine ended without a return
	late     chan struct{} // of a call that is awaited
	panicked any
}

const (
	running = iota
	returned
	awaited
)

// Within makes a call, and ends its context with end when the call has returned, which wakes the caller. It
// reports false if the call has not returned when the context is over; what the call writes is not to be read
// then. If the call panics, or ends its goroutine as a test does, so does the caller.
func (g *Guard) Within(ctx context.Context, end func(), call func()) bool {
	go func() {
		g.exited = true
		defer func() {
			g.panicked = recover()
			if !g.state.CompareAndSwap(running, returned) {
				close(g.late)
			}
			end()
		}()
		call()
		g.exited = false
	}()
	<-ctx.Done()
	if g.state.Load() == running {
		g.Shut()
		g.late = make(chan struct{})
		if g.state.CompareAndSwap(running, awaited) {
			timer := time.NewTimer(courtesy)
			defer timer.Stop()
			select {
			case <-g.late:
			case <-timer.C:
				return false
			}
		}
	}
	switch {
	case g.panicked != nil:
		panic(g.panicked)
	case g.exited:
		runtime.Goexit()
	}
	return true
}

// Shut closes the body of an answer, if there is one. It waits for nothing: that is of others, too.
func (g *Guard) Shut() {
	if body := g.Body.Load(); body != nil {
		go func() { _ = (*body).Close() }()
	}
}
