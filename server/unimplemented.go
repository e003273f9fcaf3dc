package server

import (
	"context"

	"github.com/sfcancel/sfcancel/generated"
)

// Unimplemented answers every operation with 501 E_NOTIMPL. Embed it by value
// in an implementation that has only some of the operations: the rest then
// answers truthfully. When the document gains an operation, a method here keeps
// every implementation that embeds it compiling.
//
// The zero value is ready, and safe for concurrent use.
type Unimplemented struct{}

var _ generated.StrictServerInterface = Unimplemented{}

func unimplemented(operation string) error {
	return NewError(generated.ErrorCodeNotImpl, "This server does not implement "+operation+".")
}

// GetFaultOperationList answers 501.
func (Unimplemented) GetFaultOperationList(context.Context, generated.GetFaultOperationListRequestObject) (generated.GetFaultOperationListResponseObject, error) {
	return nil, unimplemented("GetFaultOperationList")
}

// CancelOperation answers 501.
func (Unimplemented) CancelOperation(context.Context, generated.CancelOperationRequestObject) (generated.CancelOperationResponseObject, error) {
	return nil, unimplemented("CancelOperation")
}

// GetNodeTransitionProgress answers 501.
func (Unimplemented) GetNodeTransitionProgress(context.Context, generated.GetNodeTransitionProgressRequestObject) (generated.GetNodeTransitionProgressResponseObject, error) {
	return nil, unimplemented("GetNodeTransitionProgress")
}

// StartNodeTransition answers 501.
func (Unimplemented) StartNodeTransition(context.Context, generated.StartNodeTransitionRequestObject) (generated.StartNodeTransitionResponseObject, error) {
	return nil, unimplemented("StartNodeTransition")
}

// GetDataLossProgress answers 501.
func (Unimplemented) GetDataLossProgress(context.Context, generated.GetDataLossProgressRequestObject) (generated.GetDataLossProgressResponseObject, error) {
	return nil, unimplemented("GetDataLossProgress")
}

// GetQuorumLossProgress answers 501.
func (Unimplemented) GetQuorumLossProgress(context.Context, generated.GetQuorumLossProgressRequestObject) (generated.GetQuorumLossProgressResponseObject, error) {
	return nil, unimplemented("GetQuorumLossProgress")
}

// GetPartitionRestartProgress answers 501.
func (Unimplemented) GetPartitionRestartProgress(context.Context, generated.GetPartitionRestartProgressRequestObject) (generated.GetPartitionRestartProgressResponseObject, error) {
	return nil, unimplemented("GetPartitionRestartProgress")
}

// StartDataLoss answers 501.
func (Unimplemented) StartDataLoss(context.Context, generated.StartDataLossRequestObject) (generated.StartDataLossResponseObject, error) {
	return nil, unimplemented("StartDataLoss")
}

// StartQuorumLoss answers 501.
func (Unimplemented) StartQuorumLoss(context.Context, generated.StartQuorumLossRequestObject) (generated.StartQuorumLossResponseObject, error) {
	return nil, unimplemented("StartQuorumLoss")
}

// StartPartitionRestart answers 501.
func (Unimplemented) StartPartitionRestart(context.Context, generated.StartPartitionRestartRequestObject) (generated.StartPartitionRestartResponseObject, error) {
	return nil, unimplemented("StartPartitionRestart")
}
