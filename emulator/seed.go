package emulator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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
var ErrPlanted = errors.New("emulator: the store holds something else already, and a seed needs an empty one")

const seedKey = "cluster/seed"

// planted is the mark that a seed leaves in the store.
type planted struct {
	Digest string `json:"digest"`
	Done   bool   `json:"done"`
}

// Plant puts the cluster and the operations of a seed into an empty store; a clock that
// [StartClock] left there does not count. The same seed again changes nothing, so that a
// server may be started again with the same command line; if it was interrupted,
// planting goes on where it was. Any other store is [ErrPlanted], and stays as it is.
// An error about the seed itself comes before anything is planted.
func (e *Emulator) Plant(ctx context.Context, s Seed) error {
	if _, err := s.Cluster.writes(); err != nil {
		return err
	}
	if err := s.contradictions(); err != nil {
		return fmt.Errorf("emulator: %w", err)
	}
	for _, op := range s.Operations {
		if err := op.check(); err != nil {
			return within("operation "+op.ID.String(), err)
		}
	}
	if s.digest == "" {
		text, err := json.Marshal([]any{s.Cluster, s.Operations})
		if err != nil {
			return err
		}
		s.digest = digestOf(text)
	}
	revision, done, err := e.beginPlanting(ctx, s.digest)
	if err != nil || done {
		return err
	}
	// Another server that is done planting serves already, and what has become of the nodes
	// since is not to be overwritten.
	err = e.setCluster(ctx, s.Cluster, store.Condition{Key: seedKey, Revision: revision})
	if errors.Is(err, store.ErrConflict) {
		_, _, err = e.beginPlanting(ctx, s.digest)
		return err
	}
	if err != nil {
		return err
	}
	for _, op := range s.Operations {
		if op.Terminal() && op.Stopped.IsZero() {
			op.Stopped = e.now().UTC().Add(-op.Age)
		}
		if err := e.Put(ctx, op.Record); err != nil && !errors.Is(err, ErrExists) {
			return err // what exists was planted before an interruption
		}
	}
	_, err = e.leaveMark(ctx, planted{s.digest, true}, revision)
	if errors.Is(err, store.ErrConflict) { // another server was planting the same
		_, _, err = e.beginPlanting(ctx, s.digest)
	}
	return err
}

// beginPlanting leaves the mark of a seed in a store that is empty or has it already. It
// reports the revision of the mark, and whether there is nothing left to plant.
func (e *Emulator) beginPlanting(ctx context.Context, digest string) (store.Revision, bool, error) {
	for {
		item, err := e.records.st.Get(ctx, seedKey)
		if err == nil {
			var before planted
			if err := json.Unmarshal(item.Value, &before); err != nil {
				return 0, false, fmt.Errorf("record %s: %w", seedKey, err)
			}
			if before.Digest != digest {
				return 0, false, ErrPlanted
			}
			return item.Revision, before.Done, nil
		}
		if !errors.Is(err, store.ErrNotFound) {
			return 0, false, err
		}
		page, err := e.records.st.List(ctx, "", "", 2)
		if err != nil {
			return 0, false, err
		}
		if slices.ContainsFunc(page.Items, func(i store.Item) bool { return i.Key != clockKey }) {
			return 0, false, ErrPlanted
		}
		revision, err := e.leaveMark(ctx, planted{Digest: digest}, 0)
		if !errors.Is(err, store.ErrConflict) {
			return revision, false, err
		}
	}
}

func (e *Emulator) leaveMark(ctx context.Context, mark planted, revision store.Revision) (store.Revision, error) {
	value, err := json.Marshal(mark)
	if err != nil {
		return 0, err
	}
	return e.records.st.Commit(ctx, store.Txn{
		If:   []store.Condition{{Key: seedKey, Revision: revision}},
		Then: []store.Write{{Key: seedKey, Value: value}},
	})
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
