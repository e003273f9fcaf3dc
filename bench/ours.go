package main

import (
	"context"
	"net/http"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// All calls of package generated are in this file, because they change with the generator.

// oursRequest builds a request with the generated builders.
func oursRequest(name string) func() (*http.Request, error) {
	ctx, timeout := context.Background(), int64(seconds)
	base, err := generated.ParseBase(gateway)
	if err != nil {
		return func() (*http.Request, error) { return nil, err }
	}
	switch name {
	case "CancelOperation":
		return func() (*http.Request, error) {
			return generated.NewCancelOperationRequest(ctx, base, generated.CancelOperationParams{
				APIVersion: generated.APIVersion60, OperationID: operationID, Timeout: &timeout})
		}
	case "GetFaultOperationList":
		return func() (*http.Request, error) {
			return generated.NewGetFaultOperationListRequest(ctx, base, generated.GetFaultOperationListParams{
				APIVersion: generated.APIVersion60, TypeFilter: filterAll, StateFilter: filterAll, Timeout: &timeout})
		}
	case "StartDataLoss":
		return func() (*http.Request, error) {
			return generated.NewStartDataLossRequest(ctx, base, serviceID, partitionID, generated.StartDataLossParams{
				APIVersion: generated.APIVersion60, OperationID: operationID, DataLossMode: generated.DataLossModePartialDataLoss, Timeout: &timeout})
		}
	case "GetDataLossProgress":
		return func() (*http.Request, error) {
			return generated.NewGetDataLossProgressRequest(ctx, base, serviceID, partitionID, generated.GetDataLossProgressParams{
				APIVersion: generated.APIVersion60, OperationID: operationID, Timeout: &timeout})
		}
	case "StartQuorumLoss":
		return func() (*http.Request, error) {
			return generated.NewStartQuorumLossRequest(ctx, base, serviceID, partitionID, generated.StartQuorumLossParams{
				APIVersion: generated.APIVersion60, OperationID: operationID, QuorumLossMode: generated.QuorumLossModeAllReplicas,
				QuorumLossDuration: duration, Timeout: &timeout})
		}
	case "GetQuorumLossProgress":
		return func() (*http.Request, error) {
			return generated.NewGetQuorumLossProgressRequest(ctx, base, serviceID, partitionID, generated.GetQuorumLossProgressParams{
				APIVersion: generated.APIVersion60, OperationID: operationID, Timeout: &timeout})
		}
	case "StartPartitionRestart":
		return func() (*http.Request, error) {
			return generated.NewStartPartitionRestartRequest(ctx, base, serviceID, partitionID, generated.StartPartitionRestartParams{
				APIVersion: generated.APIVersion60, OperationID: operationID,
				RestartPartitionMode: generated.RestartPartitionModeOnlyActiveSecondaries, Timeout: &timeout})
		}
	case "GetPartitionRestartProgress":
		return func() (*http.Request, error) {
			return generated.NewGetPartitionRestartProgressRequest(ctx, base, serviceID, partitionID, generated.GetPartitionRestartProgressParams{
				APIVersion: generated.APIVersion60, OperationID: operationID, Timeout: &timeout})
		}
	case "StartNodeTransition":
		return func() (*http.Request, error) {
			return generated.NewStartNodeTransitionRequest(ctx, base, nodeName, generated.StartNodeTransitionParams{
				APIVersion: generated.APIVersion60, OperationID: operationID, NodeTransitionType: generated.NodeTransitionTypeStop,
				NodeInstanceID: nodeInstance, StopDurationInSeconds: duration, Timeout: &timeout})
		}
	case "GetNodeTransitionProgress":
		return func() (*http.Request, error) {
			return generated.NewGetNodeTransitionProgressRequest(ctx, base, nodeName, generated.GetNodeTransitionProgressParams{
				APIVersion: generated.APIVersion60, OperationID: operationID, Timeout: &timeout})
		}
	}
	return nil
}

// oursHandler returns the scaffold around an implementation of the cancel.
func oursHandler(do func(ctx context.Context, id uuid.UUID, force bool) int, options ...server.Option) (http.Handler, error) {
	return server.New(canceller{do: do}, options...)
}

type canceller struct {
	server.Unimplemented
	do func(ctx context.Context, id uuid.UUID, force bool) int
}

func (c canceller) CancelOperation(ctx context.Context, r generated.CancelOperationRequestObject) (generated.CancelOperationResponseObject, error) {
	if c.do(ctx, r.Params.OperationID, r.Params.Force) == http.StatusNotFound {
		return nil, server.NewError(generated.ErrorCodeKeyNotFound, "There is no such operation.")
	}
	return generated.CancelOperation200Response{}, nil
}

// oursListHandler returns the scaffold around an implementation that answers with a prepared list, as a stream
// like the emulator.
func oursListHandler(all []listed) (http.Handler, error) {
	return server.New(lister{all: all})
}

type lister struct {
	server.Unimplemented
	all []listed
}

func (l lister) GetFaultOperationList(context.Context, generated.GetFaultOperationListRequestObject) (generated.GetFaultOperationListResponseObject, error) {
	return generated.GetFaultOperationList200JSONStream(func(yield func(generated.OperationStatus, error) bool) {
		for _, o := range l.all {
			if !yield(generated.OperationStatus{
				OperationID: o.OperationID, State: generated.OperationState(o.State), Type: generated.OperationType(o.Type),
			}, nil) {
				return
			}
		}
	}), nil
}

// oursList reads a list and returns its length.
func oursList(ctx context.Context, c *wrapper.Client) (int, error) {
	all, err := c.Operations(ctx)
	return len(all), err
}
