package server_test

import (
	"context"
	"time"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/contract"
)

// spy is an implementation that notes what reached it and succeeds, unless act
// says otherwise.
type spy struct {
	operation string
	request   any
	left      time.Duration // until the deadline of the context
	act       func(ctx context.Context) error
}

func note[T any](ctx context.Context, s *spy, operation string, request any, answer T) (T, error) {
	contract.Reached(ctx)
	s.operation, s.request = operation, request
	if at, ok := ctx.Deadline(); ok {
		s.left = time.Until(at)
	}
	if s.act != nil {
		if err := s.act(ctx); err != nil {
			var none T
			return none, err
		}
	}
	return answer, nil
}

func (s *spy) GetFaultOperationList(ctx context.Context, r generated.GetFaultOperationListRequestObject) (generated.GetFaultOperationListResponseObject, error) {
	return note[generated.GetFaultOperationListResponseObject](ctx, s, "GetFaultOperationList", r, generated.GetFaultOperationList200JSONResponse{})
}

func (s *spy) CancelOperation(ctx context.Context, r generated.CancelOperationRequestObject) (generated.CancelOperationResponseObject, error) {
	return note[generated.CancelOperationResponseObject](ctx, s, "CancelOperation", r, generated.CancelOperation200Response{})
}

func (s *spy) GetNodeTransitionProgress(ctx context.Context, r generated.GetNodeTransitionProgressRequestObject) (generated.GetNodeTransitionProgressResponseObject, error) {
	return note[generated.GetNodeTransitionProgressResponseObject](ctx, s, "GetNodeTransitionProgress", r, generated.GetNodeTransitionProgress200JSONResponse{State: generated.OperationStateRunning})
}

func (s *spy) StartNodeTransition(ctx context.Context, r generated.StartNodeTransitionRequestObject) (generated.StartNodeTransitionResponseObject, error) {
	return note[generated.StartNodeTransitionResponseObject](ctx, s, "StartNodeTransition", r, generated.StartNodeTransition202Response{})
}

func (s *spy) GetDataLossProgress(ctx context.Context, r generated.GetDataLossProgressRequestObject) (generated.GetDataLossProgressResponseObject, error) {
	return note[generated.GetDataLossProgressResponseObject](ctx, s, "GetDataLossProgress", r, generated.GetDataLossProgress200JSONResponse{State: generated.OperationStateRunning})
}

func (s *spy) GetQuorumLossProgress(ctx context.Context, r generated.GetQuorumLossProgressRequestObject) (generated.GetQuorumLossProgressResponseObject, error) {
	return note[generated.GetQuorumLossProgressResponseObject](ctx, s, "GetQuorumLossProgress", r, generated.GetQuorumLossProgress200JSONResponse{State: generated.OperationStateRunning})
}

func (s *spy) GetPartitionRestartProgress(ctx context.Context, r generated.GetPartitionRestartProgressRequestObject) (generated.GetPartitionRestartProgressResponseObject, error) {
	return note[generated.GetPartitionRestartProgressResponseObject](ctx, s, "GetPartitionRestartProgress", r, generated.GetPartitionRestartProgress200JSONResponse{State: generated.OperationStateRunning})
}

func (s *spy) StartDataLoss(ctx context.Context, r generated.StartDataLossRequestObject) (generated.StartDataLossResponseObject, error) {
	return note[generated.StartDataLossResponseObject](ctx, s, "StartDataLoss", r, generated.StartDataLoss202Response{})
}

func (s *spy) StartQuorumLoss(ctx context.Context, r generated.StartQuorumLossRequestObject) (generated.StartQuorumLossResponseObject, error) {
	return note[generated.StartQuorumLossResponseObject](ctx, s, "StartQuorumLoss", r, generated.StartQuorumLoss202Response{})
}

func (s *spy) StartPartitionRestart(ctx context.Context, r generated.StartPartitionRestartRequestObject) (generated.StartPartitionRestartResponseObject, error) {
	return note[generated.StartPartitionRestartResponseObject](ctx, s, "StartPartitionRestart", r, generated.StartPartitionRestart202Response{})
}

func (s *spy) cancel() generated.CancelOperationParams {
	r, _ := s.request.(generated.CancelOperationRequestObject)
	return r.Params
}
