package emulator

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
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
