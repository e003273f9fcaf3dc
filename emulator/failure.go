package emulator

import (
	"github.com/sfcancel/sfcancel/generated"
)

// The HRESULTs with which the steps end operations (runtime §4.2, §5.6).
const (
	hresultFail       = -2147467259
	hresultInvalidArg = -2147024809

	hresultServiceDoesNotExist    = -2147017779
	hresultPartitionNotFound      = -2147017753
	hresultInvalidForStateless    = -2147017616
	hresultOnlyStatefulPersistent = -2147017615

	hresultNodeNotFound       = -2147017789
	hresultNodeIsUp           = -2147017788
	hresultNodeIsDown         = -2147017633
	hresultAlreadyStopped     = -2147017634
	hresultInstanceIDMismatch = -2147017680
)

// The HRESULTs after which the runtime undoes a partition kind and starts it over
// (runtime §5.5): a cancelled call, an invalid address, a replica in the wrong state or
// gone, a timeout, and what it counts as transient. (A database migration is transient, too,
// but its number is not in the status table.)
const (
	hresultAbort                = -2147467260
	hresultInvalidAddress       = -2147017795
	hresultInvalidReplicaState  = -2147017669
	hresultReplicaDoesNotExist  = -2147017752
	hresultTimeout              = -2147017729
	hresultNotReady             = -2147017785
	hresultNoWriteQuorum        = -2147017787
	hresultReconfiguration      = -2147017782
	hresultReplicationQueueFull = -2147017781
	hresultServiceOffline       = -2147017778
	hresultStopInProgress       = -2147017635
)

// The HRESULTs with which a replica finds out that it is not the primary any more.
const (
	hresultNotPrimary   = -2147017786
	hresultObjectClosed = -2147017730
)

// retryable reports whether a failure with that code makes the runtime start a
// partition kind over instead of ending it.
func retryable(code int32) bool {
	switch code {
	case hresultAbort, hresultInvalidAddress, hresultInvalidReplicaState, hresultReplicaDoesNotExist, hresultTimeout,
		hresultNotReady, hresultNoWriteQuorum, hresultReconfiguration, hresultReplicationQueueFull, hresultServiceOffline,
		hresultStopInProgress:
		return true
	}
	return false
}

// endsTransition reports whether a failure with that code ends a node transition.
// After any other it tries the same step again.
func endsTransition(code int32) bool {
	switch code {
	case hresultNodeNotFound, hresultNodeIsUp, hresultNodeIsDown, hresultAlreadyStopped, hresultInstanceIDMismatch:
		return true
	}
	return false
}

// leavesEngine reports whether a failure with that code only makes the engine let go of
// the operation: this replica is no longer the one to carry it out, and the next primary
// goes on with the same step (runtime §5.5).
func leavesEngine(code int32) bool { return code == hresultNotPrimary || code == hresultObjectClosed }

// deafToGraceful: a graceful cancel does not stop a node transition, not even a
// queued one; it runs to its end and is then shown as Cancelled (runtime §5.3).
func deafToGraceful(kind generated.OperationType) bool {
	return kind == generated.OperationTypeNodeTransition
}
