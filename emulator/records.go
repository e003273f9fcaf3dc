package emulator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/store"
)

// Step is how far an operation has come: the top of the runtime's step stack.
type Step string

// The steps, in order. The last two are terminal.
const (
	StepIntentSaved           Step = "IntentSaved" // accepted, waiting for its turn
	StepLookingUpState        Step = "LookingUpState"
	StepPerformingActions     Step = "PerformingActions" // the last step: it is never undone once it has succeeded
	StepCompletedSuccessfully Step = "CompletedSuccessfully"
	StepFailed                Step = "Failed"
)

// Rollback is the flag that a cancel or a failure sets on an operation. "A
// graceful cancel came first" is nothing but this flag, and it is durable.
type Rollback string

// The flags.
const (
	NotRollingBack             Rollback = "NotRollingBack"
	RollingBackAndWillRetry    Rollback = "RollingBackAndWillRetryAction" // a retryable failure; still shown as Running
	RollingBackAndWillFail     Rollback = "RollingBackAndWillFailAction"  // a fatal failure; nobody asked for a cancel
	RollingBackDueToUserCancel Rollback = "RollingBackDueToUserCancel"    // a graceful cancel
	RollingBackForce           Rollback = "RollingBackForce"              // a force cancel
)

// Phase is what is being done about the step on top.
type Phase string

// The phases. A terminal record is in the first one.
const (
	PhaseForward Phase = ""        // it is carried out
	PhaseUndoing Phase = "Undoing" // it is cleaned up
	PhasePausing Phase = "Pausing" // everything was undone, and it waits to be carried out again
)

// Record is everything the engine knows of one operation. It is stored as JSON. Fill
// in [Record.ID], [Record.Kind], [Record.Step] and [Record.Rollback] of one that goes
// to [Emulator.Put]; the zero value is not a valid record.
type Record struct {
	ID       uuid.UUID               `json:"id"`
	Kind     generated.OperationType `json:"kind"`
	Step     Step                    `json:"step"`
	Phase    Phase                   `json:"phase,omitempty"`
	Rollback Rollback                `json:"rollback"`

	// Backoff says that a try of what is being done has failed, and the next is waited for.
	Backoff bool `json:"backoff,omitempty"`

	// ErrorCode is the HRESULT that ended, or is ending, the operation; 0 for none.
	ErrorCode int32 `json:"errorCode"`

	// Due is when what is going on now ends. It means nothing once the record is terminal.
	Due time.Time `json:"due"`

	Received time.Time `json:"received"`

	// Stopped is when a step last succeeded or the operation ended. It is zero for one
	// that was forced in the queue, as in the runtime (§5.8).
	Stopped time.Time `json:"stopped,omitzero"`

	// Target is what the operation works on, as the request named it.
	Target Target `json:"target"`

	// Found is what there was of the target when the operation was accepted. Nothing
	// changes it meanwhile: only the one transition of a node changes the node.
	Found Found `json:"found,omitzero"`

	// LookedUp says that the look-up has succeeded: from then on the partition is known.
	LookedUp bool `json:"lookedUp,omitempty"`

	// Failed counts the tries that failed so far.
	Failed Failed `json:"failed,omitzero"`

	// Scenario is how it goes.
	Scenario Scenario `json:"scenario,omitzero"`
}

// Failed counts failed tries of each sort, over all rounds of an operation.
type Failed struct {
	LookUp  int `json:"lookUp,omitempty"`
	Perform int `json:"perform,omitempty"`
	Undo    int `json:"undo,omitempty"`
}

// Target is what an operation works on. The fields that the kind does not use are zero.
type Target struct {
	ServiceName string    `json:"serviceName,omitempty"` // with its fabric:/ scheme
	PartitionID uuid.UUID `json:"partitionId,omitzero"`
	Mode        string    `json:"mode,omitempty"` // data loss, quorum loss or restart mode

	NodeName       string                       `json:"nodeName,omitempty"`
	NodeInstanceID string                       `json:"nodeInstanceId,omitempty"` // decimal
	Transition     generated.NodeTransitionType `json:"transition,omitempty"`

	// Duration is how long a quorum loss lasts, or how long a node stays stopped.
	Duration time.Duration `json:"duration,omitempty"`
}

// State is what every caller sees of a record: a function of its step and its
// flag (runtime §5.1).
func (r Record) State() generated.OperationState {
	byForce, byUser := r.Rollback == RollingBackForce, r.Rollback == RollingBackDueToUserCancel
	switch {
	case byForce && r.Terminal():
		return generated.OperationStateForceCancelled
	case byUser && r.Terminal():
		return generated.OperationStateCancelled
	case r.Step == StepCompletedSuccessfully:
		return generated.OperationStateCompleted
	case r.Step == StepFailed:
		return generated.OperationStateFaulted
	case byForce, byUser, r.Rollback == RollingBackAndWillFail:
		return generated.OperationStateRollingBack
	default:
		return generated.OperationStateRunning
	}
}

// Terminal reports whether the operation is over.
func (r Record) Terminal() bool { return r.Step.terminal() }

func (s Step) terminal() bool { return s == StepCompletedSuccessfully || s == StepFailed }

// The runtime keeps active and finished operations in two tables, and looks up a
// Cancel in the first one only. A node in transition has a key of its own, so that
// "one transition a node" is a condition of the transaction that starts one.
const (
	allOperations = "operations/"
	activePrefix  = "operations/active/"
	historyPrefix = "operations/history/"
	holderPrefix  = "operations/node/"
	pageSize      = 500
)

func activeKey(id uuid.UUID) string  { return activePrefix + id.String() }
func historyKey(id uuid.UUID) string { return historyPrefix + id.String() }

func holderKey(name string) string { return holderPrefix + hashed(name) }

// hashed makes a piece of a key from a name that may be longer than a key. Names
// differ by case.
func hashed(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}

// records reads and writes records in a store.
type records struct{ st store.Store }

// written is a record as it is kept.
type written struct {
	Record
	// Quiet says of the write that it was no transition, so that whoever sees a single
	// write knows. A record of an older version does not say; all of those count.
	Quiet bool `json:"quiet,omitempty"`
}

// stored is a record as it was last written down.
type stored struct {
	written
	key      string
	revision store.Revision
}

// find looks in both tables. The active one comes first: a record only ever moves
// from there to the history, in one transaction, so it cannot slip through.
func (rs records) find(ctx context.Context, id uuid.UUID) (stored, error) {
	s, err := rs.get(ctx, activeKey(id))
	if errors.Is(err, store.ErrNotFound) {
		return rs.get(ctx, historyKey(id))
	}
	return s, err
}

func (rs records) get(ctx context.Context, key string) (stored, error) {
	item, err := rs.st.Get(ctx, key)
	if err != nil {
		return stored{}, err
	}
	return decode(item)
}

// all yields every record under a prefix, page by page. A record that cannot be read is
// yielded as an error, and who goes on gets the next one.
func (rs records) all(ctx context.Context, prefix string) iter.Seq2[stored, error] {
	return func(yield func(stored, error) bool) {
		for after := ""; ; {
			page, err := rs.st.List(ctx, prefix, after, pageSize)
			if err != nil {
				yield(stored{}, err)
				return
			}
			for _, item := range page.Items {
				if !yield(decode(item)) {
					return
				}
				after = item.Key
			}
			if len(page.Items) < pageSize {
				return
			}
		}
	}
}

// replace writes r over what was read as old, and returns it as it is stored then.
func (rs records) replace(ctx context.Context, old stored, r Record) (stored, error) {
	after, txn, err := rs.replacement(ctx, old, r)
	if err != nil {
		return stored{}, err
	}
	if after.revision, err = rs.st.Commit(ctx, txn); err != nil {
		return stored{}, err
	}
	return after, nil
}

// replacement is the transaction that writes r over what was read as old, and r as it is stored
// then, but for its revision. If r is over, it moves to the history and its node is free again,
// all in the same transaction.
func (rs records) replacement(ctx context.Context, old stored, r Record) (after stored, txn store.Txn, err error) {
	after = stored{written: written{Record: r, Quiet: r.stage() == old.stage()}, key: old.key}
	value, err := json.Marshal(after.written)
	if err != nil {
		return stored{}, store.Txn{}, err
	}
	txn.If = []store.Condition{{Key: old.key, Revision: old.revision}}
	if !r.Terminal() {
		txn.Then = []store.Write{{Key: old.key, Value: value}}
		return after, txn, nil
	}
	after.key = historyKey(r.ID)
	txn.Then = []store.Write{{Key: old.key, Delete: true}, {Key: after.key, Value: value}}
	if err := rs.release(ctx, r, &txn); err != nil {
		return stored{}, store.Txn{}, err
	}
	return after, txn, nil
}

// release adds to the transaction that ends r that its node is free, and what it leaves of it.
func (rs records) release(ctx context.Context, r Record, txn *store.Txn) error {
	if r.Kind != generated.OperationTypeNodeTransition {
		return nil
	}
	holder, revision, err := rs.nodeHolder(ctx, r.Target.NodeName)
	if err != nil || holder != r.ID {
		return err
	}
	key := holderKey(r.Target.NodeName)
	txn.If = append(txn.If, store.Condition{Key: key, Revision: revision})
	txn.Then = append(txn.Then, store.Write{Key: key, Delete: true})
	return rs.leave(ctx, r, txn)
}

// nodeHolder is the operation that holds the node, and the revision of the key that
// says so: the zero id and 0 if none does.
func (rs records) nodeHolder(ctx context.Context, name string) (uuid.UUID, store.Revision, error) {
	item, err := rs.st.Get(ctx, holderKey(name))
	if errors.Is(err, store.ErrNotFound) {
		return uuid.UUID{}, 0, nil
	}
	if err != nil {
		return uuid.UUID{}, 0, err
	}
	id, err := uuid.ParseBytes(item.Value)
	if err != nil {
		return uuid.UUID{}, 0, fmt.Errorf("record %s: %w", item.Key, err)
	}
	return id, item.Revision, nil
}

// insert writes a new record, on condition that its id is in neither table and, for a
// node transition, that the node's key still has the revision that was judged. A node
// that nothing was known of is written down as it was found.
func (rs records) insert(ctx context.Context, r Record, nodeRevision store.Revision) error {
	value, err := json.Marshal(written{Record: r})
	if err != nil {
		return err
	}
	txn := store.Txn{
		If:   []store.Condition{{Key: activeKey(r.ID)}, {Key: historyKey(r.ID)}},
		Then: []store.Write{{Key: activeKey(r.ID), Value: value}},
	}
	if r.Kind == generated.OperationTypeNodeTransition {
		key := holderKey(r.Target.NodeName)
		txn.If = append(txn.If, store.Condition{Key: key, Revision: nodeRevision})
		txn.Then = append(txn.Then, store.Write{Key: key, Value: []byte(r.ID.String())})
		_, _, err := rs.node(ctx, r.Target.NodeName)
		if errors.Is(err, store.ErrNotFound) && r.Found.Node.Name != "" {
			write, err := nodeWrite(r.Found.Node)
			if err != nil {
				return err
			}
			txn.If = append(txn.If, store.Condition{Key: write.Key})
			txn.Then = append(txn.Then, write)
		} else if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	_, err = rs.st.Commit(ctx, txn)
	return err
}

// archive writes a record that is over, on condition that its id is in neither table.
func (rs records) archive(ctx context.Context, r Record) error {
	value, err := json.Marshal(written{Record: r})
	if err != nil {
		return err
	}
	_, err = rs.st.Commit(ctx, store.Txn{
		If:   []store.Condition{{Key: activeKey(r.ID)}, {Key: historyKey(r.ID)}},
		Then: []store.Write{{Key: historyKey(r.ID), Value: value}},
	})
	return err
}

func decode(item store.Item) (stored, error) {
	s := stored{key: item.Key, revision: item.Revision}
	err := json.Unmarshal(item.Value, &s.written)
	if err == nil {
		err = s.check()
	}
	if key := s.key[strings.LastIndex(s.key, "/")+1:]; err == nil && key != s.ID.String() {
		err = fmt.Errorf("it has the id %s", s.ID)
	}
	if err != nil {
		return stored{}, fmt.Errorf("record %s: %w", item.Key, err)
	}
	return s, nil
}

// CheckItem says what keeps an emulator from reading an item of its store: any call that needs the
// item fails until it is set right, or removed. It is nil for a sound item, and for one with a key
// that no emulator writes, which none reads.
func CheckItem(item store.Item) error {
	var err error
	switch {
	case strings.HasPrefix(item.Key, activePrefix), strings.HasPrefix(item.Key, historyPrefix):
		var s stored
		if s, err = decode(item); err == nil && s.Terminal() != strings.HasPrefix(item.Key, historyPrefix) {
			err = fmt.Errorf("record %s: it is of the other table", item.Key)
		}
		return err
	case strings.HasPrefix(item.Key, holderPrefix):
		_, err = uuid.ParseBytes(item.Value)
	case strings.HasPrefix(item.Key, nodesPrefix):
		var n Node
		if err = json.Unmarshal(item.Value, &n); err == nil && nodeKey(n.Name) != item.Key {
			err = fmt.Errorf("it is of the node %q", n.Name)
		}
	case item.Key == servicesKey:
		err = json.Unmarshal(item.Value, new([]Service))
	case item.Key == seedKey:
		err = json.Unmarshal(item.Value, new(planted))
	case item.Key == clockKey:
		_, err = readAnchor(item)
		return err
	}
	if err != nil {
		return fmt.Errorf("record %s: %w", item.Key, err)
	}
	return nil
}
