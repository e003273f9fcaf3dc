package wrapper

import (
	"context"
	"errors"
	"runtime"
	"slices"
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
