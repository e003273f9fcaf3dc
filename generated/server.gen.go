// Code generated from openapi/faults.yaml by openapi/generate. DO NOT EDIT.

package generated

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
)

type CancelRefusedJSONResponse FabricError

type FabricErrorJSONResponse FabricError

type StartRefusedJSONResponse FabricError

type GetFaultOperationListRequestObject struct {
	Params GetFaultOperationListParams
}

type GetFaultOperationListResponseObject interface {
	VisitGetFaultOperationListResponse(w http.ResponseWriter) error
}

type GetFaultOperationList200JSONResponse OperationStatusList

func (response GetFaultOperationList200JSONResponse) VisitGetFaultOperationListResponse(w http.ResponseWriter) error {

	var buf bytes.Buffer
	if err := json.NewEncoder(&buf).Encode(response); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(200)
	_, err := buf.WriteTo(w)
	return err
}

type GetFaultOperationListdefaultJSONResponse struct {
	Body       FabricError
	StatusCode int
}

func (response GetFaultOperationListdefaultJSONResponse) VisitGetFaultOperationListResponse(w http.ResponseWriter) error {

	var buf bytes.Buffer
	if err := json.NewEncoder(&buf).Encode(response.Body); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(response.StatusCode)
	_, err := buf.WriteTo(w)
	return err
}

type CancelOperationRequestObject struct {
	Params CancelOperationParams
}

type CancelOperationResponseObject interface {
	VisitCancelOperationResponse(w http.ResponseWriter) error
}

type CancelOperation200Response struct {
}

func (response CancelOperation200Response) VisitCancelOperationResponse(w http.ResponseWriter) error {
	w.WriteHeader(200)
	return nil
}

type CancelOperationdefaultJSONResponse struct {
	Body       FabricError
	StatusCode int
}

func (response CancelOperationdefaultJSONResponse) VisitCancelOperationResponse(w http.ResponseWriter) error {

	var buf bytes.Buffer
	if err := json.NewEncoder(&buf).Encode(response.Body); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(response.StatusCode)
	_, err := buf.WriteTo(w)
	return err
}

type GetNodeTransitionProgressRequestObject struct {
	NodeName NodeNameParameter `json:"nodeName"`
	Params   GetNodeTransitionProgressParams
}

type GetNodeTransitionProgressResponseObject interface {
	VisitGetNodeTransitionProgressResponse(w http.ResponseWriter) error
}

type GetNodeTransitionProgress200JSONResponse NodeTransitionProgress

func (response GetNodeTransitionProgress200JSONResponse) VisitGetNodeTransitionProgressResponse(w http.ResponseWriter) error {

	var buf bytes.Buffer
	if err := json.NewEncoder(&buf).Encode(response); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(200)
	_, err := buf.WriteTo(w)
	return err
}

type GetNodeTransitionProgressdefaultJSONResponse struct {
	Body       FabricError
	StatusCode int
}

func (response GetNodeTransitionProgressdefaultJSONResponse) VisitGetNodeTransitionProgressResponse(w http.ResponseWriter) error {

	var buf bytes.Buffer
	if err := json.NewEncoder(&buf).Encode(response.Body); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(response.StatusCode)
	_, err := buf.WriteTo(w)
	return err
}

type StartNodeTransitionRequestObject struct {
	NodeName NodeNameParameter `json:"nodeName"`
	Params   StartNodeTransitionParams
}

type StartNodeTransitionResponseObject interface {
	VisitStartNodeTransitionResponse(w http.ResponseWriter) error
}

type StartNodeTransition202Response struct {
}

func (response StartNodeTransition202Response) VisitStartNodeTransitionResponse(w http.ResponseWriter) error {
	w.WriteHeader(202)
	return nil
}

type StartNodeTransitiondefaultJSONResponse struct {
	Body       FabricError
	StatusCode int
}

func (response StartNodeTransitiondefaultJSONResponse) VisitStartNodeTransitionResponse(w http.ResponseWriter) error {

	var buf bytes.Buffer
	if err := json.NewEncoder(&buf).Encode(response.Body); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(response.StatusCode)
	_, err := buf.WriteTo(w)
	return err
}

type GetDataLossProgressRequestObject struct {
	ServiceID   ServiceID            `json:"serviceId"`
	PartitionID PartitionIDParameter `json:"partitionId"`
	Params      GetDataLossProgressParams
}

type GetDataLossProgressResponseObject interface {
	VisitGetDataLossProgressResponse(w http.ResponseWriter) error
}

type GetDataLossProgress200JSONResponse PartitionDataLossProgress

func (response GetDataLossProgress200JSONResponse) VisitGetDataLossProgressResponse(w http.ResponseWriter) error {

	var buf bytes.Buffer
	if err := json.NewEncoder(&buf).Encode(response); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(200)
	_, err := buf.WriteTo(w)
	return err
}

type GetDataLossProgressdefaultJSONResponse struct {
	Body       FabricError
	StatusCode int
}

func (response GetDataLossProgressdefaultJSONResponse) VisitGetDataLossProgressResponse(w http.ResponseWriter) error {

	var buf bytes.Buffer
	if err := json.NewEncoder(&buf).Encode(response.Body); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(response.StatusCode)
	_, err := buf.WriteTo(w)
	return err
}

type GetQuorumLossProgressRequestObject struct {
	ServiceID   ServiceID            `json:"serviceId"`
	PartitionID PartitionIDParameter `json:"partitionId"`
	Params      GetQuorumLossProgressParams
}

type GetQuorumLossProgressResponseObject interface {
	VisitGetQuorumLossProgressResponse(w http.ResponseWriter) error
}

type GetQuorumLossProgress200JSONResponse PartitionQuorumLossProgress

func (response GetQuorumLossProgress200JSONResponse) VisitGetQuorumLossProgressResponse(w http.ResponseWriter) error {

	var buf bytes.Buffer
	if err := json.NewEncoder(&buf).Encode(response); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(200)
	_, err := buf.WriteTo(w)
	return err
}

type GetQuorumLossProgressdefaultJSONResponse struct {
	Body       FabricError
	StatusCode int
}

func (response GetQuorumLossProgressdefaultJSONResponse) VisitGetQuorumLossProgressResponse(w http.ResponseWriter) error {

	var buf bytes.Buffer
	if err := json.NewEncoder(&buf).Encode(response.Body); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(response.StatusCode)
	_, err := buf.WriteTo(w)
	return err
}

type GetPartitionRestartProgressRequestObject struct {
	ServiceID   ServiceID            `json:"serviceId"`
	PartitionID PartitionIDParameter `json:"partitionId"`
	Params      GetPartitionRestartProgressParams
}

type GetPartitionRestartProgressResponseObject interface {
	VisitGetPartitionRestartProgressResponse(w http.ResponseWriter) error
}

type GetPartitionRestartProgress200JSONResponse PartitionRestartProgress

func (response GetPartitionRestartProgress200JSONResponse) VisitGetPartitionRestartProgressResponse(w http.ResponseWriter) error {

	var buf bytes.Buffer
	if err := json.NewEncoder(&buf).Encode(response); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(200)
	_, err := buf.WriteTo(w)
	return err
}

type GetPartitionRestartProgressdefaultJSONResponse struct {
	Body       FabricError
	StatusCode int
}

func (response GetPartitionRestartProgressdefaultJSONResponse) VisitGetPartitionRestartProgressResponse(w http.ResponseWriter) error {

	var buf bytes.Buffer
	if err := json.NewEncoder(&buf).Encode(response.Body); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(response.StatusCode)
	_, err := buf.WriteTo(w)
	return err
}

type StartDataLossRequestObject struct {
	ServiceID   ServiceID            `json:"serviceId"`
	PartitionID PartitionIDParameter `json:"partitionId"`
	Params      StartDataLossParams
}

type StartDataLossResponseObject interface {
	VisitStartDataLossResponse(w http.ResponseWriter) error
}

type StartDataLoss202Response struct {
}

func (response StartDataLoss202Response) VisitStartDataLossResponse(w http.ResponseWriter) error {
	w.WriteHeader(202)
	return nil
}

type StartDataLossdefaultJSONResponse struct {
	Body       FabricError
	StatusCode int
}

func (response StartDataLossdefaultJSONResponse) VisitStartDataLossResponse(w http.ResponseWriter) error {

	var buf bytes.Buffer
	if err := json.NewEncoder(&buf).Encode(response.Body); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(response.StatusCode)
	_, err := buf.WriteTo(w)
	return err
}

type StartQuorumLossRequestObject struct {
	ServiceID   ServiceID            `json:"serviceId"`
	PartitionID PartitionIDParameter `json:"partitionId"`
	Params      StartQuorumLossParams
}

type StartQuorumLossResponseObject interface {
	VisitStartQuorumLossResponse(w http.ResponseWriter) error
}

type StartQuorumLoss202Response struct {
}

func (response StartQuorumLoss202Response) VisitStartQuorumLossResponse(w http.ResponseWriter) error {
	w.WriteHeader(202)
	return nil
}

type StartQuorumLossdefaultJSONResponse struct {
	Body       FabricError
	StatusCode int
}

func (response StartQuorumLossdefaultJSONResponse) VisitStartQuorumLossResponse(w http.ResponseWriter) error {

	var buf bytes.Buffer
	if err := json.NewEncoder(&buf).Encode(response.Body); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(response.StatusCode)
	_, err := buf.WriteTo(w)
	return err
}

type StartPartitionRestartRequestObject struct {
	ServiceID   ServiceID            `json:"serviceId"`
	PartitionID PartitionIDParameter `json:"partitionId"`
	Params      StartPartitionRestartParams
}

type StartPartitionRestartResponseObject interface {
	VisitStartPartitionRestartResponse(w http.ResponseWriter) error
}

type StartPartitionRestart202Response struct {
}

func (response StartPartitionRestart202Response) VisitStartPartitionRestartResponse(w http.ResponseWriter) error {
	w.WriteHeader(202)
	return nil
}

type StartPartitionRestartdefaultJSONResponse struct {
	Body       FabricError
	StatusCode int
}

func (response StartPartitionRestartdefaultJSONResponse) VisitStartPartitionRestartResponse(w http.ResponseWriter) error {

	var buf bytes.Buffer
	if err := json.NewEncoder(&buf).Encode(response.Body); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(response.StatusCode)
	_, err := buf.WriteTo(w)
	return err
}

// StrictServerInterface represents all server handlers.
type StrictServerInterface interface {
	// GetFaultOperationList List fault operations
	// (GET /Faults/)
	GetFaultOperationList(ctx context.Context, request GetFaultOperationListRequestObject) (GetFaultOperationListResponseObject, error)
	// CancelOperation Cancel a fault operation
	// (POST /Faults/$/Cancel)
	CancelOperation(ctx context.Context, request CancelOperationRequestObject) (CancelOperationResponseObject, error)
	// GetNodeTransitionProgress Read the progress of a node transition
	// (GET /Faults/Nodes/{nodeName}/$/GetTransitionProgress)
	GetNodeTransitionProgress(ctx context.Context, request GetNodeTransitionProgressRequestObject) (GetNodeTransitionProgressResponseObject, error)
	// StartNodeTransition Start a node transition
	// (POST /Faults/Nodes/{nodeName}/$/StartTransition/)
	StartNodeTransition(ctx context.Context, request StartNodeTransitionRequestObject) (StartNodeTransitionResponseObject, error)
	// GetDataLossProgress Read the progress of a data loss
	// (GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetDataLossProgress)
	GetDataLossProgress(ctx context.Context, request GetDataLossProgressRequestObject) (GetDataLossProgressResponseObject, error)
	// GetQuorumLossProgress Read the progress of a quorum loss
	// (GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetQuorumLossProgress)
	GetQuorumLossProgress(ctx context.Context, request GetQuorumLossProgressRequestObject) (GetQuorumLossProgressResponseObject, error)
	// GetPartitionRestartProgress Read the progress of a partition restart
	// (GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetRestartProgress)
	GetPartitionRestartProgress(ctx context.Context, request GetPartitionRestartProgressRequestObject) (GetPartitionRestartProgressResponseObject, error)
	// StartDataLoss Start a data loss
	// (POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartDataLoss)
	StartDataLoss(ctx context.Context, request StartDataLossRequestObject) (StartDataLossResponseObject, error)
	// StartQuorumLoss Start a quorum loss
	// (POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartQuorumLoss)
	StartQuorumLoss(ctx context.Context, request StartQuorumLossRequestObject) (StartQuorumLossResponseObject, error)
	// StartPartitionRestart Start a partition restart
	// (POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartRestart)
	StartPartitionRestart(ctx context.Context, request StartPartitionRestartRequestObject) (StartPartitionRestartResponseObject, error)
}

// Unimplemented answers every operation with [ErrUnimplemented]. Embed it by value in an
// implementation of some of the operations, which then still compiles when the document
// gets a new one. The zero value is ready to use and safe for concurrent use.
type Unimplemented struct{}

var _ StrictServerInterface = Unimplemented{}

// ErrUnimplemented is the error that [Unimplemented] returns, wrapped with the name of the operation.
var ErrUnimplemented = errors.New("not implemented")

// GetFaultOperationList returns [ErrUnimplemented].
func (Unimplemented) GetFaultOperationList(context.Context, GetFaultOperationListRequestObject) (GetFaultOperationListResponseObject, error) {
	return nil, fmt.Errorf("GetFaultOperationList: %w", ErrUnimplemented)
}

// CancelOperation returns [ErrUnimplemented].
func (Unimplemented) CancelOperation(context.Context, CancelOperationRequestObject) (CancelOperationResponseObject, error) {
	return nil, fmt.Errorf("CancelOperation: %w", ErrUnimplemented)
}

// GetNodeTransitionProgress returns [ErrUnimplemented].
func (Unimplemented) GetNodeTransitionProgress(context.Context, GetNodeTransitionProgressRequestObject) (GetNodeTransitionProgressResponseObject, error) {
	return nil, fmt.Errorf("GetNodeTransitionProgress: %w", ErrUnimplemented)
}

// StartNodeTransition returns [ErrUnimplemented].
func (Unimplemented) StartNodeTransition(context.Context, StartNodeTransitionRequestObject) (StartNodeTransitionResponseObject, error) {
	return nil, fmt.Errorf("StartNodeTransition: %w", ErrUnimplemented)
}

// GetDataLossProgress returns [ErrUnimplemented].
func (Unimplemented) GetDataLossProgress(context.Context, GetDataLossProgressRequestObject) (GetDataLossProgressResponseObject, error) {
	return nil, fmt.Errorf("GetDataLossProgress: %w", ErrUnimplemented)
}

// GetQuorumLossProgress returns [ErrUnimplemented].
func (Unimplemented) GetQuorumLossProgress(context.Context, GetQuorumLossProgressRequestObject) (GetQuorumLossProgressResponseObject, error) {
	return nil, fmt.Errorf("GetQuorumLossProgress: %w", ErrUnimplemented)
}

// GetPartitionRestartProgress returns [ErrUnimplemented].
func (Unimplemented) GetPartitionRestartProgress(context.Context, GetPartitionRestartProgressRequestObject) (GetPartitionRestartProgressResponseObject, error) {
	return nil, fmt.Errorf("GetPartitionRestartProgress: %w", ErrUnimplemented)
}

// StartDataLoss returns [ErrUnimplemented].
func (Unimplemented) StartDataLoss(context.Context, StartDataLossRequestObject) (StartDataLossResponseObject, error) {
	return nil, fmt.Errorf("StartDataLoss: %w", ErrUnimplemented)
}

// StartQuorumLoss returns [ErrUnimplemented].
func (Unimplemented) StartQuorumLoss(context.Context, StartQuorumLossRequestObject) (StartQuorumLossResponseObject, error) {
	return nil, fmt.Errorf("StartQuorumLoss: %w", ErrUnimplemented)
}

// StartPartitionRestart returns [ErrUnimplemented].
func (Unimplemented) StartPartitionRestart(context.Context, StartPartitionRestartRequestObject) (StartPartitionRestartResponseObject, error) {
	return nil, fmt.Errorf("StartPartitionRestart: %w", ErrUnimplemented)
}
