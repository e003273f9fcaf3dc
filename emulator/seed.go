package emulator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
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

// ErrExists is the error of [Emulator.Put] for an id that is there already, or for a
// node that is in another transition.
var ErrExists = errors.New("emulator: the operation exists, or its node is in a transition")

// leastActivity is how long what a record of Put is doing lasts at least, so that it
// can be seen as it was put.
const leastActivity = time.Second

// Put writes an operation down as if it had come to this point by itself. What is
// empty gets a value: Received is now; Due is the end of what it is doing, which has
// just begun; Scenario is what [WithScenario] chooses; Found is what there is of the
// target; an operation that is over has looked up its partition, and ended now.
//
// It returns an error that is [ErrExists], an error that says what the record lacks, or
// that of the store.
func (e *Emulator) Put(ctx context.Context, r Record) error {
	if err := r.check(); err != nil {
		return within("operation "+r.ID.String(), err)
	}
	now := e.now().UTC()
	if r.Received.IsZero() {
		r.Received = now
	}
	if r.Scenario == (Scenario{}) {
		r.Scenario = e.scenario(r)
	}
	if r.Found == (Found{}) {
		var err error
		if r.Found, err = e.look(ctx, r.Kind, r.Target); err != nil {
			return err
		}
	}
	if r.Terminal() {
		r.Phase, r.LookedUp = PhaseForward, true
		if r.Stopped.IsZero() {
			r.Stopped = now
		}
		return e.exists(r.ID, e.records.archive(ctx, r))
	}
	if r.Phase == PhaseForward && r.turnsBack() {
		r.Phase = PhaseUndoing
	}
	if r.Step == StepPerformingActions {
		r.LookedUp = true
	}
	if r.Due.IsZero() {
		r.Due = now.Add(max(r.Scenario.lasts(r), leastActivity))
	}
	revision, err := e.freeNode(ctx, r.Kind, r.Target.NodeName)
	if isRefusal(err) {
		return fmt.Errorf("%w: %s", ErrExists, r.ID)
	}
	if err != nil {
		return err
	}
	return e.exists(r.ID, e.records.insert(ctx, r, revision))
}

func (e *Emulator) exists(id uuid.UUID, err error) error {
	if errors.Is(err, store.ErrConflict) {
		return fmt.Errorf("%w: %s", ErrExists, id)
	}
	return err
}

// turnsBack reports whether an engine that takes the record up begins by undoing:
// a flag is set that it heeds (runtime §5.8), and there is something to undo.
func (r Record) turnsBack() bool {
	switch r.Rollback {
	case RollingBackAndWillFail:
		return true
	case RollingBackAndWillRetry, RollingBackDueToUserCancel:
		return !deafToGraceful(r.Kind) && r.Step != StepIntentSaved
	default:
		return false
	}
}

// check says everything that is wrong with a record that comes from outside.
func (r Record) check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for _, tries := range []int{r.Failed.LookUp, r.Failed.Perform, r.Failed.Undo} {
		if tries < 0 || tries > math.MaxInt64/2 {
			wrong("%d failed tries", tries)
		}
	}
	switch r.Phase {
	case PhaseForward, PhaseUndoing, PhasePausing:
	default:
		wrong("phase %q: it must be Undoing, Pausing or empty", r.Phase)
	}
	if !isKind(r.Kind) {
		wrong("kind %q: %s", r.Kind, kindsText)
	}
	if r.Kind == generated.OperationTypeNodeTransition {
		if r.Target.NodeName == "" {
			wrong("node is missing: a node transition needs one")
		}
		if t := r.Target.Transition; t != generated.NodeTransitionTypeStart && t != generated.NodeTransitionTypeStop {
			wrong("transition %q: it must be Start or Stop", t)
		}
	}
	switch r.Step {
	case StepIntentSaved, StepLookingUpState, StepPerformingActions, StepCompletedSuccessfully, StepFailed:
	default:
		wrong("step %q: it must be IntentSaved, LookingUpState, PerformingActions, CompletedSuccessfully or Failed", r.Step)
	}
	switch r.Rollback {
	case NotRollingBack, RollingBackAndWillRetry, RollingBackAndWillFail, RollingBackDueToUserCancel, RollingBackForce:
	default:
		wrong("rollback %q: it must be NotRollingBack, RollingBackAndWillRetryAction, RollingBackAndWillFailAction, "+
			"RollingBackDueToUserCancel or RollingBackForce", r.Rollback)
	}
	if !modeFits(r.Kind, r.Target.Mode) {
		wrong("mode %q: a %s has no such mode", r.Target.Mode, r.Kind)
	}
	return errors.Join(errs...)
}

// modeFits reports whether a kind has a mode of that name. Nobody has to say one.
func modeFits(kind generated.OperationType, mode string) bool {
	switch mode {
	case "":
		return true
	case string(generated.DataLossModePartialDataLoss), string(generated.DataLossModeFullDataLoss):
		return kind == generated.OperationTypePartitionDataLoss
	case string(generated.QuorumLossModeQuorumReplicas), string(generated.QuorumLossModeQuorumLossReplicas), string(generated.QuorumLossModeAllReplicas):
		return kind == generated.OperationTypePartitionQuorumLoss
	case string(generated.RestartPartitionModeAllReplicasOrInstances), string(generated.RestartPartitionModeOnlyActiveSecondaries):
		return kind == generated.OperationTypePartitionRestart
	default:
		return false
	}
}
