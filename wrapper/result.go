package wrapper

import (
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
