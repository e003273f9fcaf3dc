package emulator

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store"
)

// CancelOperation implements [generated.StrictServerInterface].
func (e *Emulator) CancelOperation(ctx context.Context, request generated.CancelOperationRequestObject) (generated.CancelOperationResponseObject, error) {
	if err := e.cancelOperation(ctx, request.Params.OperationID, request.Params.Force); err != nil {
		return nil, answered(err)
	}
	return generated.CancelOperation200Response{}, nil
}

// GetFaultOperationList implements [generated.StrictServerInterface]. The answer is a [List].
func (e *Emulator) GetFaultOperationList(ctx context.Context, request generated.GetFaultOperationListRequestObject) (generated.GetFaultOperationListResponseObject, error) {
	list := e.list
	if e.sharing != nil {
		list = e.sharing.list
	}
	listed, err := list(ctx, request.Params.TypeFilter, request.Params.StateFilter)
	if err != nil {
		return nil, answered(err)
	}
	return listed, nil
}

// StartDataLoss implements [generated.StrictServerInterface].
func (e *Emulator) StartDataLoss(ctx context.Context, request generated.StartDataLossRequestObject) (generated.StartDataLossResponseObject, error) {
	target := partitionTarget(request.ServiceID, request.PartitionID)
	target.Mode = string(request.Params.DataLossMode)
	if err := e.start(ctx, request.Params.OperationID, generated.OperationTypePartitionDataLoss, target); err != nil {
		return nil, answered(err)
	}
	return generated.StartDataLoss202Response{}, nil
}

// StartQuorumLoss implements [generated.StrictServerInterface].
func (e *Emulator) StartQuorumLoss(ctx context.Context, request generated.StartQuorumLossRequestObject) (generated.StartQuorumLossResponseObject, error) {
	target := partitionTarget(request.ServiceID, request.PartitionID)
	target.Mode = string(request.Params.QuorumLossMode)
	target.Duration = time.Duration(request.Params.QuorumLossDuration) * time.Second
	if err := e.start(ctx, request.Params.OperationID, generated.OperationTypePartitionQuorumLoss, target); err != nil {
		return nil, answered(err)
	}
	return generated.StartQuorumLoss202Response{}, nil
}

// StartPartitionRestart implements [generated.StrictServerInterface].
func (e *Emulator) StartPartitionRestart(ctx context.Context, request generated.StartPartitionRestartRequestObject) (generated.StartPartitionRestartResponseObject, error) {
	target := partitionTarget(request.ServiceID, request.PartitionID)
	target.Mode = string(request.Params.RestartPartitionMode)
	if err := e.start(ctx, request.Params.OperationID, generated.OperationTypePartitionRestart, target); err != nil {
		return nil, answered(err)
	}
	return generated.StartPartitionRestart202Response{}, nil
}

// StartNodeTransition implements [generated.StrictServerInterface].
func (e *Emulator) StartNodeTransition(ctx context.Context, request generated.StartNodeTransitionRequestObject) (generated.StartNodeTransitionResponseObject, error) {
	target := Target{
		NodeName:       request.NodeName,
		NodeInstanceID: request.Params.NodeInstanceID,
		Transition:     request.Params.NodeTransitionType,
	}
	if target.Transition == generated.NodeTransitionTypeStop {
		target.Duration = time.Duration(request.Params.StopDurationInSeconds) * time.Second
	}
	if err := e.start(ctx, request.Params.OperationID, generated.OperationTypeNodeTransition, target); err != nil {
		return nil, answered(err)
	}
	return generated.StartNodeTransition202Response{}, nil
}

// partitionTarget undoes what callers do to a service name to put it into a path:
// the scheme left out, and ~ instead of / (runtime §1.4).
func partitionTarget(serviceID string, partitionID uuid.UUID) Target {
	return Target{
		ServiceName: "fabric:/" + strings.ReplaceAll(serviceID, "~", "/"),
		PartitionID: partitionID,
	}
}

// answered is what a caller is told instead of a failure of the store: what a cluster says
// when the same happens to the fault service's own state (runtime §4.2, §4.3). The failure
// itself stays behind it, for the log. Refusals, the end of a context and all other
// failures stay as they are.
//
// The call has not happened after FABRIC_E_NO_WRITE_QUORUM. After the others it may have: a
// store that closes itself does not know either.
func answered(err error) error {
	over := errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	switch {
	case err == nil || isRefusal(err):
		return err
	case errors.Is(err, store.ErrOutcomeUnknown): // also with the context's error next to it
		return server.NewError(generated.ErrorCodeTimeout, "").Wrap(err)
	case over:
		return err
	case errors.Is(err, store.ErrUnavailable):
		return server.NewError(generated.ErrorCodeNoWriteQuorum, "The fault service cannot reach its state.").Wrap(err)
	case errors.Is(err, store.ErrClosed): // as a replica that is no primary any more
		return server.NewError(generated.ErrorCodeAbort, "This replica of the fault service is going away.").Wrap(err)
	case errors.Is(err, errCrowded):
		return server.NewError(generated.ErrorCodeAbort, "Too many others are changing the same at this moment.").Wrap(err)
	default:
		return err
	}
}

// cancel judges one Cancel call against a record (runtime §5.2) and
// returns the record as it has to be stored. It is pure, and an error means that
// nothing changes.
//
// An id that is unknown never gets here; it is answered like a terminal one,
// because the runtime looks at active operations only.
func cancel(r Record, force bool, profile server.Profile) (Record, error) {
	if r.Terminal() {
		return r, errNotActive()
	}
	if !force {
		if r.Rollback == RollingBackForce {
			return r, errNotNow("The operation is being force-cancelled; it cannot go back to a graceful cancel.")
		}
		r.Rollback = RollingBackDueToUserCancel
		return r, nil
	}
	if r.Rollback != RollingBackDueToUserCancel && !documentsAllowForce(r, profile) {
		if r.Rollback == RollingBackForce {
			return r, errNotNow("The operation was forced before, and a force is accepted once.")
		}
		return r, errNotNow("A force cancel needs a graceful cancel first.")
	}
	r.Rollback = RollingBackForce
	return r, nil
}

// documentsAllowForce is the sentence of both documents that the runtime does not
// honour: force is allowed "unless" no graceful call came first, or the operation
// is RollingBack already, whoever made it so.
func documentsAllowForce(r Record, profile server.Profile) bool {
	return profile == server.Documented && r.State() == generated.OperationStateRollingBack
}

func errNotActive() error {
	return server.NewError(generated.ErrorCodeKeyNotFound, "No active operation has this id.")
}

func errNotNow(message string) error {
	return server.NewError(generated.ErrorCodeInvalidTestCommandState, message)
}

// GetDataLossProgress implements [generated.StrictServerInterface]. Only the
// operation id matters to any of the four: the service, partition or node in the
// path is not compared with the operation (runtime §1.4).
func (e *Emulator) GetDataLossProgress(ctx context.Context, request generated.GetDataLossProgressRequestObject) (generated.GetDataLossProgressResponseObject, error) {
	r, err := e.progress(ctx, request.Params.OperationID, generated.OperationTypePartitionDataLoss)
	if err != nil {
		return nil, answered(err)
	}
	answer := generated.GetDataLossProgress200JSONResponse{State: r.State()}
	if hasResult(r) {
		answer.InvokeDataLossResult = &generated.InvokeDataLossResult{ErrorCode: r.ErrorCode, SelectedPartition: selected(r)}
	}
	return answer, nil
}

// GetQuorumLossProgress implements [generated.StrictServerInterface].
func (e *Emulator) GetQuorumLossProgress(ctx context.Context, request generated.GetQuorumLossProgressRequestObject) (generated.GetQuorumLossProgressResponseObject, error) {
	r, err := e.progress(ctx, request.Params.OperationID, generated.OperationTypePartitionQuorumLoss)
	if err != nil {
		return nil, answered(err)
	}
	answer := generated.GetQuorumLossProgress200JSONResponse{State: r.State()}
	if hasResult(r) {
		answer.InvokeQuorumLossResult = &generated.InvokeQuorumLossResult{ErrorCode: r.ErrorCode, SelectedPartition: selected(r)}
	}
	return answer, nil
}

// GetPartitionRestartProgress implements [generated.StrictServerInterface].
func (e *Emulator) GetPartitionRestartProgress(ctx context.Context, request generated.GetPartitionRestartProgressRequestObject) (generated.GetPartitionRestartProgressResponseObject, error) {
	r, err := e.progress(ctx, request.Params.OperationID, generated.OperationTypePartitionRestart)
	if err != nil {
		return nil, answered(err)
	}
	answer := generated.GetPartitionRestartProgress200JSONResponse{State: r.State()}
	if hasResult(r) {
		answer.RestartPartitionResult = &generated.RestartPartitionResult{ErrorCode: r.ErrorCode, SelectedPartition: selected(r)}
	}
	return answer, nil
}

// GetNodeTransitionProgress implements [generated.StrictServerInterface].
func (e *Emulator) GetNodeTransitionProgress(ctx context.Context, request generated.GetNodeTransitionProgressRequestObject) (generated.GetNodeTransitionProgressResponseObject, error) {
	r, err := e.progress(ctx, request.Params.OperationID, generated.OperationTypeNodeTransition)
	if err != nil {
		return nil, answered(err)
	}
	answer := generated.GetNodeTransitionProgress200JSONResponse{State: r.State()}
	if hasResult(r) {
		answer.NodeTransitionResult = &generated.NodeTransitionResult{
			ErrorCode:  r.ErrorCode,
			NodeResult: generated.NodeResult{NodeName: r.Target.NodeName, NodeInstanceID: r.Target.NodeInstanceID},
		}
	}
	return answer, nil
}

// What the runtime answers to a progress call through the address of another kind:
// a failed cast, which the data loss reader reports differently from the rest (§6).
const (
	codeNoInterface generated.ErrorCode = "0x80004002"
	codePointer     generated.ErrorCode = "E_POINTER"
)

func (e *Emulator) progress(ctx context.Context, id uuid.UUID, kind generated.OperationType) (Record, error) {
	if err := e.available(); err != nil {
		return Record{}, err
	}
	r, err := e.Record(ctx, id)
	if err != nil || r.Kind == kind {
		return r, err
	}
	code := codePointer
	if kind == generated.OperationTypePartitionDataLoss {
		code = codeNoInterface
	}
	return Record{}, server.NewError(code, "The operation is of another kind.")
}

// hasResult: only operations that ended by themselves have one (§6).
func hasResult(r Record) bool {
	state := r.State()
	return state == generated.OperationStateCompleted || state == generated.OperationStateFaulted
}

// selected is the zero id until the partition was looked up (§6).
func selected(r Record) generated.SelectedPartition {
	s := generated.SelectedPartition{ServiceName: r.Target.ServiceName}
	if r.LookedUp {
		s.PartitionID = r.Target.PartitionID
	}
	return s
}
