package wrapper

import (
	"context"
	"errors"
	"io"
	"runtime"
	"slices"
	"sync/atomic"
	"time"
)

// foreign keeps out of an error that only lies behind one of ours what it would claim of the
// call. The meanings of this package are that: the cause of a context may be the error of
// another call, and what middleware vouches for is true of one request. The errors of contexts
// are too: a time-out of a dial, of a ledger or of an HTTP client is none of the caller's
// context. All else of it can still be found.
type foreign struct {
	error
	hides []error
}

func (f foreign) Is(target error) bool {
	return !slices.Contains(f.hides, target) && errors.Is(f.error, target)
}

func (f foreign) As(target any) bool {
	_, ours := target.(**Error)
	return !ours && errors.As(f.error, target)
}

// asForeign wraps an error if it claims something of the call. The error of a context is none
// that ended the call unless ctx, the caller's, has ended with the same.
func asForeign(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	hides := meanings[:]
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		if !errors.Is(ctx.Err(), ended) {
			hides = append(slices.Clip(hides), ended)
		}
	}
	if slices.ContainsFunc(hides, func(m error) bool { return errors.Is(err, m) }) {
		return foreign{err, hides}
	}
	return err
}

// courtesy is how long code that heeds its context may take to return once that has ended. Only
// code that does not heed it is left behind then.
const courtesy = 250 * time.Millisecond

// guard calls what others wrote, a transport or a ledger. The zero value is for one call.
type guard struct {
	body     atomic.Pointer[io.ReadCloser] // is closed when the context is over
	state    atomic.Int32                  // running, returned or awaited
	exited   bool                          // its goroutine ended without a return
	late     chan struct{}                 // of a call that is awaited
	panicked any
}

const (
	running = iota
	returned
	awaited
)

// within reports false if the call has not returned when the context is over; what it writes is
// not to be read then. A call that has returned ends the context, which wakes the caller. If it
// panics, or ends its goroutine as a test does, so does the caller.
func (g *guard) within(ctx context.Context, end func(), call func()) bool {
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
		g.shut()
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

// shut closes the body of an answer, if there is one. It waits for nothing: that is of others, too.
func (g *guard) shut() {
	if body := g.body.Load(); body != nil {
		go func() { _ = (*body).Close() }()
	}
}
