package emulator

import (
	"context"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

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
