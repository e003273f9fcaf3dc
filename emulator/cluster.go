package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

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
