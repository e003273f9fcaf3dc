package scale

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/store"
)

// The keys are those of emulator/records.go and emulator/cluster.go.
const (
	activePrefix  = "operations/active/"
	historyPrefix = "operations/history/"
	holderPrefix  = "operations/node/"
	nodesPrefix   = "cluster/nodes/"
)

const (
	// activeShare is one active operation in so many: fewer in a million than a list is long.
	activeShare = 400
	// nodes is how many nodes the finished transitions share.
	nodes = 1000
	// planters write at once, so that their transactions share their fsyncs.
	planters = 64
)

// start is when the active operations were accepted. The finished ones are older, and
// all of them young enough to be kept.
var start = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// operation is the i-th of the operations that are planted: one in activeShare has just
// been accepted, the others have succeeded. All kinds come equally often.
type operation struct {
	i      int
	record emulator.Record
}

func newOperation(i int) operation {
	r := emulator.Record{
		ID:       idOf("operation", i),
		Rollback: emulator.NotRollingBack,
		Received: start,
		Scenario: emulator.DefaultScenario(),
	}
	r.Kind, r.Target = targetOf(i)
	if r.Target.NodeName != "" {
		r.Found.Node = emulator.Node{Name: r.Target.NodeName, InstanceID: r.Target.NodeInstanceID}
	}
	if isActive(i) {
		r.Step = emulator.StepIntentSaved
		r.Due = r.Received.Add(r.Scenario.Queue)
		return operation{i, r}
	}
	r.Received = start.Add(-time.Hour - time.Duration(i)*time.Millisecond)
	r.Step = emulator.StepCompletedSuccessfully
	r.LookedUp = true
	lasts := r.Scenario.Queue + r.Scenario.LookUp + r.Scenario.Perform
	if r.Kind == generated.OperationTypePartitionQuorumLoss {
		lasts += r.Target.Duration
	}
	r.Due = r.Received.Add(lasts)
	r.Stopped = r.Due
	return operation{i, r}
}

func isActive(i int) bool { return i%activeShare < 4 && i/activeShare%4 == i%activeShare }

// idOf is like a random UUID, so that new operations come at any place in the order of
// the keys, as they do when callers choose them.
func idOf(what string, i int) uuid.UUID {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(what), uint64(i)))
	id := uuid.UUID(sum[:16])
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id
}

func targetOf(i int) (generated.OperationType, emulator.Target) {
	partition := emulator.Target{
		ServiceName: fmt.Sprintf("fabric:/shop%03d/orders", i%200),
		PartitionID: idOf("partition", i%5000),
	}
	switch i % 4 {
	case 0:
		partition.Mode = string(generated.DataLossModeFullDataLoss)
		return generated.OperationTypePartitionDataLoss, partition
	case 1:
		partition.Mode = string(generated.QuorumLossModeQuorumReplicas)
		partition.Duration = time.Minute
		return generated.OperationTypePartitionQuorumLoss, partition
	case 2:
		partition.Mode = string(generated.RestartPartitionModeAllReplicasOrInstances)
		return generated.OperationTypePartitionRestart, partition
	default:
		name := fmt.Sprintf("node-%03d", i%nodes)
		if isActive(i) { // one transition a node
			name = fmt.Sprintf("busy-node-%06d", i)
		}
		return generated.OperationTypeNodeTransition, emulator.Target{
			NodeName:       name,
			NodeInstanceID: "131234567890123456",
			Transition:     generated.NodeTransitionTypeStop,
			Duration:       10 * time.Minute,
		}
	}
}

// writes is the operation as the emulator stores it. A node that a transition which is
// over has left is not in it: there are few nodes.
func (o operation) writes() ([]store.Write, error) {
	value, err := json.Marshal(o.record)
	if err != nil {
		return nil, err
	}
	id := o.record.ID.String()
	if !isActive(o.i) {
		return []store.Write{{Key: historyPrefix + id, Value: value}}, nil
	}
	writes := []store.Write{{Key: activePrefix + id, Value: value}}
	if node := o.record.Found.Node; node.Name != "" {
		value, err := json.Marshal(node)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256([]byte(node.Name))
		name := hex.EncodeToString(sum[:])
		writes = append(writes,
			store.Write{Key: holderPrefix + name, Value: []byte(id)},
			store.Write{Key: nodesPrefix + name, Value: value})
	}
	return writes, nil
}

// plant writes the operations from 0 up to n.
func plant(tb testing.TB, s store.Store, n int) {
	tb.Helper()
	batches := make(chan []store.Write)
	errs := make(chan error, planters)
	ctx, cancel := context.WithCancel(tb.Context())
	defer cancel()
	var group sync.WaitGroup
	for range planters {
		group.Go(func() {
			for batch := range batches {
				if _, err := s.Commit(ctx, store.Txn{Then: batch}); err != nil {
					errs <- err
					cancel()
					return
				}
			}
		})
	}
	var err error
	var batch []store.Write
	send := func(writes []store.Write) {
		select {
		case batches <- writes:
		case <-ctx.Done():
		}
	}
	for i := 0; i < n && err == nil && ctx.Err() == nil; i++ {
		var writes []store.Write
		writes, err = newOperation(i).writes()
		if len(batch)+len(writes) > store.MaxOps {
			send(batch)
			batch = nil
		}
		batch = append(batch, writes...)
	}
	if len(batch) > 0 {
		send(batch)
	}
	close(batches)
	group.Wait()
	close(errs)
	if err != nil {
		tb.Fatal(err)
	}
	if err := <-errs; err != nil {
		tb.Fatal(err)
	}
}

// anyOf chooses an operation that is active or one that is over.
func anyOf(random *rand.Rand, n int, active bool) operation {
	for {
		if i := random.IntN(n); isActive(i) == active {
			return newOperation(i)
		}
	}
}
