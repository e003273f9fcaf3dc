package wrapper

import (
	"context"
	"runtime"
	"time"
)

// courtesy is how long code that heeds its context may take to return once that has ended. Only
// code that does not heed it is left behind then.
const courtesy = 250 * time.Millisecond

// within calls what others wrote, a transport or a ledger, and reports false if it has not
// returned when the context is over. If it panics, or ends its goroutine as a test does, so
// does the caller.
func within[T any](ctx context.Context, call func() T) (result T, returned bool) {
	var panicked any
	done := make(chan T, 1)
	go func() {
		defer close(done)
		defer func() { panicked = recover() }()
		done <- call()
	}()
	receive := func(result T, ok bool) (T, bool) {
		switch {
		case ok:
			return result, true
		case panicked != nil:
			panic(panicked)
		}
		runtime.Goexit()
		return result, false
	}
	select {
	case result, ok := <-done:
		return receive(result, ok)
	case <-ctx.Done():
	}
	timer := time.NewTimer(courtesy)
	defer timer.Stop()
	select {
	case result, ok := <-done:
		return receive(result, ok)
	case <-timer.C:
		return result, false
	}
}
