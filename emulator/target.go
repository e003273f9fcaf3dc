package emulator

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
)

// Service is a service of the cluster, as far as a fault cares.
type Service struct {
	Name       string      `json:"name"` // with its fabric:/ scheme, in exact letter case
	Stateless  bool        `json:"stateless,omitempty"`
	Volatile   bool        `json:"volatile,omitempty"` // stateful, but keeps nothing on disk
	Partitions []uuid.UUID `json:"partitions,omitempty"`
}

// Node is a node of the cluster.
type Node struct {
	Name       string `json:"name"`       // in exact letter case
	InstanceID string `json:"instanceId"` // decimal; the same before and after a stop
	Down       bool   `json:"down,omitempty"`
	// Stopped says that a transition stopped it: the runtime's StoppedNodeTable.
	Stopped bool `json:"stopped,omitempty"`
	// Until is when a stopped node comes up by itself, zero for never. The table does
	// not notice; the next transition does, and repairs it.
	Until time.Time `json:"until,omitzero"`
}

// at is the node as it is at a given time.
func (n Node) at(now time.Time) Node {
	if n.Down && !n.Until.IsZero() && !now.Before(n.Until) {
		n.Down, n.Until = false, time.Time{}
	}
	return n
}

// Found is what there was of a target when its operation was accepted. The zero value
// is a service that suits every operation.
type Found struct {
	// Fault is the HRESULT with which the look-up of a service and its partition ends.
	Fault int32 `json:"fault,omitempty"`
	// Node is the node of a transition; without a name it does not exist.
	Node Node `json:"node,omitzero"`
}

// serviceFault is what is wrong with a partition kind's target (runtime §5.6), 0 if
// nothing is.
func serviceFault(services []Service, kind generated.OperationType, t Target) int32 {
	i := slices.IndexFunc(services, func(s Service) bool { return s.Name == t.ServiceName })
	if i < 0 {
		return hresultServiceDoesNotExist
	}
	s := services[i]
	switch {
	case kind == generated.OperationTypePartitionDataLoss && s.Stateless:
		return hresultInvalidForStateless
	case kind == generated.OperationTypePartitionQuorumLoss && (s.Stateless || s.Volatile):
		return hresultOnlyStatefulPersistent
	case kind == generated.OperationTypePartitionRestart && s.Stateless &&
		t.Mode == string(generated.RestartPartitionModeOnlyActiveSecondaries):
		return hresultInvalidArg
	case !slices.Contains(s.Partitions, t.PartitionID):
		return hresultPartitionNotFound
	default:
		return 0
	}
}

// onLookUp is the HRESULT with which a look-up ends that happens at a given time.
func (f Found) onLookUp(t Target, at time.Time) int32 {
	if t.NodeName == "" {
		return f.Fault
	}
	n := f.Node.at(at)
	switch {
	case n.Name == "":
		return hresultNodeNotFound
	case t.Transition == generated.NodeTransitionTypeStart && !n.Down:
		return hresultNodeIsUp
	case n.Down && !n.Stopped:
		return hresultNodeIsDown
	case t.Transition == generated.NodeTransitionTypeStop && n.Down:
		return hresultAlreadyStopped
	default:
		return 0
	}
}

// onPerform is the HRESULT with which the acting ends: the instance is compared only
// when the node is told to stop or start.
func (f Found) onPerform(t Target) int32 {
	if t.NodeName != "" && t.NodeInstanceID != f.Node.InstanceID {
		return hresultInstanceIDMismatch
	}
	return 0
}

// after is the node once a transition is over. It says false if the transition leaves
// the node as it found it.
func (r Record) after() (Node, bool) {
	n := r.Found.Node.at(r.Stopped)
	if n.Name == "" || r.Stopped.IsZero() { // forced in the queue: nobody looked
		return n, false
	}
	switch {
	case r.Step == StepCompletedSuccessfully && r.Target.Transition == generated.NodeTransitionTypeStop:
		n.Down, n.Stopped, n.Until = true, true, r.Stopped.Add(r.Target.Duration)
	case r.Step == StepCompletedSuccessfully:
		n.Down, n.Stopped, n.Until = false, false, time.Time{}
	case !n.Down: // it came up by itself, and the look-up put the table right
		n.Stopped = false
	}
	return n, n != r.Found.Node
}
