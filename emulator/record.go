package emulator

import (
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
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
