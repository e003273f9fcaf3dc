package emulator

import (
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

// cancel judges one Cancel call against a record (runtime §5.2) and
// returns the record as it has to be stored. It is pure, and an error means that
// nothing changes.
//
// An id that is unknown never gets here; it is answered like a terminal one,
// because the runtime looks at active operations only.
func cancel(r Record, force bool, profile server.Profile) (Record, error) {
	if r.Terminal() {
		return r, errNotActive()
	}
	if !force {
		if r.Rollback == RollingBackForce {
			return r, errNotNow("The operation is being force-cancelled; it cannot go back to a graceful cancel.")
		}
		r.Rollback = RollingBackDueToUserCancel
		return r, nil
	}
	if r.Rollback != RollingBackDueToUserCancel && !documentsAllowForce(r, profile) {
		if r.Rollback == RollingBackForce {
			return r, errNotNow("The operation was forced before, and a force is accepted once.")
		}
		return r, errNotNow("A force cancel needs a graceful cancel first.")
	}
	r.Rollback = RollingBackForce
	return r, nil
}

// documentsAllowForce is the sentence of both documents that the runtime does not
// honour: force is allowed "unless" no graceful call came first, or the operation
// is RollingBack already, whoever made it so.
func documentsAllowForce(r Record, profile server.Profile) bool {
	return profile == server.Documented && r.State() == generated.OperationStateRollingBack
}

func errNotActive() error {
	return server.NewError(generated.ErrorCodeKeyNotFound, "No active operation has this id.")
}

func errNotNow(message string) error {
	return server.NewError(generated.ErrorCodeInvalidTestCommandState, message)
}
