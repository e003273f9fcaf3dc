// Code generated from openapi/faults.yaml by openapi/generate. DO NOT EDIT.

package generated

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/oapi-codegen/runtime"
)

// ServerInterface represents all server handlers.
type ServerInterface interface {
	// GetFaultOperationList List fault operations
	// (GET /Faults/)
	GetFaultOperationList(w http.ResponseWriter, r *http.Request, params GetFaultOperationListParams)
	// CancelOperation Cancel a fault operation
	// (POST /Faults/$/Cancel)
	CancelOperation(w http.ResponseWriter, r *http.Request, params CancelOperationParams)
	// GetNodeTransitionProgress Read the progress of a node transition
	// (GET /Faults/Nodes/{nodeName}/$/GetTransitionProgress)
	GetNodeTransitionProgress(w http.ResponseWriter, r *http.Request, nodeName NodeNameParameter, params GetNodeTransitionProgressParams)
	// StartNodeTransition Start a node transition
	// (POST /Faults/Nodes/{nodeName}/$/StartTransition/)
	StartNodeTransition(w http.ResponseWriter, r *http.Request, nodeName NodeNameParameter, params StartNodeTransitionParams)
	// GetDataLossProgress Read the progress of a data loss
	// (GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetDataLossProgress)
	GetDataLossProgress(w http.ResponseWriter, r *http.Request, serviceID ServiceID, partitionID PartitionIDParameter, params GetDataLossProgressParams)
	// GetQuorumLossProgress Read the progress of a quorum loss
	// (GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetQuorumLossProgress)
	GetQuorumLossProgress(w http.ResponseWriter, r *http.Request, serviceID ServiceID, partitionID PartitionIDParameter, params GetQuorumLossProgressParams)
	// GetPartitionRestartProgress Read the progress of a partition restart
	// (GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetRestartProgress)
	GetPartitionRestartProgress(w http.ResponseWriter, r *http.Request, serviceID ServiceID, partitionID PartitionIDParameter, params GetPartitionRestartProgressParams)
	// StartDataLoss Start a data loss
	// (POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartDataLoss)
	StartDataLoss(w http.ResponseWriter, r *http.Request, serviceID ServiceID, partitionID PartitionIDParameter, params StartDataLossParams)
	// StartQuorumLoss Start a quorum loss
	// (POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartQuorumLoss)
	StartQuorumLoss(w http.ResponseWriter, r *http.Request, serviceID ServiceID, partitionID PartitionIDParameter, params StartQuorumLossParams)
	// StartPartitionRestart Start a partition restart
	// (POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartRestart)
	StartPartitionRestart(w http.ResponseWriter, r *http.Request, serviceID ServiceID, partitionID PartitionIDParameter, params StartPartitionRestartParams)
}

// ServerInterfaceWrapper converts contexts to parameters.
type ServerInterfaceWrapper struct {
	Handler            ServerInterface
	HandlerMiddlewares []MiddlewareFunc
	ErrorHandlerFunc   func(w http.ResponseWriter, r *http.Request, err error)
}

type MiddlewareFunc func(http.Handler) http.Handler

// GetFaultOperationList operation middleware
func (siw *ServerInterfaceWrapper) GetFaultOperationList(w http.ResponseWriter, r *http.Request) {

	var err error
	_ = err

	// Parameter object where we will unmarshal all parameters from the context
	var params GetFaultOperationListParams

	// ------------- Required query parameter "api-version" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "api-version", r.URL.Query(), &params.APIVersion, runtime.BindQueryParameterOptions{Type: "string", Format: ""})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "api-version"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "api-version", Err: err})
		}
		return
	}

	// ------------- Required query parameter "StateFilter" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "StateFilter", r.URL.Query(), &params.StateFilter, runtime.BindQueryParameterOptions{Type: "integer", Format: ""})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "StateFilter"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "StateFilter", Err: err})
		}
		return
	}

	// ------------- Required query parameter "TypeFilter" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "TypeFilter", r.URL.Query(), &params.TypeFilter, runtime.BindQueryParameterOptions{Type: "integer", Format: ""})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "TypeFilter"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "TypeFilter", Err: err})
		}
		return
	}

	// ------------- Optional query parameter "timeout" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, false, "timeout", r.URL.Query(), &params.Timeout, runtime.BindQueryParameterOptions{Type: "integer", Format: "int64"})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "timeout"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "timeout", Err: err})
		}
		return
	}

	handler := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		siw.Handler.GetFaultOperationList(w, r, params)
	}))

	for _, middleware := range siw.HandlerMiddlewares {
		handler = middleware(handler)
	}

	handler.ServeHTTP(w, r)
}

// CancelOperation operation middleware
func (siw *ServerInterfaceWrapper) CancelOperation(w http.ResponseWriter, r *http.Request) {

	var err error
	_ = err

	// Parameter object where we will unmarshal all parameters from the context
	var params CancelOperationParams

	// ------------- Required query parameter "api-version" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "api-version", r.URL.Query(), &params.APIVersion, runtime.BindQueryParameterOptions{Type: "string", Format: ""})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "api-version"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "api-version", Err: err})
		}
		return
	}

	// ------------- Required query parameter "OperationId" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "OperationId", r.URL.Query(), &params.OperationID, runtime.BindQueryParameterOptions{Type: "string", Format: "uuid"})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "OperationId"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "OperationId", Err: err})
		}
		return
	}

	// ------------- Required query parameter "Force" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "Force", r.URL.Query(), &params.Force, runtime.BindQueryParameterOptions{Type: "boolean", Format: ""})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "Force"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "Force", Err: err})
		}
		return
	}

	// ------------- Optional query parameter "timeout" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, false, "timeout", r.URL.Query(), &params.Timeout, runtime.BindQueryParameterOptions{Type: "integer", Format: "int64"})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "timeout"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "timeout", Err: err})
		}
		return
	}

	handler := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		siw.Handler.CancelOperation(w, r, params)
	}))

	for _, middleware := range siw.HandlerMiddlewares {
		handler = middleware(handler)
	}

	handler.ServeHTTP(w, r)
}

// GetNodeTransitionProgress operation middleware
func (siw *ServerInterfaceWrapper) GetNodeTransitionProgress(w http.ResponseWriter, r *http.Request) {

	var err error
	_ = err

	// ------------- Path parameter "nodeName" -------------
	var nodeName NodeNameParameter

	err = runtime.BindStyledParameterWithOptions("simple", "nodeName", r.PathValue("nodeName"), &nodeName, runtime.BindStyledParameterOptions{ParamLocation: runtime.ParamLocationPath, Explode: false, Required: true, Type: "string", Format: "", ValueIsUnescaped: true})
	if err != nil {
		siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "nodeName", Err: err})
		return
	}

	// Parameter object where we will unmarshal all parameters from the context
	var params GetNodeTransitionProgressParams

	// ------------- Required query parameter "api-version" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "api-version", r.URL.Query(), &params.APIVersion, runtime.BindQueryParameterOptions{Type: "string", Format: ""})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "api-version"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "api-version", Err: err})
		}
		return
	}

	// ------------- Required query parameter "OperationId" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "OperationId", r.URL.Query(), &params.OperationID, runtime.BindQueryParameterOptions{Type: "string", Format: "uuid"})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "OperationId"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "OperationId", Err: err})
		}
		return
	}

	// ------------- Optional query parameter "timeout" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, false, "timeout", r.URL.Query(), &params.Timeout, runtime.BindQueryParameterOptions{Type: "integer", Format: "int64"})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "timeout"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "timeout", Err: err})
		}
		return
	}

	handler := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		siw.Handler.GetNodeTransitionProgress(w, r, nodeName, params)
	}))

	for _, middleware := range siw.HandlerMiddlewares {
		handler = middleware(handler)
	}

	handler.ServeHTTP(w, r)
}

// StartNodeTransition operation middleware
func (siw *ServerInterfaceWrapper) StartNodeTransition(w http.ResponseWriter, r *http.Request) {

	var err error
	_ = err

	// ------------- Path parameter "nodeName" -------------
	var nodeName NodeNameParameter

	err = runtime.BindStyledParameterWithOptions("simple", "nodeName", r.PathValue("nodeName"), &nodeName, runtime.BindStyledParameterOptions{ParamLocation: runtime.ParamLocationPath, Explode: false, Required: true, Type: "string", Format: "", ValueIsUnescaped: true})
	if err != nil {
		siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "nodeName", Err: err})
		return
	}

	// Parameter object where we will unmarshal all parameters from the context
	var params StartNodeTransitionParams

	// ------------- Required query parameter "api-version" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "api-version", r.URL.Query(), &params.APIVersion, runtime.BindQueryParameterOptions{Type: "string", Format: ""})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "api-version"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "api-version", Err: err})
		}
		return
	}

	// ------------- Required query parameter "OperationId" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "OperationId", r.URL.Query(), &params.OperationID, runtime.BindQueryParameterOptions{Type: "string", Format: "uuid"})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "OperationId"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "OperationId", Err: err})
		}
		return
	}

	// ------------- Required query parameter "NodeInstanceId" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "NodeInstanceId", r.URL.Query(), &params.NodeInstanceID, runtime.BindQueryParameterOptions{Type: "string", Format: ""})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "NodeInstanceId"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "NodeInstanceId", Err: err})
		}
		return
	}

	// ------------- Required query parameter "NodeTransitionType" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "NodeTransitionType", r.URL.Query(), &params.NodeTransitionType, runtime.BindQueryParameterOptions{Type: "string", Format: ""})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "NodeTransitionType"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "NodeTransitionType", Err: err})
		}
		return
	}

	// ------------- Required query parameter "StopDurationInSeconds" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "StopDurationInSeconds", r.URL.Query(), &params.StopDurationInSeconds, runtime.BindQueryParameterOptions{Type: "integer", Format: "int32"})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "StopDurationInSeconds"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "StopDurationInSeconds", Err: err})
		}
		return
	}

	// ------------- Optional query parameter "timeout" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, false, "timeout", r.URL.Query(), &params.Timeout, runtime.BindQueryParameterOptions{Type: "integer", Format: "int64"})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "timeout"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "timeout", Err: err})
		}
		return
	}

	handler := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		siw.Handler.StartNodeTransition(w, r, nodeName, params)
	}))

	for _, middleware := range siw.HandlerMiddlewares {
		handler = middleware(handler)
	}

	handler.ServeHTTP(w, r)
}

// GetDataLossProgress operation middleware
func (siw *ServerInterfaceWrapper) GetDataLossProgress(w http.ResponseWriter, r *http.Request) {

	var err error
	_ = err

	// ------------- Path parameter "serviceId" -------------
	var serviceID ServiceID

	err = runtime.BindStyledParameterWithOptions("simple", "serviceId", r.PathValue("serviceId"), &serviceID, runtime.BindStyledParameterOptions{ParamLocation: runtime.ParamLocationPath, Explode: false, Required: true, Type: "string", Format: "", ValueIsUnescaped: true})
	if err != nil {
		siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "serviceId", Err: err})
		return
	}

	// ------------- Path parameter "partitionId" -------------
	var partitionID PartitionIDParameter

	err = runtime.BindStyledParameterWithOptions("simple", "partitionId", r.PathValue("partitionId"), &partitionID, runtime.BindStyledParameterOptions{ParamLocation: runtime.ParamLocationPath, Explode: false, Required: true, Type: "string", Format: "uuid", ValueIsUnescaped: true})
	if err != nil {
		siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "partitionId", Err: err})
		return
	}

	// Parameter object where we will unmarshal all parameters from the context
	var params GetDataLossProgressParams

	// ------------- Required query parameter "api-version" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "api-version", r.URL.Query(), &params.APIVersion, runtime.BindQueryParameterOptions{Type: "string", Format: ""})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "api-version"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "api-version", Err: err})
		}
		return
	}

	// ------------- Required query parameter "OperationId" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "OperationId", r.URL.Query(), &params.OperationID, runtime.BindQueryParameterOptions{Type: "string", Format: "uuid"})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "OperationId"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "OperationId", Err: err})
		}
		return
	}

	// ------------- Optional query parameter "timeout" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, false, "timeout", r.URL.Query(), &params.Timeout, runtime.BindQueryParameterOptions{Type: "integer", Format: "int64"})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "timeout"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "timeout", Err: err})
		}
		return
	}

	handler := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		siw.Handler.GetDataLossProgress(w, r, serviceID, partitionID, params)
	}))

	for _, middleware := range siw.HandlerMiddlewares {
		handler = middleware(handler)
	}

	handler.ServeHTTP(w, r)
}

// GetQuorumLossProgress operation middleware
func (siw *ServerInterfaceWrapper) GetQuorumLossProgress(w http.ResponseWriter, r *http.Request) {

	var err error
	_ = err

	// ------------- Path parameter "serviceId" -------------
	var serviceID ServiceID

	err = runtime.BindStyledParameterWithOptions("simple", "serviceId", r.PathValue("serviceId"), &serviceID, runtime.BindStyledParameterOptions{ParamLocation: runtime.ParamLocationPath, Explode: false, Required: true, Type: "string", Format: "", ValueIsUnescaped: true})
	if err != nil {
		siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "serviceId", Err: err})
		return
	}

	// ------------- Path parameter "partitionId" -------------
	var partitionID PartitionIDParameter

	err = runtime.BindStyledParameterWithOptions("simple", "partitionId", r.PathValue("partitionId"), &partitionID, runtime.BindStyledParameterOptions{ParamLocation: runtime.ParamLocationPath, Explode: false, Required: true, Type: "string", Format: "uuid", ValueIsUnescaped: true})
	if err != nil {
		siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "partitionId", Err: err})
		return
	}

	// Parameter object where we will unmarshal all parameters from the context
	var params GetQuorumLossProgressParams

	// ------------- Required query parameter "api-version" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "api-version", r.URL.Query(), &params.APIVersion, runtime.BindQueryParameterOptions{Type: "string", Format: ""})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "api-version"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "api-version", Err: err})
		}
		return
	}

	// ------------- Required query parameter "OperationId" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "OperationId", r.URL.Query(), &params.OperationID, runtime.BindQueryParameterOptions{Type: "string", Format: "uuid"})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "OperationId"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "OperationId", Err: err})
		}
		return
	}

	// ------------- Optional query parameter "timeout" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, false, "timeout", r.URL.Query(), &params.Timeout, runtime.BindQueryParameterOptions{Type: "integer", Format: "int64"})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "timeout"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "timeout", Err: err})
		}
		return
	}

	handler := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		siw.Handler.GetQuorumLossProgress(w, r, serviceID, partitionID, params)
	}))

	for _, middleware := range siw.HandlerMiddlewares {
		handler = middleware(handler)
	}

	handler.ServeHTTP(w, r)
}

// GetPartitionRestartProgress operation middleware
func (siw *ServerInterfaceWrapper) GetPartitionRestartProgress(w http.ResponseWriter, r *http.Request) {

	var err error
	_ = err

	// ------------- Path parameter "serviceId" -------------
	var serviceID ServiceID

	err = runtime.BindStyledParameterWithOptions("simple", "serviceId", r.PathValue("serviceId"), &serviceID, runtime.BindStyledParameterOptions{ParamLocation: runtime.ParamLocationPath, Explode: false, Required: true, Type: "string", Format: "", ValueIsUnescaped: true})
	if err != nil {
		siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "serviceId", Err: err})
		return
	}

	// ------------- Path parameter "partitionId" -------------
	var partitionID PartitionIDParameter

	err = runtime.BindStyledParameterWithOptions("simple", "partitionId", r.PathValue("partitionId"), &partitionID, runtime.BindStyledParameterOptions{ParamLocation: runtime.ParamLocationPath, Explode: false, Required: true, Type: "string", Format: "uuid", ValueIsUnescaped: true})
	if err != nil {
		siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "partitionId", Err: err})
		return
	}

	// Parameter object where we will unmarshal all parameters from the context
	var params GetPartitionRestartProgressParams

	// ------------- Required query parameter "api-version" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "api-version", r.URL.Query(), &params.APIVersion, runtime.BindQueryParameterOptions{Type: "string", Format: ""})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "api-version"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "api-version", Err: err})
		}
		return
	}

	// ------------- Required query parameter "OperationId" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "OperationId", r.URL.Query(), &params.OperationID, runtime.BindQueryParameterOptions{Type: "string", Format: "uuid"})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "OperationId"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "OperationId", Err: err})
		}
		return
	}

	// ------------- Optional query parameter "timeout" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, false, "timeout", r.URL.Query(), &params.Timeout, runtime.BindQueryParameterOptions{Type: "integer", Format: "int64"})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "timeout"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "timeout", Err: err})
		}
		return
	}

	handler := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		siw.Handler.GetPartitionRestartProgress(w, r, serviceID, partitionID, params)
	}))

	for _, middleware := range siw.HandlerMiddlewares {
		handler = middleware(handler)
	}

	handler.ServeHTTP(w, r)
}

// StartDataLoss operation middleware
func (siw *ServerInterfaceWrapper) StartDataLoss(w http.ResponseWriter, r *http.Request) {

	var err error
	_ = err

	// ------------- Path parameter "serviceId" -------------
	var serviceID ServiceID

	err = runtime.BindStyledParameterWithOptions("simple", "serviceId", r.PathValue("serviceId"), &serviceID, runtime.BindStyledParameterOptions{ParamLocation: runtime.ParamLocationPath, Explode: false, Required: true, Type: "string", Format: "", ValueIsUnescaped: true})
	if err != nil {
		siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "serviceId", Err: err})
		return
	}

	// ------------- Path parameter "partitionId" -------------
	var partitionID PartitionIDParameter

	err = runtime.BindStyledParameterWithOptions("simple", "partitionId", r.PathValue("partitionId"), &partitionID, runtime.BindStyledParameterOptions{ParamLocation: runtime.ParamLocationPath, Explode: false, Required: true, Type: "string", Format: "uuid", ValueIsUnescaped: true})
	if err != nil {
		siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "partitionId", Err: err})
		return
	}

	// Parameter object where we will unmarshal all parameters from the context
	var params StartDataLossParams

	// ------------- Required query parameter "api-version" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "api-version", r.URL.Query(), &params.APIVersion, runtime.BindQueryParameterOptions{Type: "string", Format: ""})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "api-version"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "api-version", Err: err})
		}
		return
	}

	// ------------- Required query parameter "OperationId" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "OperationId", r.URL.Query(), &params.OperationID, runtime.BindQueryParameterOptions{Type: "string", Format: "uuid"})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "OperationId"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "OperationId", Err: err})
		}
		return
	}

	// ------------- Required query parameter "DataLossMode" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "DataLossMode", r.URL.Query(), &params.DataLossMode, runtime.BindQueryParameterOptions{Type: "string", Format: ""})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "DataLossMode"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "DataLossMode", Err: err})
		}
		return
	}

	// ------------- Optional query parameter "timeout" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, false, "timeout", r.URL.Query(), &params.Timeout, runtime.BindQueryParameterOptions{Type: "integer", Format: "int64"})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "timeout"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "timeout", Err: err})
		}
		return
	}

	handler := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		siw.Handler.StartDataLoss(w, r, serviceID, partitionID, params)
	}))

	for _, middleware := range siw.HandlerMiddlewares {
		handler = middleware(handler)
	}

	handler.ServeHTTP(w, r)
}

// StartQuorumLoss operation middleware
func (siw *ServerInterfaceWrapper) StartQuorumLoss(w http.ResponseWriter, r *http.Request) {

	var err error
	_ = err

	// ------------- Path parameter "serviceId" -------------
	var serviceID ServiceID

	err = runtime.BindStyledParameterWithOptions("simple", "serviceId", r.PathValue("serviceId"), &serviceID, runtime.BindStyledParameterOptions{ParamLocation: runtime.ParamLocationPath, Explode: false, Required: true, Type: "string", Format: "", ValueIsUnescaped: true})
	if err != nil {
		siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "serviceId", Err: err})
		return
	}

	// ------------- Path parameter "partitionId" -------------
	var partitionID PartitionIDParameter

	err = runtime.BindStyledParameterWithOptions("simple", "partitionId", r.PathValue("partitionId"), &partitionID, runtime.BindStyledParameterOptions{ParamLocation: runtime.ParamLocationPath, Explode: false, Required: true, Type: "string", Format: "uuid", ValueIsUnescaped: true})
	if err != nil {
		siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "partitionId", Err: err})
		return
	}

	// Parameter object where we will unmarshal all parameters from the context
	var params StartQuorumLossParams

	// ------------- Required query parameter "api-version" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "api-version", r.URL.Query(), &params.APIVersion, runtime.BindQueryParameterOptions{Type: "string", Format: ""})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "api-version"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "api-version", Err: err})
		}
		return
	}

	// ------------- Required query parameter "OperationId" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "OperationId", r.URL.Query(), &params.OperationID, runtime.BindQueryParameterOptions{Type: "string", Format: "uuid"})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "OperationId"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "OperationId", Err: err})
		}
		return
	}

	// ------------- Required query parameter "QuorumLossMode" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "QuorumLossMode", r.URL.Query(), &params.QuorumLossMode, runtime.BindQueryParameterOptions{Type: "string", Format: ""})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "QuorumLossMode"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "QuorumLossMode", Err: err})
		}
		return
	}

	// ------------- Required query parameter "QuorumLossDuration" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "QuorumLossDuration", r.URL.Query(), &params.QuorumLossDuration, runtime.BindQueryParameterOptions{Type: "integer", Format: ""})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "QuorumLossDuration"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "QuorumLossDuration", Err: err})
		}
		return
	}

	// ------------- Optional query parameter "timeout" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, false, "timeout", r.URL.Query(), &params.Timeout, runtime.BindQueryParameterOptions{Type: "integer", Format: "int64"})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "timeout"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "timeout", Err: err})
		}
		return
	}

	handler := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		siw.Handler.StartQuorumLoss(w, r, serviceID, partitionID, params)
	}))

	for _, middleware := range siw.HandlerMiddlewares {
		handler = middleware(handler)
	}

	handler.ServeHTTP(w, r)
}

// StartPartitionRestart operation middleware
func (siw *ServerInterfaceWrapper) StartPartitionRestart(w http.ResponseWriter, r *http.Request) {

	var err error
	_ = err

	// ------------- Path parameter "serviceId" -------------
	var serviceID ServiceID

	err = runtime.BindStyledParameterWithOptions("simple", "serviceId", r.PathValue("serviceId"), &serviceID, runtime.BindStyledParameterOptions{ParamLocation: runtime.ParamLocationPath, Explode: false, Required: true, Type: "string", Format: "", ValueIsUnescaped: true})
	if err != nil {
		siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "serviceId", Err: err})
		return
	}

	// ------------- Path parameter "partitionId" -------------
	var partitionID PartitionIDParameter

	err = runtime.BindStyledParameterWithOptions("simple", "partitionId", r.PathValue("partitionId"), &partitionID, runtime.BindStyledParameterOptions{ParamLocation: runtime.ParamLocationPath, Explode: false, Required: true, Type: "string", Format: "uuid", ValueIsUnescaped: true})
	if err != nil {
		siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "partitionId", Err: err})
		return
	}

	// Parameter object where we will unmarshal all parameters from the context
	var params StartPartitionRestartParams

	// ------------- Required query parameter "api-version" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "api-version", r.URL.Query(), &params.APIVersion, runtime.BindQueryParameterOptions{Type: "string", Format: ""})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "api-version"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "api-version", Err: err})
		}
		return
	}

	// ------------- Required query parameter "OperationId" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "OperationId", r.URL.Query(), &params.OperationID, runtime.BindQueryParameterOptions{Type: "string", Format: "uuid"})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "OperationId"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "OperationId", Err: err})
		}
		return
	}

	// ------------- Required query parameter "RestartPartitionMode" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, true, "RestartPartitionMode", r.URL.Query(), &params.RestartPartitionMode, runtime.BindQueryParameterOptions{Type: "string", Format: ""})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "RestartPartitionMode"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "RestartPartitionMode", Err: err})
		}
		return
	}

	// ------------- Optional query parameter "timeout" -------------

	err = runtime.BindQueryParameterWithOptions("form", true, false, "timeout", r.URL.Query(), &params.Timeout, runtime.BindQueryParameterOptions{Type: "integer", Format: "int64"})
	if err != nil {
		var requiredError *runtime.RequiredParameterError
		if errors.As(err, &requiredError) {
			siw.ErrorHandlerFunc(w, r, &RequiredParamError{ParamName: "timeout"})
		} else {
			siw.ErrorHandlerFunc(w, r, &InvalidParamFormatError{ParamName: "timeout", Err: err})
		}
		return
	}

	handler := http.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		siw.Handler.StartPartitionRestart(w, r, serviceID, partitionID, params)
	}))

	for _, middleware := range siw.HandlerMiddlewares {
		handler = middleware(handler)
	}

	handler.ServeHTTP(w, r)
}

type UnescapedCookieParamError struct {
	ParamName string
	Err       error
}

func (e *UnescapedCookieParamError) Error() string {
	return fmt.Sprintf("error unescaping cookie parameter '%s'", e.ParamName)
}

func (e *UnescapedCookieParamError) Unwrap() error {
	return e.Err
}

type UnmarshalingParamError struct {
	ParamName string
	Err       error
}

func (e *UnmarshalingParamError) Error() string {
	return fmt.Sprintf("Error unmarshaling parameter %s as JSON: %s", e.ParamName, e.Err.Error())
}

func (e *UnmarshalingParamError) Unwrap() error {
	return e.Err
}

type RequiredParamError struct {
	ParamName string
}

func (e *RequiredParamError) Error() string {
	return fmt.Sprintf("Query argument %s is required, but not found", e.ParamName)
}

type RequiredHeaderError struct {
	ParamName string
	Err       error
}

func (e *RequiredHeaderError) Error() string {
	return fmt.Sprintf("Header parameter %s is required, but not found", e.ParamName)
}

func (e *RequiredHeaderError) Unwrap() error {
	return e.Err
}

type InvalidParamFormatError struct {
	ParamName string
	Err       error
}

func (e *InvalidParamFormatError) Error() string {
	return fmt.Sprintf("Invalid format for parameter %s: %s", e.ParamName, e.Err.Error())
}

func (e *InvalidParamFormatError) Unwrap() error {
	return e.Err
}

type TooManyValuesForParamError struct {
	ParamName string
	Count     int
}

func (e *TooManyValuesForParamError) Error() string {
	return fmt.Sprintf("Expected one value for %s, got %d", e.ParamName, e.Count)
}

// Handler creates http.Handler with routing matching OpenAPI spec.
func Handler(si ServerInterface) http.Handler {
	return HandlerWithOptions(si, StdHTTPServerOptions{})
}

// ServeMux is an abstraction of [http.ServeMux].
type ServeMux interface {
	HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request))
	http.Handler
}

type StdHTTPServerOptions struct {
	BaseURL          string
	BaseRouter       ServeMux
	Middlewares      []MiddlewareFunc
	ErrorHandlerFunc func(w http.ResponseWriter, r *http.Request, err error)
}

// HandlerFromMux creates http.Handler with routing matching OpenAPI spec based on the provided mux.
func HandlerFromMux(si ServerInterface, m ServeMux) http.Handler {
	return HandlerWithOptions(si, StdHTTPServerOptions{
		BaseRouter: m,
	})
}

func HandlerFromMuxWithBaseURL(si ServerInterface, m ServeMux, baseURL string) http.Handler {
	return HandlerWithOptions(si, StdHTTPServerOptions{
		BaseURL:    baseURL,
		BaseRouter: m,
	})
}

// HandlerWithOptions creates http.Handler with additional options
func HandlerWithOptions(si ServerInterface, options StdHTTPServerOptions) http.Handler {
	m := options.BaseRouter

	if m == nil {
		m = http.NewServeMux()
	}
	if options.ErrorHandlerFunc == nil {
		options.ErrorHandlerFunc = func(w http.ResponseWriter, r *http.Request, err error) {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	}

	wrapper := ServerInterfaceWrapper{
		Handler:            si,
		HandlerMiddlewares: options.Middlewares,
		ErrorHandlerFunc:   options.ErrorHandlerFunc,
	}

	m.HandleFunc(http.MethodGet+" "+options.BaseURL+"/Faults/{$}", wrapper.GetFaultOperationList)
	m.HandleFunc(http.MethodPost+" "+options.BaseURL+"/Faults/$/Cancel", wrapper.CancelOperation)
	m.HandleFunc(http.MethodGet+" "+options.BaseURL+"/Faults/Nodes/{nodeName}/$/GetTransitionProgress", wrapper.GetNodeTransitionProgress)
	m.HandleFunc(http.MethodPost+" "+options.BaseURL+"/Faults/Nodes/{nodeName}/$/StartTransition/{$}", wrapper.StartNodeTransition)
	m.HandleFunc(http.MethodGet+" "+options.BaseURL+"/Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetDataLossProgress", wrapper.GetDataLossProgress)
	m.HandleFunc(http.MethodGet+" "+options.BaseURL+"/Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetQuorumLossProgress", wrapper.GetQuorumLossProgress)
	m.HandleFunc(http.MethodGet+" "+options.BaseURL+"/Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetRestartProgress", wrapper.GetPartitionRestartProgress)
	m.HandleFunc(http.MethodPost+" "+options.BaseURL+"/Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartDataLoss", wrapper.StartDataLoss)
	m.HandleFunc(http.MethodPost+" "+options.BaseURL+"/Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartQuorumLoss", wrapper.StartQuorumLoss)
	m.HandleFunc(http.MethodPost+" "+options.BaseURL+"/Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartRestart", wrapper.StartPartitionRestart)

	return m
}

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

type StrictHandlerFunc func(ctx context.Context, w http.ResponseWriter, r *http.Request, request any) (any, error)
type StrictMiddlewareFunc func(f StrictHandlerFunc, operationID string) StrictHandlerFunc

type StrictHTTPServerOptions struct {
	RequestErrorHandlerFunc  func(w http.ResponseWriter, r *http.Request, err error)
	ResponseErrorHandlerFunc func(w http.ResponseWriter, r *http.Request, err error)
}

func NewStrictHandler(ssi StrictServerInterface, middlewares []StrictMiddlewareFunc) ServerInterface {
	return &strictHandler{ssi: ssi, middlewares: middlewares, options: StrictHTTPServerOptions{
		RequestErrorHandlerFunc: func(w http.ResponseWriter, r *http.Request, err error) {
			http.Error(w, err.Error(), http.StatusBadRequest)
		},
		ResponseErrorHandlerFunc: func(w http.ResponseWriter, r *http.Request, err error) {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		},
	}}
}

func NewStrictHandlerWithOptions(ssi StrictServerInterface, middlewares []StrictMiddlewareFunc, options StrictHTTPServerOptions) ServerInterface {
	if options.RequestErrorHandlerFunc == nil {
		options.RequestErrorHandlerFunc = func(w http.ResponseWriter, r *http.Request, err error) {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	}
	if options.ResponseErrorHandlerFunc == nil {
		options.ResponseErrorHandlerFunc = func(w http.ResponseWriter, r *http.Request, err error) {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}
	return &strictHandler{ssi: ssi, middlewares: middlewares, options: options}
}

type strictHandler struct {
	ssi         StrictServerInterface
	middlewares []StrictMiddlewareFunc
	options     StrictHTTPServerOptions
}

// GetFaultOperationList operation middleware
func (sh *strictHandler) GetFaultOperationList(w http.ResponseWriter, r *http.Request, params GetFaultOperationListParams) {
	var request GetFaultOperationListRequestObject

	request.Params = params

	handler := func(ctx context.Context, w http.ResponseWriter, r *http.Request, request interface{}) (interface{}, error) {
		return sh.ssi.GetFaultOperationList(ctx, request.(GetFaultOperationListRequestObject))
	}
	for _, middleware := range sh.middlewares {
		handler = middleware(handler, "GetFaultOperationList")
	}

	response, err := handler(r.Context(), w, r, request)

	if err != nil {
		sh.options.ResponseErrorHandlerFunc(w, r, err)
	} else if validResponse, ok := response.(GetFaultOperationListResponseObject); ok {
		if err := validResponse.VisitGetFaultOperationListResponse(w); err != nil {
			sh.options.ResponseErrorHandlerFunc(w, r, err)
		}
	} else if response != nil {
		sh.options.ResponseErrorHandlerFunc(w, r, fmt.Errorf("unexpected response type: %T", response))
	}
}

// CancelOperation operation middleware
func (sh *strictHandler) CancelOperation(w http.ResponseWriter, r *http.Request, params CancelOperationParams) {
	var request CancelOperationRequestObject

	request.Params = params

	handler := func(ctx context.Context, w http.ResponseWriter, r *http.Request, request interface{}) (interface{}, error) {
		return sh.ssi.CancelOperation(ctx, request.(CancelOperationRequestObject))
	}
	for _, middleware := range sh.middlewares {
		handler = middleware(handler, "CancelOperation")
	}

	response, err := handler(r.Context(), w, r, request)

	if err != nil {
		sh.options.ResponseErrorHandlerFunc(w, r, err)
	} else if validResponse, ok := response.(CancelOperationResponseObject); ok {
		if err := validResponse.VisitCancelOperationResponse(w); err != nil {
			sh.options.ResponseErrorHandlerFunc(w, r, err)
		}
	} else if response != nil {
		sh.options.ResponseErrorHandlerFunc(w, r, fmt.Errorf("unexpected response type: %T", response))
	}
}

// GetNodeTransitionProgress operation middleware
func (sh *strictHandler) GetNodeTransitionProgress(w http.ResponseWriter, r *http.Request, nodeName NodeNameParameter, params GetNodeTransitionProgressParams) {
	var request GetNodeTransitionProgressRequestObject

	request.NodeName = nodeName
	request.Params = params

	handler := func(ctx context.Context, w http.ResponseWriter, r *http.Request, request interface{}) (interface{}, error) {
		return sh.ssi.GetNodeTransitionProgress(ctx, request.(GetNodeTransitionProgressRequestObject))
	}
	for _, middleware := range sh.middlewares {
		handler = middleware(handler, "GetNodeTransitionProgress")
	}

	response, err := handler(r.Context(), w, r, request)

	if err != nil {
		sh.options.ResponseErrorHandlerFunc(w, r, err)
	} else if validResponse, ok := response.(GetNodeTransitionProgressResponseObject); ok {
		if err := validResponse.VisitGetNodeTransitionProgressResponse(w); err != nil {
			sh.options.ResponseErrorHandlerFunc(w, r, err)
		}
	} else if response != nil {
		sh.options.ResponseErrorHandlerFunc(w, r, fmt.Errorf("unexpected response type: %T", response))
	}
}

// StartNodeTransition operation middleware
func (sh *strictHandler) StartNodeTransition(w http.ResponseWriter, r *http.Request, nodeName NodeNameParameter, params StartNodeTransitionParams) {
	var request StartNodeTransitionRequestObject

	request.NodeName = nodeName
	request.Params = params

	handler := func(ctx context.Context, w http.ResponseWriter, r *http.Request, request interface{}) (interface{}, error) {
		return sh.ssi.StartNodeTransition(ctx, request.(StartNodeTransitionRequestObject))
	}
	for _, middleware := range sh.middlewares {
		handler = middleware(handler, "StartNodeTransition")
	}

	response, err := handler(r.Context(), w, r, request)

	if err != nil {
		sh.options.ResponseErrorHandlerFunc(w, r, err)
	} else if validResponse, ok := response.(StartNodeTransitionResponseObject); ok {
		if err := validResponse.VisitStartNodeTransitionResponse(w); err != nil {
			sh.options.ResponseErrorHandlerFunc(w, r, err)
		}
	} else if response != nil {
		sh.options.ResponseErrorHandlerFunc(w, r, fmt.Errorf("unexpected response type: %T", response))
	}
}

// GetDataLossProgress operation middleware
func (sh *strictHandler) GetDataLossProgress(w http.ResponseWriter, r *http.Request, serviceID ServiceID, partitionID PartitionIDParameter, params GetDataLossProgressParams) {
	var request GetDataLossProgressRequestObject

	request.ServiceID = serviceID
	request.PartitionID = partitionID
	request.Params = params

	handler := func(ctx context.Context, w http.ResponseWriter, r *http.Request, request interface{}) (interface{}, error) {
		return sh.ssi.GetDataLossProgress(ctx, request.(GetDataLossProgressRequestObject))
	}
	for _, middleware := range sh.middlewares {
		handler = middleware(handler, "GetDataLossProgress")
	}

	response, err := handler(r.Context(), w, r, request)

	if err != nil {
		sh.options.ResponseErrorHandlerFunc(w, r, err)
	} else if validResponse, ok := response.(GetDataLossProgressResponseObject); ok {
		if err := validResponse.VisitGetDataLossProgressResponse(w); err != nil {
			sh.options.ResponseErrorHandlerFunc(w, r, err)
		}
	} else if response != nil {
		sh.options.ResponseErrorHandlerFunc(w, r, fmt.Errorf("unexpected response type: %T", response))
	}
}

// GetQuorumLossProgress operation middleware
func (sh *strictHandler) GetQuorumLossProgress(w http.ResponseWriter, r *http.Request, serviceID ServiceID, partitionID PartitionIDParameter, params GetQuorumLossProgressParams) {
	var request GetQuorumLossProgressRequestObject

	request.ServiceID = serviceID
	request.PartitionID = partitionID
	request.Params = params

	handler := func(ctx context.Context, w http.ResponseWriter, r *http.Request, request interface{}) (interface{}, error) {
		return sh.ssi.GetQuorumLossProgress(ctx, request.(GetQuorumLossProgressRequestObject))
	}
	for _, middleware := range sh.middlewares {
		handler = middleware(handler, "GetQuorumLossProgress")
	}

	response, err := handler(r.Context(), w, r, request)

	if err != nil {
		sh.options.ResponseErrorHandlerFunc(w, r, err)
	} else if validResponse, ok := response.(GetQuorumLossProgressResponseObject); ok {
		if err := validResponse.VisitGetQuorumLossProgressResponse(w); err != nil {
			sh.options.ResponseErrorHandlerFunc(w, r, err)
		}
	} else if response != nil {
		sh.options.ResponseErrorHandlerFunc(w, r, fmt.Errorf("unexpected response type: %T", response))
	}
}

// GetPartitionRestartProgress operation middleware
func (sh *strictHandler) GetPartitionRestartProgress(w http.ResponseWriter, r *http.Request, serviceID ServiceID, partitionID PartitionIDParameter, params GetPartitionRestartProgressParams) {
	var request GetPartitionRestartProgressRequestObject

	request.ServiceID = serviceID
	request.PartitionID = partitionID
	request.Params = params

	handler := func(ctx context.Context, w http.ResponseWriter, r *http.Request, request interface{}) (interface{}, error) {
		return sh.ssi.GetPartitionRestartProgress(ctx, request.(GetPartitionRestartProgressRequestObject))
	}
	for _, middleware := range sh.middlewares {
		handler = middleware(handler, "GetPartitionRestartProgress")
	}

	response, err := handler(r.Context(), w, r, request)

	if err != nil {
		sh.options.ResponseErrorHandlerFunc(w, r, err)
	} else if validResponse, ok := response.(GetPartitionRestartProgressResponseObject); ok {
		if err := validResponse.VisitGetPartitionRestartProgressResponse(w); err != nil {
			sh.options.ResponseErrorHandlerFunc(w, r, err)
		}
	} else if response != nil {
		sh.options.ResponseErrorHandlerFunc(w, r, fmt.Errorf("unexpected response type: %T", response))
	}
}

// StartDataLoss operation middleware
func (sh *strictHandler) StartDataLoss(w http.ResponseWriter, r *http.Request, serviceID ServiceID, partitionID PartitionIDParameter, params StartDataLossParams) {
	var request StartDataLossRequestObject

	request.ServiceID = serviceID
	request.PartitionID = partitionID
	request.Params = params

	handler := func(ctx context.Context, w http.ResponseWriter, r *http.Request, request interface{}) (interface{}, error) {
		return sh.ssi.StartDataLoss(ctx, request.(StartDataLossRequestObject))
	}
	for _, middleware := range sh.middlewares {
		handler = middleware(handler, "StartDataLoss")
	}

	response, err := handler(r.Context(), w, r, request)

	if err != nil {
		sh.options.ResponseErrorHandlerFunc(w, r, err)
	} else if validResponse, ok := response.(StartDataLossResponseObject); ok {
		if err := validResponse.VisitStartDataLossResponse(w); err != nil {
			sh.options.ResponseErrorHandlerFunc(w, r, err)
		}
	} else if response != nil {
		sh.options.ResponseErrorHandlerFunc(w, r, fmt.Errorf("unexpected response type: %T", response))
	}
}

// StartQuorumLoss operation middleware
func (sh *strictHandler) StartQuorumLoss(w http.ResponseWriter, r *http.Request, serviceID ServiceID, partitionID PartitionIDParameter, params StartQuorumLossParams) {
	var request StartQuorumLossRequestObject

	request.ServiceID = serviceID
	request.PartitionID = partitionID
	request.Params = params

	handler := func(ctx context.Context, w http.ResponseWriter, r *http.Request, request interface{}) (interface{}, error) {
		return sh.ssi.StartQuorumLoss(ctx, request.(StartQuorumLossRequestObject))
	}
	for _, middleware := range sh.middlewares {
		handler = middleware(handler, "StartQuorumLoss")
	}

	response, err := handler(r.Context(), w, r, request)

	if err != nil {
		sh.options.ResponseErrorHandlerFunc(w, r, err)
	} else if validResponse, ok := response.(StartQuorumLossResponseObject); ok {
		if err := validResponse.VisitStartQuorumLossResponse(w); err != nil {
			sh.options.ResponseErrorHandlerFunc(w, r, err)
		}
	} else if response != nil {
		sh.options.ResponseErrorHandlerFunc(w, r, fmt.Errorf("unexpected response type: %T", response))
	}
}

// StartPartitionRestart operation middleware
func (sh *strictHandler) StartPartitionRestart(w http.ResponseWriter, r *http.Request, serviceID ServiceID, partitionID PartitionIDParameter, params StartPartitionRestartParams) {
	var request StartPartitionRestartRequestObject

	request.ServiceID = serviceID
	request.PartitionID = partitionID
	request.Params = params

	handler := func(ctx context.Context, w http.ResponseWriter, r *http.Request, request interface{}) (interface{}, error) {
		return sh.ssi.StartPartitionRestart(ctx, request.(StartPartitionRestartRequestObject))
	}
	for _, middleware := range sh.middlewares {
		handler = middleware(handler, "StartPartitionRestart")
	}

	response, err := handler(r.Context(), w, r, request)

	if err != nil {
		sh.options.ResponseErrorHandlerFunc(w, r, err)
	} else if validResponse, ok := response.(StartPartitionRestartResponseObject); ok {
		if err := validResponse.VisitStartPartitionRestartResponse(w); err != nil {
			sh.options.ResponseErrorHandlerFunc(w, r, err)
		}
	} else if response != nil {
		sh.options.ResponseErrorHandlerFunc(w, r, fmt.Errorf("unexpected response type: %T", response))
	}
}

// Unimplemented answers every operation with [ErrUnimplemented]. Embed it by value in an
// implementation that has only some of the operations: it then goes on compiling when the document
// gains one. The zero value is ready, and safe for concurrent use.
type Unimplemented struct{}

var _ StrictServerInterface = Unimplemented{}

// ErrUnimplemented is what [Unimplemented] returns, wrapped with the name of the operation.
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
