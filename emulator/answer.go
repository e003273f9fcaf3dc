package emulator

import (
	"context"
	"errors"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
)

// answered is what a caller is told instead of a failure of the store: what a cluster says
// when the same happens to the fault service's own state (runtime §4.2, §4.3). The failure
// itself stays behind it, for the log. Refusals, the end of a context and all other
// failures stay as they are.
//
// The call has not happened after FABRIC_E_NO_WRITE_QUORUM. After the others it may have: a
// store that closes itself does not know either.
func answered(err error) error {
	over := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	switch {
	case err == nil || isRefusal(err):
		return err
	case errors.Is(err, store.ErrOutcomeUnknown): // also with the context's error next to it
		return server.NewError(generated.ErrorCodeTimeout, "").Wrap(err)
	case over:
		return err
	case errors.Is(err, store.ErrUnavailable):
		return server.NewError(generated.ErrorCodeNoWriteQuorum, "The fault service cannot reach its state.").Wrap(err)
	case errors.Is(err, store.ErrClosed): // as a replica that is no primary any more
		return server.NewError(generated.ErrorCodeAbort, "This replica of the fault service is going away.").Wrap(err)
	case errors.Is(err, errCrowded):
		return server.NewError(generated.ErrorCodeAbort, "Too many others are changing the same at this moment.").Wrap(err)
	default:
		return err
	}
}
