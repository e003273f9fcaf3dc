package emulator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/store"
)

// Seed is a situation to begin with. [ParseSeed] reads one; a literal works as well.
type Seed struct {
	Cluster    Cluster
	Operations []SeedOperation

	// What follows is not planted: it is for who makes the server.

	Availability   Availability // empty is [Ready]
	RuntimeVersion string       // MAJOR.MINOR; empty leaves it to the server
	ClusterID      string       // what a ClusterId header has to name; empty asks for none
	Settings       Settings
	Security       SeedSecurity

	digest string
}

// SeedOperation is an operation of a [Seed].
type SeedOperation struct {
	Record
	// Age is how long ago it ended, for one that is over and has no Stopped.
	Age time.Duration
}

// SeedSecurity is what a seed says of the server's security; no mode is None.
type SeedSecurity struct {
	Mode  string // None, X509, AAD or Windows
	Roles bool   // whether roles are told apart
}

// ErrPlanted is the error of [Emulator.Plant] for a store that has something else in it.
var ErrPlanted = errors.New("emulator: the store holds something else already; a seed needs an empty one")

const seedKey = "cluster/seed"

// planted is the mark that a seed leaves in the store.
type planted struct {
	Digest string `json:"digest"`
	Done   bool   `json:"done"`
}

// Plant puts the cluster and the operations of a seed into an empty store. The same
// seed again changes nothing, so that a server may be started again with the same
// command line; if it was interrupted, planting goes on where it was. Any other store
// that is not empty is [ErrPlanted], and stays as it is.
func (e *Emulator) Plant(ctx context.Context, s Seed) error {
	mark := planted{Digest: s.digest}
	item, err := e.records.st.Get(ctx, seedKey)
	switch {
	case errors.Is(err, store.ErrNotFound):
		if items, err := e.records.st.List(ctx, activePrefix[:len("operations/")], "", 1); err != nil || len(items) > 0 {
			return errors.Join(err, ErrPlanted)
		}
		if err := e.leaveMark(ctx, mark); err != nil {
			return err
		}
	case err != nil:
		return err
	default:
		var before planted
		if err := json.Unmarshal(item.Value, &before); err != nil {
			return fmt.Errorf("record %s: %w", seedKey, err)
		}
		if before.Digest != mark.Digest {
			return ErrPlanted
		}
		if before.Done {
			return nil
		}
	}
	if err := e.SetCluster(ctx, s.Cluster); err != nil {
		return err
	}
	for _, op := range s.Operations {
		if op.Terminal() && op.Stopped.IsZero() {
			op.Stopped = e.now().UTC().Add(-op.Age)
		}
		if err := e.Put(ctx, op.Record); err != nil && (!errors.Is(err, ErrExists) || mark.Digest == "") {
			return err
		}
	}
	mark.Done = true
	return e.leaveMark(ctx, mark)
}

func (e *Emulator) leaveMark(ctx context.Context, mark planted) error {
	value, err := json.Marshal(mark)
	if err != nil {
		return err
	}
	_, err = e.records.st.Commit(ctx, store.Txn{Then: []store.Write{{Key: seedKey, Value: value}}})
	return err
}

// DefaultCluster is the cluster of a seed that does not describe one: the service
// fabric:/app/svc, stateful and persisted, with one partition, and the node _Node_0,
// instance 5, up.
func DefaultCluster() Cluster {
	return Cluster{
		Services: []Service{{Name: defaultService, Partitions: []uuid.UUID{uuid.MustParse(defaultPartition)}}},
		Nodes:    []Node{{Name: defaultNode, InstanceID: defaultInstance}},
	}
}

const (
	defaultService   = "fabric:/app/svc"
	defaultPartition = "1daae3f5-7fd6-42e9-b1ba-8c05f873994d"
	defaultNode      = "_Node_0"
	defaultInstance  = "5"
)

func digestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// defaultTarget is what an operation of a seed works on that does not say it.
func defaultTarget(kind generated.OperationType) Target {
	if kind == generated.OperationTypeNodeTransition {
		return Target{
			NodeName: defaultNode, NodeInstanceID: defaultInstance,
			Transition: generated.NodeTransitionTypeStop, Duration: minStopDocumented,
		}
	}
	return Target{ServiceName: defaultService, PartitionID: uuid.MustParse(defaultPartition)}
}
