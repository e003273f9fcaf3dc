// Package guard calls code of others, such as a transport or a ledger, and abandons the call if it
// ignores its context.
package guard

import (
	"context"
	"io"
	"runtime"
	"sync/atomic"
	"time"
)

// courtesy is how long a call may take to return after its context has ended. Then it is
// abandoned.
const courtesy = 250 * time.Millisecond

// Guard makes one call. The zero value is ready to use.
type Guard struct {
	// Body, if set, is closed when the context ends, because a read of it may ignore the context.
	Body atomic.Pointer[io.ReadCloser]

	state    atomic.Int32  // running, returned or awaited
	exited   bool          // the goroutine ended without a return
	late     chan struct{} // closed when an awaited call has returned
	panicked any
}

const (
	running = iota
	returned
	awaited
)

// Within makes a call in a goroutine. end must end ctx; it is called when the call has returned. Within
// returns false if the call has not returned shortly after the end of ctx; then its results must not be read,
// because it may still write them. If the call panics or ends its goroutine, Within does the same.
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

// Shut closes the body of an answer, if there is one. It does not wait, because Close may block, too.
func (g *Guard) Shut() {
	if body := g.Body.Load(); body != nil {
		go func() { _ = (*body).Close() }()
	}
}
