package wrapper

import (
	"errors"
	"slices"
)

// foreign keeps the meanings of this package out of an error that only lies behind one
// of ours: the cause of a context may be the error of another call, and what middleware
// vouches for is true of one request. All else of it can still be found.
type foreign struct{ error }

func (f foreign) Is(target error) bool {
	return !slices.Contains(meanings[:], target) && errors.Is(f.error, target)
}

func (f foreign) As(target any) bool {
	_, ours := target.(**Error)
	return !ours && errors.As(f.error, target)
}

// asForeign wraps an error if it means something here.
func asForeign(err error) error {
	if slices.ContainsFunc(meanings[:], func(m error) bool { return errors.Is(err, m) }) {
		return foreign{err}
	}
	return err
}
