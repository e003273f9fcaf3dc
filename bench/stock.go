package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/uuid"
	middleware "github.com/oapi-codegen/nethttp-middleware"

	"github.com/sfcancel/sfcancel/bench/stock"
	"github.com/sfcancel/sfcancel/openapi/loaded"
)

// stockHandler returns the strict server of oapi-codegen around an implementation of the cancel. If validated is set,
// kin-openapi validates the requests first.
func stockHandler(do func(ctx context.Context, id uuid.UUID, force bool) int, validated bool) (http.Handler, error) {
	options := stock.StdHTTPServerOptions{}
	if validated {
		doc, err := loaded.Document(context.Background())
		if err != nil {
			return nil, err
		}
		doc.Servers = nil // otherwise the validation requires their host names
		validate := &middleware.Options{ErrorHandlerWithOpts: func(_ context.Context, err error, w http.ResponseWriter, _ *http.Request, o middleware.ErrorHandlerOpts) {
			refuse(w, o.StatusCode, "E_INVALIDARG", err.Error())
		}}
		validate.Options.SchemaValidationOptions = doc.GetSchemaValidationOptions()
		options.Middlewares = []stock.MiddlewareFunc{middleware.OapiRequestValidatorWithOptions(doc, validate)}
	}
	options.ErrorHandlerFunc = func(w http.ResponseWriter, _ *http.Request, err error) {
		refuse(w, http.StatusBadRequest, "E_INVALIDARG", err.Error())
	}
	return stock.HandlerWithOptions(stock.NewStrictHandler(stockCanceller{do: do}, nil), options), nil
}

type stockCanceller struct {
	stock.StrictServerInterface
	do func(ctx context.Context, id uuid.UUID, force bool) int
}

func (c stockCanceller) CancelOperation(ctx context.Context, r stock.CancelOperationRequestObject) (stock.CancelOperationResponseObject, error) {
	if c.do(ctx, r.Params.OperationID, r.Params.Force) == http.StatusNotFound {
		body := stock.FabricError{Error: stock.FabricErrorDetail{Code: stock.ErrorCode("FABRIC_E_KEY_NOT_FOUND"), Message: "There is no such operation."}}
		return stock.CancelOperationdefaultJSONResponse{Body: body, StatusCode: http.StatusNotFound}, nil
	}
	return stock.CancelOperation200Response{}, nil
}

// stockCancel returns a cancel by the client of oapi-codegen.
func stockCancel(base string, h *http.Client) (func(ctx context.Context, id uuid.UUID) error, error) {
	c, err := stock.NewClientWithResponses(base, stock.WithHTTPClient(h))
	if err != nil {
		return nil, err
	}
	timeout := int64(seconds)
	return func(ctx context.Context, id uuid.UUID) error {
		answer, err := c.CancelOperationWithResponse(ctx, &stock.CancelOperationParams{APIVersion: "6.0", OperationID: id, Timeout: &timeout})
		switch {
		case err != nil:
			return err
		case answer.StatusCode() == http.StatusOK:
			return nil
		case answer.JSONDefault == nil:
			return errors.New("the answer is not a FabricError")
		default:
			return failure{answer.StatusCode(), fmt.Sprint(answer.JSONDefault.Error.Code)}
		}
	}, nil
}

// stockRequest builds a request with the builders of oapi-codegen.
func stockRequest(name string) func() (*http.Request, error) {
	timeout := int64(seconds)
	switch name {
	case "CancelOperation":
		return func() (*http.Request, error) {
			return stock.NewCancelOperationRequest(gateway, &stock.CancelOperationParams{
				APIVersion: "6.0", OperationID: operationID, Timeout: &timeout})
		}
	case "GetFaultOperationList":
		return func() (*http.Request, error) {
			return stock.NewGetFaultOperationListRequest(gateway, &stock.GetFaultOperationListParams{
				APIVersion: "6.0", TypeFilter: filterAll, StateFilter: filterAll, Timeout: &timeout})
		}
	case "StartDataLoss":
		return func() (*http.Request, error) {
			return stock.NewStartDataLossRequest(gateway, serviceID, partitionID, &stock.StartDataLossParams{
				APIVersion: "6.0", OperationID: operationID, DataLossMode: stock.DataLossModePartialDataLoss, Timeout: &timeout})
		}
	case "GetDataLossProgress":
		return func() (*http.Request, error) {
			return stock.NewGetDataLossProgressRequest(gateway, serviceID, partitionID, &stock.GetDataLossProgressParams{
				APIVersion: "6.0", OperationID: operationID, Timeout: &timeout})
		}
	case "StartQuorumLoss":
		return func() (*http.Request, error) {
			return stock.NewStartQuorumLossRequest(gateway, serviceID, partitionID, &stock.StartQuorumLossParams{
				APIVersion: "6.0", OperationID: operationID, QuorumLossMode: stock.QuorumLossModeAllReplicas,
				QuorumLossDuration: duration, Timeout: &timeout})
		}
	case "GetQuorumLossProgress":
		return func() (*http.Request, error) {
			return stock.NewGetQuorumLossProgressRequest(gateway, serviceID, partitionID, &stock.GetQuorumLossProgressParams{
				APIVersion: "6.0", OperationID: operationID, Timeout: &timeout})
		}
	case "StartPartitionRestart":
		return func() (*http.Request, error) {
			return stock.NewStartPartitionRestartRequest(gateway, serviceID, partitionID, &stock.StartPartitionRestartParams{
				APIVersion: "6.0", OperationID: operationID,
				RestartPartitionMode: stock.RestartPartitionModeOnlyActiveSecondaries, Timeout: &timeout})
		}
	case "GetPartitionRestartProgress":
		return func() (*http.Request, error) {
			return stock.NewGetPartitionRestartProgressRequest(gateway, serviceID, partitionID, &stock.GetPartitionRestartProgressParams{
				APIVersion: "6.0", OperationID: operationID, Timeout: &timeout})
		}
	case "StartNodeTransition":
		return func() (*http.Request, error) {
			return stock.NewStartNodeTransitionRequest(gateway, nodeName, &stock.StartNodeTransitionParams{
				APIVersion: "6.0", OperationID: operationID, NodeTransitionType: stock.NodeTransitionTypeStop,
				NodeInstanceID: nodeInstance, StopDurationInSeconds: duration, Timeout: &timeout})
		}
	case "GetNodeTransitionProgress":
		return func() (*http.Request, error) {
			return stock.NewGetNodeTransitionProgressRequest(gateway, nodeName, &stock.GetNodeTransitionProgressParams{
				APIVersion: "6.0", OperationID: operationID, Timeout: &timeout})
		}
	}
	return nil
}
