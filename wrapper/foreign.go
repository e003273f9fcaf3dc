package wrapper

import (
	"context"
	"errors"
	"slices"
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
