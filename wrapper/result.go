package wrapper

import (
	"fmt"

	"github.com/google/uuid"
)

// State is the state of an operation, as the cluster shows it. A server may show
// a text that is not listed here. The zero value means unknown.
type State string

// The states. An operation that is RollingBack is being cancelled; the last four are final.
const (
	StateRunning        State = "Running"
	StateRollingBack    State = "RollingBack"
	StateCompleted      State = "Completed"
	StateFaulted        State = "Faulted"
	StateCancelled      State = "Cancelled"
	StateForceCancelled State = "ForceCancelled"
)

// Final reports whether an operation in this state is over.
func (s State) Final() bool {
	switch s {
	case StateCompleted, StateFaulted, StateCancelled, StateForceCancelled:
		return true
	default:
		return false
	}
}

// Kind is the kind of fault that an operation injects. The zero value means unknown.
type Kind string

// The kinds.
const (
	KindDataLoss         Kind = "PartitionDataLoss"
	KindQuorumLoss       Kind = "PartitionQuorumLoss"
	KindPartitionRestart Kind = "PartitionRestart"
	KindNodeTransition   Kind = "NodeTransition"
)

// Operation is one fault operation, as the list of the cluster shows it.
type Operation struct {
	ID    uuid.UUID
	Kind  Kind
	State State // "" if the cluster does not know the operation
}

// Found reports whether the cluster knows the operation. For a read it is what the verdict
// [NotFound] is for the other calls.
func (o Operation) Found() bool { return o.State != "" }

// Target is the partition or node of an operation. The zero value means unknown.
type Target struct {
	Kind      Kind
	Partition Partition // of all kinds except a node transition
	Node      Node      // of a node transition; the instance is 0 if unknown
}

// String returns the service and the id of the partition, or the name of the node, as in [Entry].Target;
// "" if unknown.
func (t Target) String() string { return t.address().target }

// Cause is the error with which an operation ended. The zero value means none, or unknown.
type Cause struct {
	Number int32 // the HRESULT
	Code   Code  // its name, such as FABRIC_E_SERVICE_DOES_NOT_EXIST; "" if the runtime has none
}

// String returns the name and the number in hexadecimal; "" for the zero value.
func (c Cause) String() string {
	switch number := fmt.Sprintf("0x%08X", uint32(c.Number)); {
	case c == Cause{}:
		return ""
	case c.Code == "":
		return number
	default:
		return fmt.Sprintf("%s (%s)", c.Code, number)
	}
}

// Progress is an operation with its cause and its target.
type Progress struct {
	Operation
	// Cause is why the operation is Faulted; the zero value before it is over.
	Cause Cause
	// Target comes from the cluster once the operation is over. Before that it comes from the caller or the
	// ledger, if they know it.
	Target Target
}

// Verdict is the outcome of a call.
type Verdict string

// The verdicts. The zero value occurs only together with an error.
const (
	// Accepted: the call took effect. After a graceful cancel the operation is
	// cleaning up; after a force it is being abandoned.
	Accepted Verdict = "Accepted"
	// AlreadyStarted: an operation of this kind with the caller's id exists. Repeating a
	// start, as a pipeline does that runs again, is idempotent.
	AlreadyStarted Verdict = "AlreadyStarted"
	// AlreadyStopping: this client knows of an earlier graceful cancel, and the operation is
	// still cleaning up.
	AlreadyStopping Verdict = "AlreadyStopping"
	// AlreadyForced: an earlier force is in effect, and the operation is being abandoned.
	AlreadyForced Verdict = "AlreadyForced"
	// Finished: the operation is over; the state says how it ended.
	Finished Verdict = "Finished"
	// NotFound: the cluster knows no operation with this id. It never existed, or it
	// ended so long ago that it was removed.
	NotFound Verdict = "NotFound"
)

// Result is the outcome of a call that returned no error.
type Result struct {
	OperationID uuid.UUID
	Force       bool // whether a force was asked for, or a Stop sent one
	Verdict     Verdict

	// State is the last known state: RollingBack once a cancel is in effect, a final state for
	// [Finished], Running after a start, "" for [NotFound].
	State State

	// Kind is the kind of the operation; "" if the call did not learn it.
	Kind Kind

	// Cause is why the operation is Faulted, and Target is its partition or node. They are known if the start is
	// in the ledger, or if the options of the call have the Target. Otherwise use [Client.Progress].
	Cause  Cause
	Target Target

	// Resolved reports that no answer gave the verdict directly: an answer was lost, or did
	// not tell enough, and further requests settled it.
	Resolved bool

	// Attempts are the requests of the call in order. A call that waits keeps only its last poll.
	Attempts []Attempt

	// LedgerErr is why the ledger could not record the outcome; nil if it could. The
	// verdict is true, but a later ForceCancel may lack the evidence.
	LedgerErr error
}
