package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/store"
)

// Cluster is what exists to be faulted.
type Cluster struct {
	Services []Service
	Nodes    []Node
}

const (
	servicesKey = "cluster/services"
	nodesPrefix = "cluster/nodes/"
)

func nodeKey(name string) string { return nodesPrefix + hashed(name) }

func nodeWrite(n Node) (store.Write, error) {
	value, err := json.Marshal(n)
	return store.Write{Key: nodeKey(n.Name), Value: value}, err
}

// SetCluster says which services and nodes exist, and that no others do. It is kept in
// the store and takes the place of what was said before. Until it is called everything
// exists: each service is stateful and persisted and has any partition, and each node is
// up, with the instance id that the first transition of it names.
//
// Operations that were accepted before go on with what they found, and leave nothing of
// it. It is not one transaction: an emulator that serves meanwhile may see a part of it.
// An error that is not the store's says what is wrong with c; nothing has changed then.
func (e *Emulator) SetCluster(ctx context.Context, c Cluster) error { return e.setCluster(ctx, c) }

// setCluster is SetCluster on conditions, which hold for each of its transactions.
func (e *Emulator) setCluster(ctx context.Context, c Cluster, conditions ...store.Condition) error {
	writes, err := c.writes()
	if err != nil {
		return err
	}
	gone, err := e.records.nodes(ctx)
	if err != nil {
		return err
	}
	for _, w := range writes {
		delete(gone, w.Key)
	}
	for key := range gone {
		writes = append(writes, store.Write{Key: key, Delete: true})
	}
	for len(writes) > 0 {
		n := min(len(writes), store.MaxOps)
		if _, err := e.records.st.Commit(ctx, store.Txn{If: conditions, Then: writes[:n]}); err != nil {
			return err
		}
		writes = writes[n:]
	}
	return nil
}

// writes is the cluster as it is stored.
func (c Cluster) writes() ([]store.Write, error) {
	services := c.Services
	if services == nil {
		services = []Service{} // none, which is not the same as any
	}
	value, err := json.Marshal(services)
	if err != nil {
		return nil, err
	}
	if len(value) > store.MaxValue {
		return nil, fmt.Errorf("emulator: the services and their partitions take %d bytes, and %d are the most", len(value), store.MaxValue)
	}
	writes := []store.Write{{Key: servicesKey, Value: value}}
	for i, n := range c.Nodes {
		switch {
		case n.Name == "" || n.InstanceID == "":
			return nil, fmt.Errorf("emulator: node %d, %q: it needs a name and an instance id", i, n.Name)
		case slices.ContainsFunc(c.Nodes[:i], func(other Node) bool { return other.Name == n.Name }):
			return nil, fmt.Errorf("emulator: node %q is there twice", n.Name)
		}
		w, err := nodeWrite(n)
		if err != nil {
			return nil, err
		}
		writes = append(writes, w)
	}
	return writes, nil
}

// Node returns a node as it is now. A node that nothing is known of is one that exists
// and is up, or, after [Emulator.SetCluster], none: false.
func (e *Emulator) Node(ctx context.Context, name string) (Node, bool, error) {
	// What a transition that is over has left of the node may not be written down yet.
	if _, err := e.freeNode(ctx, generated.OperationTypeNodeTransition, name); err != nil && !isRefusal(err) {
		return Node{}, false, err
	}
	found, err := e.look(ctx, generated.OperationTypeNodeTransition, Target{NodeName: name})
	return found.Node.at(e.now()), found.Node.Name != "", err
}

// look is what there is of a target now.
func (e *Emulator) look(ctx context.Context, kind generated.OperationType, t Target) (Found, error) {
	services, closed, err := e.records.services(ctx)
	if err != nil {
		return Found{}, err
	}
	if kind != generated.OperationTypeNodeTransition {
		if !closed {
			return Found{}, nil
		}
		return Found{Fault: serviceFault(services, kind, t)}, nil
	}
	node, _, err := e.records.node(ctx, t.NodeName)
	if errors.Is(err, store.ErrNotFound) {
		if closed {
			return Found{}, nil
		}
		return Found{Node: Node{Name: t.NodeName, InstanceID: t.NodeInstanceID}}, nil
	}
	return Found{Node: node}, err
}

// services is the services that exist, and whether that was ever said.
func (rs records) services(ctx context.Context) ([]Service, bool, error) {
	item, err := rs.st.Get(ctx, servicesKey)
	if errors.Is(err, store.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	var services []Service
	if err := json.Unmarshal(item.Value, &services); err != nil {
		return nil, false, fmt.Errorf("record %s: %w", servicesKey, err)
	}
	return services, true, nil
}

// node is a node as it is stored, and the revision of that.
func (rs records) node(ctx context.Context, name string) (Node, store.Revision, error) {
	item, err := rs.st.Get(ctx, nodeKey(name))
	if err != nil {
		return Node{}, 0, err
	}
	var n Node
	if err := json.Unmarshal(item.Value, &n); err != nil {
		return Node{}, 0, fmt.Errorf("record %s: %w", item.Key, err)
	}
	return n, item.Revision, nil
}

// leave adds to a transaction what a transition leaves of its node, unless the node was
// described anew, or taken away, since the transition was accepted.
func (rs records) leave(ctx context.Context, r Record, txn *store.Txn) error {
	after, changed := r.after()
	if !changed {
		return nil
	}
	before, revision, err := rs.node(ctx, r.Target.NodeName)
	if errors.Is(err, store.ErrNotFound) || err == nil && before != r.Found.Node {
		return nil
	}
	if err != nil {
		return err
	}
	write, err := nodeWrite(after)
	if err != nil {
		return err
	}
	txn.If = append(txn.If, store.Condition{Key: write.Key, Revision: revision})
	txn.Then = append(txn.Then, write)
	return nil
}

// nodes is the set of keys of the nodes that are known.
func (rs records) nodes(ctx context.Context) (map[string]bool, error) {
	keys := make(map[string]bool)
	for after := ""; ; {
		page, err := rs.st.List(ctx, nodesPrefix, after, pageSize)
		if err != nil {
			return nil, err
		}
		for _, item := range page.Items {
			keys[item.Key] = true
			after = item.Key
		}
		if len(page.Items) < pageSize {
			return keys, nil
		}
	}
}

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
