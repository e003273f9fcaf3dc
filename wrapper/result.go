package wrapper

import (
	"fmt"

	"github.com/google/uuid"
)

// State is where an operation stands, as the cluster shows it. A server may show
// a text that is not listed here; the zero value means that it is not known.
type State string

// The states. RollingBack is on its way out; the last four are final.
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

// Kind is the sort of fault an operation injects. The zero value means that it is
// not known.
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

// Found reports whether the cluster knows the operation. It says of a read what the verdict
// [NotFound] says of the other calls.
func (o Operation) Found() bool { return o.State != "" }

// Target is what an operation works on. The zero value means that it is not known.
type Target struct {
	Kind      Kind
	Partition Partition // of all kinds but a node transition
	Node      Node      // of a node transition; the instance is 0 if it is not known
}

// String returns the service and the id of the partition, or the name of the node, as [Entry].Target has
// them; "" if it is not known.
func (t Target) String() string { return t.address().target }

// Cause is the error with which an operation ended. The zero value means that there was none, or that it
// is not known.
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

// Progress is where an operation stands, with what the cluster says of its end.
type Progress struct {
	Operation
	// Cause is why it ended as it did, once it is over.
	Cause Cause
	// Target is what it works on: as the cluster has it once the operation is over, and as it was started
	// before, if the caller or the ledger knows that.
	Target Target
}

// Verdict is what is true of an operation after a call.
type Verdict string

// The verdicts. The zero value stands only beside an error.
const (
	// Accepted: the call took effect. After a graceful cancel the operation is
	// cleaning up; after a force it is being abandoned.
	Accepted Verdict = "Accepted"
	// AlreadyStarted: an operation with the id that the caller chose exists, and it is of the
	// kind that was to be started. A start that is repeated, as by a pipeline that is run again,
	// changes nothing.
	AlreadyStarted Verdict = "AlreadyStarted"
	// AlreadyStopping: a graceful cancel that this client knows of came before, and
	// the operation is still cleaning up.
	AlreadyStopping Verdict = "AlreadyStopping"
	// AlreadyForced: a force came before, and the operation is being abandoned.
	AlreadyForced Verdict = "AlreadyForced"
	// Finished: the operation is over; the state says how it ended.
	Finished Verdict = "Finished"
	// NotFound: the cluster knows no operation with this id. It never existed, or it
	// ended so long ago that it was removed.
	NotFound Verdict = "NotFound"
)

// Result is what is true after a call that returned no error.
type Result struct {
	OperationID uuid.UUID
	Force       bool // whether a force was asked for, or a Stop sent one
	Verdict     Verdict

	// State is the last state that is known: RollingBack once a cancel is in effect,
	// a final one for [Finished], Running after a start, none for [NotFound].
	State State

	// Kind is the operation's kind if it was learnt on the way.
	Kind Kind

	// Cause is why the operation is Faulted, and Target what it works on. They are known of operations
	// whose start is in the ledger, and of those whose Target was among the options of the call. Otherwise
	// [Client.Progress] tells.
	Cause  Cause
	Target Target

	// Resolved says that no answer told the verdict directly: an answer was lost, or
	// told less than was needed, and asking again settled it.
	Resolved bool

	// Attempts are all requests of the call, in order, but for the looks of one that
	// waits, of which only the last is there.
	Attempts []Attempt

	// LedgerErr is why the ledger could not note the outcome; nil if it could. The
	// verdict is true all the same, but a later ForceCancel may lack its evidence.
	LedgerErr error
}
