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

// Record is everything the engine knows of one operation. It is stored as JSON.
// The zero value is not a valid record.
type Record struct {
	ID       uuid.UUID               `json:"id"`
	Kind     generated.OperationType `json:"kind"`
	Step     Step                    `json:"step"`
	Rollback Rollback                `json:"rollback"`

	// ErrorCode is the HRESULT that ended, or is ending, the operation; 0 for none.
	ErrorCode int32 `json:"errorCode"`

	// Undoing says that Step is being cleaned up rather than carried out.
	Undoing bool `json:"undoing,omitempty"`

	// Due is when what is going on now ends. It means nothing once the record is terminal.
	Due time.Time `json:"due"`

	Received time.Time `json:"received"`
	Stopped  time.Time `json:"stopped,omitzero"` // when it became terminal

	// Target is what the operation works on, as the request named it.
	Target Target `json:"target"`
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
func (r Record) Terminal() bool {
	return r.Step == StepCompletedSuccessfully || r.Step == StepFailed
}
