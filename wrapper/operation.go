package wrapper

import "github.com/google/uuid"

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
	State State
}
