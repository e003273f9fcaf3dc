package emulator

import (
	"math"
	"time"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/hresult"
)

// Scenario says how an operation goes when nobody interferes. It is chosen when the
// operation is accepted, and written down with it: neither a restart nor another
// server at the same store changes it. The zero value goes through every step at once
// and succeeds. Negative times count as zero.
type Scenario struct {
	// Queue, LookUp and Perform are how long an operation waits for its turn, looks
	// up its target, and acts. A quorum loss acts for its requested duration longer.
	Queue   time.Duration `json:"queue,omitzero"`
	LookUp  time.Duration `json:"lookUp,omitzero"`
	Perform time.Duration `json:"perform,omitzero"`

	// Undo is how long the cleaning up of one step takes.
	Undo time.Duration `json:"undo,omitzero"`

	// LookUpFails, PerformFails and UndoFails make tries of these fail. What a failure
	// does depends on its code and on the kind of the operation; see [Failure].
	//
	// An operation that is cancelled while it acts is not undone if the acting succeeds,
	// because that is the last step. One that a graceful cancel does not end is therefore
	// one whose undo fails always, and that is cancelled while it looks up its target, or
	// whose acting fails, too.
	LookUpFails  Failure `json:"lookUpFails,omitzero"`
	PerformFails Failure `json:"performFails,omitzero"`
	UndoFails    Failure `json:"undoFails,omitzero"`
}

// Failure makes the first tries of a step fail. The zero value lets all of them succeed.
//
// What follows is the runtime's (runtime §5.5). A step of a partition kind that fails
// with a code of the retryable ones is undone, and after a pause the operation starts
// over; any other code ends the operation as Faulted. A node transition tries the same
// step again every second, unless the code is one of those with which the runtime gives
// up: the node is not found, up, down, or already stopped, or its instance is another
// one. FABRIC_E_NOT_PRIMARY and FABRIC_E_OBJECT_CLOSED have every kind try the same step
// again, as the next primary would. A try to undo that fails is repeated every second, whatever its code.
type Failure struct {
	// Times is how many tries fail before one succeeds; [Always] for no end.
	Times int `json:"times,omitzero"`
	// Code is the HRESULT of the failure; 0 counts as E_FAIL.
	Code int32 `json:"code,omitzero"`
}

// Always is the number of a [Failure] that no try ends.
const Always = -1

// DefaultScenario is what an [Emulator] plays unless [WithScenario] says otherwise:
// seconds, so that a person can watch and cancel in time, and no queue, because an
// operation that is cancelled in there is over before anybody sees it roll back.
func DefaultScenario() Scenario {
	return Scenario{
		LookUp:  2 * time.Second,
		Perform: 30 * time.Second,
		Undo:    4 * time.Second,
	}
}

// lasts is how long the activity that r is in takes.
func (s Scenario) lasts(r Record) time.Duration {
	var d time.Duration
	switch {
	case r.Phase == PhaseUndoing:
		d = s.Undo
	case r.Step == StepIntentSaved:
		d = s.Queue
	case r.Step == StepLookingUpState:
		d = s.LookUp
	case r.Step == StepPerformingActions:
		d = s.Perform
		if r.Kind == generated.OperationTypePartitionQuorumLoss {
			d = max(d, 0) + min(r.Target.Duration, math.MaxInt64-max(d, 0))
		}
	}
	return max(d, 0)
}

// fails reports whether the next try fails, of which so many have failed before.
func (f Failure) fails(before int) bool {
	return f.Times < 0 || before < f.Times
}

// hresult is the code of the failure as a number.
func (f Failure) hresult() int32 {
	if f.Code == 0 {
		return hresultFail
	}
	return f.Code
}

// more is how many tries fail after one that does, of which so many failed before it, as
// long as each takes so long and there is so much time.
func (f Failure) more(before int, each, time time.Duration) int {
	n := int(time / max(each, 1))
	if f.Times > 0 {
		n = min(n, f.Times-before-1)
	}
	return max(n, 0)
}

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

// HRESULT returns the number of an error code by its name, as the runtime has it
// (idl/public/FabricTypes.idl): the codes of its status table (runtime §4.3) and a few
// common ones. Names are in exact letter case; false says that the name is not among them.
func HRESULT(code string) (int32, bool) { return hresult.Number(code) }
