// Code generated from openapi/faults.yaml by openapi/generate. DO NOT EDIT.

package generated

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/oapi-codegen/runtime"
)

// RequestEditorFn is the function signature for the RequestEditor callback function
type RequestEditorFn func(ctx context.Context, req *http.Request) error

// Doer performs HTTP requests.
//
// The standard http.Client implements this interface.
type HttpRequestDoer interface {
	Do(req *http.Request) (*http.Response, error)
}

// Client which conforms to the OpenAPI3 specification for this service.
type Client struct {
	// The endpoint of the server conforming to this interface, with scheme,
	// https://api.deepmap.com for example. This can contain a path relative
	// to the server, such as https://api.deepmap.com/dev-test, and all the
	// paths in the swagger spec will be appended to the server.
	Server string

	// Doer for performing requests, typically a *http.Client with any
	// customized settings, such as certificate chains.
	Client HttpRequestDoer

	// A list of callbacks for modifying requests which are generated before sending over
	// the network.
	RequestEditors []RequestEditorFn
}

// ClientOption allows setting custom parameters during construction
type ClientOption func(*Client) error

// Creates a new Client, with reasonable defaults
func NewClient(server string, opts ...ClientOption) (*Client, error) {
	// create a client with sane default values
	client := Client{
		Server: server,
	}
	// mutate client and add all optional params
	for _, o := range opts {
		if err := o(&client); err != nil {
			return nil, err
		}
	}
	// ensure the server URL always has a trailing slash
	if !strings.HasSuffix(client.Server, "/") {
		client.Server += "/"
	}
	// create httpClient, if not already present
	if client.Client == nil {
		client.Client = &http.Client{}
	}
	return &client, nil
}

// WithHTTPClient allows overriding the default Doer, which is
// automatically created using http.Client. This is useful for tests.
func WithHTTPClient(doer HttpRequestDoer) ClientOption {
	return func(c *Client) error {
		c.Client = doer
		return nil
	}
}

// WithRequestEditorFn allows setting up a callback function, which will be
// called right before sending the request. This can be used to mutate the request.
func WithRequestEditorFn(fn RequestEditorFn) ClientOption {
	return func(c *Client) error {
		c.RequestEditors = append(c.RequestEditors, fn)
		return nil
	}
}

// The interface specification for the client above.
type ClientInterface interface {

	// GetFaultOperationList List fault operations
	//
	// Every operation the cluster still remembers, running or finished, that matches both filters. The order means
	// nothing, and there are no pages.
	//
	// Corresponds with GET /Faults/ (the `GetFaultOperationList` operationId).
	GetFaultOperationList(ctx context.Context, params *GetFaultOperationListParams, reqEditors ...RequestEditorFn) (*http.Response, error)

	// CancelOperation Cancel a fault operation
	//
	// Ends an operation that StartDataLoss, StartQuorumLoss, StartPartitionRestart or StartNodeTransition began.
	//
	// With Force=false the cancel is graceful: the operation stops, and what it changed inside the system is undone.
	// With Force=true the operation is abandoned where it stands, and some of those changes may stay. That is the
	// last resort, for a graceful cancel that does not come to an end. Force=true is refused unless a call with
	// Force=false has named the same id before, or the operation is RollingBack already.
	//
	// An operation is RollingBack while the system undoes its own changes, or is about to. Nothing gives back the
	// data that a data loss took.
	//
	// Corresponds with POST /Faults/$/Cancel (the `CancelOperation` operationId).
	CancelOperation(ctx context.Context, params *CancelOperationParams, reqEditors ...RequestEditorFn) (*http.Response, error)

	// GetNodeTransitionProgress Read the progress of a node transition
	//
	// The state of the transition with this id, and its result once there is one.
	//
	// Corresponds with GET /Faults/Nodes/{nodeName}/$/GetTransitionProgress (the `GetNodeTransitionProgress` operationId).
	GetNodeTransitionProgress(ctx context.Context, nodeName NodeNameParameter, params *GetNodeTransitionProgressParams, reqEditors ...RequestEditorFn) (*http.Response, error)

	// StartNodeTransition Start a node transition
	//
	// Stops a node for a while, or starts one stopped this way. A node has one transition at a time.
	//
	// Corresponds with POST /Faults/Nodes/{nodeName}/$/StartTransition/ (the `StartNodeTransition` operationId).
	StartNodeTransition(ctx context.Context, nodeName NodeNameParameter, params *StartNodeTransitionParams, reqEditors ...RequestEditorFn) (*http.Response, error)

	// GetDataLossProgress Read the progress of a data loss
	//
	// The state of the data loss with this id, and its result once there is one.
	//
	// Corresponds with GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetDataLossProgress (the `GetDataLossProgress` operationId).
	GetDataLossProgress(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params *GetDataLossProgressParams, reqEditors ...RequestEditorFn) (*http.Response, error)

	// GetQuorumLossProgress Read the progress of a quorum loss
	//
	// The state of the quorum loss with this id, and its result once there is one.
	//
	// Corresponds with GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetQuorumLossProgress (the `GetQuorumLossProgress` operationId).
	GetQuorumLossProgress(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params *GetQuorumLossProgressParams, reqEditors ...RequestEditorFn) (*http.Response, error)

	// GetPartitionRestartProgress Read the progress of a partition restart
	//
	// The state of the restart with this id, and its result once there is one.
	//
	// Corresponds with GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetRestartProgress (the `GetPartitionRestartProgress` operationId).
	GetPartitionRestartProgress(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params *GetPartitionRestartProgressParams, reqEditors ...RequestEditorFn) (*http.Response, error)

	// StartDataLoss Start a data loss
	//
	// Makes one partition of a stateful service lose data. The id names the operation in later calls.
	//
	// Corresponds with POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartDataLoss (the `StartDataLoss` operationId).
	StartDataLoss(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params *StartDataLossParams, reqEditors ...RequestEditorFn) (*http.Response, error)

	// StartQuorumLoss Start a quorum loss
	//
	// Takes away the write quorum of one partition of a stateful, persisted service for a while.
	//
	// Corresponds with POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartQuorumLoss (the `StartQuorumLoss` operationId).
	StartQuorumLoss(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params *StartQuorumLossParams, reqEditors ...RequestEditorFn) (*http.Response, error)

	// StartPartitionRestart Start a partition restart
	//
	// Restarts replicas or instances of one partition, all of them or the active secondaries.
	//
	// Corresponds with POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartRestart (the `StartPartitionRestart` operationId).
	StartPartitionRestart(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params *StartPartitionRestartParams, reqEditors ...RequestEditorFn) (*http.Response, error)
}

// GetFaultOperationList List fault operations
//
// Every operation the cluster still remembers, running or finished, that matches both filters. The order means
// nothing, and there are no pages.
//
// Corresponds with GET /Faults/ (the `GetFaultOperationList` operationId).
func (c *Client) GetFaultOperationList(ctx context.Context, params *GetFaultOperationListParams, reqEditors ...RequestEditorFn) (*http.Response, error) {
	req, err := NewGetFaultOperationListRequest(c.Server, params)
	if err != nil {
		return nil, err
	}
	req = req.WithContext(ctx)
	if err := c.applyEditors(ctx, req, reqEditors); err != nil {
		return nil, err
	}
	return c.Client.Do(req)
}

// CancelOperation Cancel a fault operation
//
// Ends an operation that StartDataLoss, StartQuorumLoss, StartPartitionRestart or StartNodeTransition began.
//
// With Force=false the cancel is graceful: the operation stops, and what it changed inside the system is undone.
// With Force=true the operation is abandoned where it stands, and some of those changes may stay. That is the
// last resort, for a graceful cancel that does not come to an end. Force=true is refused unless a call with
// Force=false has named the same id before, or the operation is RollingBack already.
//
// An operation is RollingBack while the system undoes its own changes, or is about to. Nothing gives back the
// data that a data loss took.
//
// Corresponds with POST /Faults/$/Cancel (the `CancelOperation` operationId).
func (c *Client) CancelOperation(ctx context.Context, params *CancelOperationParams, reqEditors ...RequestEditorFn) (*http.Response, error) {
	req, err := NewCancelOperationRequest(c.Server, params)
	if err != nil {
		return nil, err
	}
	req = req.WithContext(ctx)
	if err := c.applyEditors(ctx, req, reqEditors); err != nil {
		return nil, err
	}
	return c.Client.Do(req)
}

// GetNodeTransitionProgress Read the progress of a node transition
//
// The state of the transition with this id, and its result once there is one.
//
// Corresponds with GET /Faults/Nodes/{nodeName}/$/GetTransitionProgress (the `GetNodeTransitionProgress` operationId).
func (c *Client) GetNodeTransitionProgress(ctx context.Context, nodeName NodeNameParameter, params *GetNodeTransitionProgressParams, reqEditors ...RequestEditorFn) (*http.Response, error) {
	req, err := NewGetNodeTransitionProgressRequest(c.Server, nodeName, params)
	if err != nil {
		return nil, err
	}
	req = req.WithContext(ctx)
	if err := c.applyEditors(ctx, req, reqEditors); err != nil {
		return nil, err
	}
	return c.Client.Do(req)
}

// StartNodeTransition Start a node transition
//
// Stops a node for a while, or starts one stopped this way. A node has one transition at a time.
//
// Corresponds with POST /Faults/Nodes/{nodeName}/$/StartTransition/ (the `StartNodeTransition` operationId).
func (c *Client) StartNodeTransition(ctx context.Context, nodeName NodeNameParameter, params *StartNodeTransitionParams, reqEditors ...RequestEditorFn) (*http.Response, error) {
	req, err := NewStartNodeTransitionRequest(c.Server, nodeName, params)
	if err != nil {
		return nil, err
	}
	req = req.WithContext(ctx)
	if err := c.applyEditors(ctx, req, reqEditors); err != nil {
		return nil, err
	}
	return c.Client.Do(req)
}

// GetDataLossProgress Read the progress of a data loss
//
// The state of the data loss with this id, and its result once there is one.
//
// Corresponds with GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetDataLossProgress (the `GetDataLossProgress` operationId).
func (c *Client) GetDataLossProgress(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params *GetDataLossProgressParams, reqEditors ...RequestEditorFn) (*http.Response, error) {
	req, err := NewGetDataLossProgressRequest(c.Server, serviceID, partitionID, params)
	if err != nil {
		return nil, err
	}
	req = req.WithContext(ctx)
	if err := c.applyEditors(ctx, req, reqEditors); err != nil {
		return nil, err
	}
	return c.Client.Do(req)
}

// GetQuorumLossProgress Read the progress of a quorum loss
//
// The state of the quorum loss with this id, and its result once there is one.
//
// Corresponds with GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetQuorumLossProgress (the `GetQuorumLossProgress` operationId).
func (c *Client) GetQuorumLossProgress(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params *GetQuorumLossProgressParams, reqEditors ...RequestEditorFn) (*http.Response, error) {
	req, err := NewGetQuorumLossProgressRequest(c.Server, serviceID, partitionID, params)
	if err != nil {
		return nil, err
	}
	req = req.WithContext(ctx)
	if err := c.applyEditors(ctx, req, reqEditors); err != nil {
		return nil, err
	}
	return c.Client.Do(req)
}

// GetPartitionRestartProgress Read the progress of a partition restart
//
// The state of the restart with this id, and its result once there is one.
//
// Corresponds with GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetRestartProgress (the `GetPartitionRestartProgress` operationId).
func (c *Client) GetPartitionRestartProgress(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params *GetPartitionRestartProgressParams, reqEditors ...RequestEditorFn) (*http.Response, error) {
	req, err := NewGetPartitionRestartProgressRequest(c.Server, serviceID, partitionID, params)
	if err != nil {
		return nil, err
	}
	req = req.WithContext(ctx)
	if err := c.applyEditors(ctx, req, reqEditors); err != nil {
		return nil, err
	}
	return c.Client.Do(req)
}

// StartDataLoss Start a data loss
//
// Makes one partition of a stateful service lose data. The id names the operation in later calls.
//
// Corresponds with POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartDataLoss (the `StartDataLoss` operationId).
func (c *Client) StartDataLoss(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params *StartDataLossParams, reqEditors ...RequestEditorFn) (*http.Response, error) {
	req, err := NewStartDataLossRequest(c.Server, serviceID, partitionID, params)
	if err != nil {
		return nil, err
	}
	req = req.WithContext(ctx)
	if err := c.applyEditors(ctx, req, reqEditors); err != nil {
		return nil, err
	}
	return c.Client.Do(req)
}

// StartQuorumLoss Start a quorum loss
//
// Takes away the write quorum of one partition of a stateful, persisted service for a while.
//
// Corresponds with POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartQuorumLoss (the `StartQuorumLoss` operationId).
func (c *Client) StartQuorumLoss(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params *StartQuorumLossParams, reqEditors ...RequestEditorFn) (*http.Response, error) {
	req, err := NewStartQuorumLossRequest(c.Server, serviceID, partitionID, params)
	if err != nil {
		return nil, err
	}
	req = req.WithContext(ctx)
	if err := c.applyEditors(ctx, req, reqEditors); err != nil {
		return nil, err
	}
	return c.Client.Do(req)
}

// StartPartitionRestart Start a partition restart
//
// Restarts replicas or instances of one partition, all of them or the active secondaries.
//
// Corresponds with POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartRestart (the `StartPartitionRestart` operationId).
func (c *Client) StartPartitionRestart(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params *StartPartitionRestartParams, reqEditors ...RequestEditorFn) (*http.Response, error) {
	req, err := NewStartPartitionRestartRequest(c.Server, serviceID, partitionID, params)
	if err != nil {
		return nil, err
	}
	req = req.WithContext(ctx)
	if err := c.applyEditors(ctx, req, reqEditors); err != nil {
		return nil, err
	}
	return c.Client.Do(req)
}

// NewGetFaultOperationListRequest constructs an http.Request for the GetFaultOperationList method
func NewGetFaultOperationListRequest(server string, params *GetFaultOperationListParams) (*http.Request, error) {
	var err error

	serverURL, err := url.Parse(server)
	if err != nil {
		return nil, err
	}

	operationPath := fmt.Sprintf("/Faults/")
	if operationPath[0] == '/' {
		operationPath = "." + operationPath
	}

	queryURL, err := serverURL.Parse(operationPath)
	if err != nil {
		return nil, err
	}

	if params != nil {
		// queryValues collects non-styled parameters (passthrough, JSON)
		// that are safe to round-trip through url.Values.Encode().
		queryValues := queryURL.Query()
		// rawQueryFragments collects pre-encoded query fragments from
		// styled parameters, preserving literal commas as delimiters
		// per the OpenAPI spec (e.g. "color=blue,black,brown").
		var rawQueryFragments []string

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "api-version", params.APIVersion, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "string", Format: ""}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "StateFilter", params.StateFilter, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "integer", Format: ""}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "TypeFilter", params.TypeFilter, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "integer", Format: ""}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if params.Timeout != nil {

			if queryFrag, err := runtime.StyleParamWithOptions("form", true, "timeout", *params.Timeout, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "integer", Format: "int64"}); err != nil {
				return nil, err
			} else {
				for _, qp := range strings.Split(queryFrag, "&") {
					rawQueryFragments = append(rawQueryFragments, qp)
				}
			}

		}

		if encoded := queryValues.Encode(); encoded != "" {
			rawQueryFragments = append(rawQueryFragments, encoded)
		}
		queryURL.RawQuery = strings.Join(rawQueryFragments, "&")
	}

	req, err := http.NewRequest(http.MethodGet, queryURL.String(), nil)
	if err != nil {
		return nil, err
	}

	return req, nil
}

// NewCancelOperationRequest constructs an http.Request for the CancelOperation method
func NewCancelOperationRequest(server string, params *CancelOperationParams) (*http.Request, error) {
	var err error

	serverURL, err := url.Parse(server)
	if err != nil {
		return nil, err
	}

	operationPath := fmt.Sprintf("/Faults/$/Cancel")
	if operationPath[0] == '/' {
		operationPath = "." + operationPath
	}

	queryURL, err := serverURL.Parse(operationPath)
	if err != nil {
		return nil, err
	}

	if params != nil {
		// queryValues collects non-styled parameters (passthrough, JSON)
		// that are safe to round-trip through url.Values.Encode().
		queryValues := queryURL.Query()
		// rawQueryFragments collects pre-encoded query fragments from
		// styled parameters, preserving literal commas as delimiters
		// per the OpenAPI spec (e.g. "color=blue,black,brown").
		var rawQueryFragments []string

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "api-version", params.APIVersion, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "string", Format: ""}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "OperationId", params.OperationID, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "string", Format: "uuid"}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "Force", params.Force, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "boolean", Format: ""}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if params.Timeout != nil {

			if queryFrag, err := runtime.StyleParamWithOptions("form", true, "timeout", *params.Timeout, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "integer", Format: "int64"}); err != nil {
				return nil, err
			} else {
				for _, qp := range strings.Split(queryFrag, "&") {
					rawQueryFragments = append(rawQueryFragments, qp)
				}
			}

		}

		if encoded := queryValues.Encode(); encoded != "" {
			rawQueryFragments = append(rawQueryFragments, encoded)
		}
		queryURL.RawQuery = strings.Join(rawQueryFragments, "&")
	}

	req, err := http.NewRequest(http.MethodPost, queryURL.String(), nil)
	if err != nil {
		return nil, err
	}

	return req, nil
}

// NewGetNodeTransitionProgressRequest constructs an http.Request for the GetNodeTransitionProgress method
func NewGetNodeTransitionProgressRequest(server string, nodeName NodeNameParameter, params *GetNodeTransitionProgressParams) (*http.Request, error) {
	var err error

	var pathParam0 string

	pathParam0, err = runtime.StyleParamWithOptions("simple", false, "nodeName", nodeName, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationPath, Type: "string", Format: ""})
	if err != nil {
		return nil, err
	}

	serverURL, err := url.Parse(server)
	if err != nil {
		return nil, err
	}

	operationPath := fmt.Sprintf("/Faults/Nodes/%s/$/GetTransitionProgress", pathParam0)
	if operationPath[0] == '/' {
		operationPath = "." + operationPath
	}

	queryURL, err := serverURL.Parse(operationPath)
	if err != nil {
		return nil, err
	}

	if params != nil {
		// queryValues collects non-styled parameters (passthrough, JSON)
		// that are safe to round-trip through url.Values.Encode().
		queryValues := queryURL.Query()
		// rawQueryFragments collects pre-encoded query fragments from
		// styled parameters, preserving literal commas as delimiters
		// per the OpenAPI spec (e.g. "color=blue,black,brown").
		var rawQueryFragments []string

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "api-version", params.APIVersion, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "string", Format: ""}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "OperationId", params.OperationID, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "string", Format: "uuid"}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if params.Timeout != nil {

			if queryFrag, err := runtime.StyleParamWithOptions("form", true, "timeout", *params.Timeout, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "integer", Format: "int64"}); err != nil {
				return nil, err
			} else {
				for _, qp := range strings.Split(queryFrag, "&") {
					rawQueryFragments = append(rawQueryFragments, qp)
				}
			}

		}

		if encoded := queryValues.Encode(); encoded != "" {
			rawQueryFragments = append(rawQueryFragments, encoded)
		}
		queryURL.RawQuery = strings.Join(rawQueryFragments, "&")
	}

	req, err := http.NewRequest(http.MethodGet, queryURL.String(), nil)
	if err != nil {
		return nil, err
	}

	return req, nil
}

// NewStartNodeTransitionRequest constructs an http.Request for the StartNodeTransition method
func NewStartNodeTransitionRequest(server string, nodeName NodeNameParameter, params *StartNodeTransitionParams) (*http.Request, error) {
	var err error

	var pathParam0 string

	pathParam0, err = runtime.StyleParamWithOptions("simple", false, "nodeName", nodeName, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationPath, Type: "string", Format: ""})
	if err != nil {
		return nil, err
	}

	serverURL, err := url.Parse(server)
	if err != nil {
		return nil, err
	}

	operationPath := fmt.Sprintf("/Faults/Nodes/%s/$/StartTransition/", pathParam0)
	if operationPath[0] == '/' {
		operationPath = "." + operationPath
	}

	queryURL, err := serverURL.Parse(operationPath)
	if err != nil {
		return nil, err
	}

	if params != nil {
		// queryValues collects non-styled parameters (passthrough, JSON)
		// that are safe to round-trip through url.Values.Encode().
		queryValues := queryURL.Query()
		// rawQueryFragments collects pre-encoded query fragments from
		// styled parameters, preserving literal commas as delimiters
		// per the OpenAPI spec (e.g. "color=blue,black,brown").
		var rawQueryFragments []string

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "api-version", params.APIVersion, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "string", Format: ""}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "OperationId", params.OperationID, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "string", Format: "uuid"}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "NodeInstanceId", params.NodeInstanceID, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "string", Format: ""}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "NodeTransitionType", params.NodeTransitionType, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "string", Format: ""}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "StopDurationInSeconds", params.StopDurationInSeconds, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "integer", Format: "int32"}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if params.Timeout != nil {

			if queryFrag, err := runtime.StyleParamWithOptions("form", true, "timeout", *params.Timeout, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "integer", Format: "int64"}); err != nil {
				return nil, err
			} else {
				for _, qp := range strings.Split(queryFrag, "&") {
					rawQueryFragments = append(rawQueryFragments, qp)
				}
			}

		}

		if encoded := queryValues.Encode(); encoded != "" {
			rawQueryFragments = append(rawQueryFragments, encoded)
		}
		queryURL.RawQuery = strings.Join(rawQueryFragments, "&")
	}

	req, err := http.NewRequest(http.MethodPost, queryURL.String(), nil)
	if err != nil {
		return nil, err
	}

	return req, nil
}

// NewGetDataLossProgressRequest constructs an http.Request for the GetDataLossProgress method
func NewGetDataLossProgressRequest(server string, serviceID ServiceID, partitionID PartitionIDParameter, params *GetDataLossProgressParams) (*http.Request, error) {
	var err error

	var pathParam0 string

	pathParam0, err = runtime.StyleParamWithOptions("simple", false, "serviceId", serviceID, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationPath, Type: "string", Format: ""})
	if err != nil {
		return nil, err
	}

	var pathParam1 string

	pathParam1, err = runtime.StyleParamWithOptions("simple", false, "partitionId", partitionID, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationPath, Type: "string", Format: "uuid"})
	if err != nil {
		return nil, err
	}

	serverURL, err := url.Parse(server)
	if err != nil {
		return nil, err
	}

	operationPath := fmt.Sprintf("/Faults/Services/%s/$/GetPartitions/%s/$/GetDataLossProgress", pathParam0, pathParam1)
	if operationPath[0] == '/' {
		operationPath = "." + operationPath
	}

	queryURL, err := serverURL.Parse(operationPath)
	if err != nil {
		return nil, err
	}

	if params != nil {
		// queryValues collects non-styled parameters (passthrough, JSON)
		// that are safe to round-trip through url.Values.Encode().
		queryValues := queryURL.Query()
		// rawQueryFragments collects pre-encoded query fragments from
		// styled parameters, preserving literal commas as delimiters
		// per the OpenAPI spec (e.g. "color=blue,black,brown").
		var rawQueryFragments []string

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "api-version", params.APIVersion, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "string", Format: ""}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "OperationId", params.OperationID, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "string", Format: "uuid"}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if params.Timeout != nil {

			if queryFrag, err := runtime.StyleParamWithOptions("form", true, "timeout", *params.Timeout, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "integer", Format: "int64"}); err != nil {
				return nil, err
			} else {
				for _, qp := range strings.Split(queryFrag, "&") {
					rawQueryFragments = append(rawQueryFragments, qp)
				}
			}

		}

		if encoded := queryValues.Encode(); encoded != "" {
			rawQueryFragments = append(rawQueryFragments, encoded)
		}
		queryURL.RawQuery = strings.Join(rawQueryFragments, "&")
	}

	req, err := http.NewRequest(http.MethodGet, queryURL.String(), nil)
	if err != nil {
		return nil, err
	}

	return req, nil
}

// NewGetQuorumLossProgressRequest constructs an http.Request for the GetQuorumLossProgress method
func NewGetQuorumLossProgressRequest(server string, serviceID ServiceID, partitionID PartitionIDParameter, params *GetQuorumLossProgressParams) (*http.Request, error) {
	var err error

	var pathParam0 string

	pathParam0, err = runtime.StyleParamWithOptions("simple", false, "serviceId", serviceID, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationPath, Type: "string", Format: ""})
	if err != nil {
		return nil, err
	}

	var pathParam1 string

	pathParam1, err = runtime.StyleParamWithOptions("simple", false, "partitionId", partitionID, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationPath, Type: "string", Format: "uuid"})
	if err != nil {
		return nil, err
	}

	serverURL, err := url.Parse(server)
	if err != nil {
		return nil, err
	}

	operationPath := fmt.Sprintf("/Faults/Services/%s/$/GetPartitions/%s/$/GetQuorumLossProgress", pathParam0, pathParam1)
	if operationPath[0] == '/' {
		operationPath = "." + operationPath
	}

	queryURL, err := serverURL.Parse(operationPath)
	if err != nil {
		return nil, err
	}

	if params != nil {
		// queryValues collects non-styled parameters (passthrough, JSON)
		// that are safe to round-trip through url.Values.Encode().
		queryValues := queryURL.Query()
		// rawQueryFragments collects pre-encoded query fragments from
		// styled parameters, preserving literal commas as delimiters
		// per the OpenAPI spec (e.g. "color=blue,black,brown").
		var rawQueryFragments []string

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "api-version", params.APIVersion, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "string", Format: ""}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "OperationId", params.OperationID, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "string", Format: "uuid"}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if params.Timeout != nil {

			if queryFrag, err := runtime.StyleParamWithOptions("form", true, "timeout", *params.Timeout, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "integer", Format: "int64"}); err != nil {
				return nil, err
			} else {
				for _, qp := range strings.Split(queryFrag, "&") {
					rawQueryFragments = append(rawQueryFragments, qp)
				}
			}

		}

		if encoded := queryValues.Encode(); encoded != "" {
			rawQueryFragments = append(rawQueryFragments, encoded)
		}
		queryURL.RawQuery = strings.Join(rawQueryFragments, "&")
	}

	req, err := http.NewRequest(http.MethodGet, queryURL.String(), nil)
	if err != nil {
		return nil, err
	}

	return req, nil
}

// NewGetPartitionRestartProgressRequest constructs an http.Request for the GetPartitionRestartProgress method
func NewGetPartitionRestartProgressRequest(server string, serviceID ServiceID, partitionID PartitionIDParameter, params *GetPartitionRestartProgressParams) (*http.Request, error) {
	var err error

	var pathParam0 string

	pathParam0, err = runtime.StyleParamWithOptions("simple", false, "serviceId", serviceID, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationPath, Type: "string", Format: ""})
	if err != nil {
		return nil, err
	}

	var pathParam1 string

	pathParam1, err = runtime.StyleParamWithOptions("simple", false, "partitionId", partitionID, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationPath, Type: "string", Format: "uuid"})
	if err != nil {
		return nil, err
	}

	serverURL, err := url.Parse(server)
	if err != nil {
		return nil, err
	}

	operationPath := fmt.Sprintf("/Faults/Services/%s/$/GetPartitions/%s/$/GetRestartProgress", pathParam0, pathParam1)
	if operationPath[0] == '/' {
		operationPath = "." + operationPath
	}

	queryURL, err := serverURL.Parse(operationPath)
	if err != nil {
		return nil, err
	}

	if params != nil {
		// queryValues collects non-styled parameters (passthrough, JSON)
		// that are safe to round-trip through url.Values.Encode().
		queryValues := queryURL.Query()
		// rawQueryFragments collects pre-encoded query fragments from
		// styled parameters, preserving literal commas as delimiters
		// per the OpenAPI spec (e.g. "color=blue,black,brown").
		var rawQueryFragments []string

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "api-version", params.APIVersion, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "string", Format: ""}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "OperationId", params.OperationID, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "string", Format: "uuid"}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if params.Timeout != nil {

			if queryFrag, err := runtime.StyleParamWithOptions("form", true, "timeout", *params.Timeout, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "integer", Format: "int64"}); err != nil {
				return nil, err
			} else {
				for _, qp := range strings.Split(queryFrag, "&") {
					rawQueryFragments = append(rawQueryFragments, qp)
				}
			}

		}

		if encoded := queryValues.Encode(); encoded != "" {
			rawQueryFragments = append(rawQueryFragments, encoded)
		}
		queryURL.RawQuery = strings.Join(rawQueryFragments, "&")
	}

	req, err := http.NewRequest(http.MethodGet, queryURL.String(), nil)
	if err != nil {
		return nil, err
	}

	return req, nil
}

// NewStartDataLossRequest constructs an http.Request for the StartDataLoss method
func NewStartDataLossRequest(server string, serviceID ServiceID, partitionID PartitionIDParameter, params *StartDataLossParams) (*http.Request, error) {
	var err error

	var pathParam0 string

	pathParam0, err = runtime.StyleParamWithOptions("simple", false, "serviceId", serviceID, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationPath, Type: "string", Format: ""})
	if err != nil {
		return nil, err
	}

	var pathParam1 string

	pathParam1, err = runtime.StyleParamWithOptions("simple", false, "partitionId", partitionID, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationPath, Type: "string", Format: "uuid"})
	if err != nil {
		return nil, err
	}

	serverURL, err := url.Parse(server)
	if err != nil {
		return nil, err
	}

	operationPath := fmt.Sprintf("/Faults/Services/%s/$/GetPartitions/%s/$/StartDataLoss", pathParam0, pathParam1)
	if operationPath[0] == '/' {
		operationPath = "." + operationPath
	}

	queryURL, err := serverURL.Parse(operationPath)
	if err != nil {
		return nil, err
	}

	if params != nil {
		// queryValues collects non-styled parameters (passthrough, JSON)
		// that are safe to round-trip through url.Values.Encode().
		queryValues := queryURL.Query()
		// rawQueryFragments collects pre-encoded query fragments from
		// styled parameters, preserving literal commas as delimiters
		// per the OpenAPI spec (e.g. "color=blue,black,brown").
		var rawQueryFragments []string

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "api-version", params.APIVersion, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "string", Format: ""}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "OperationId", params.OperationID, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "string", Format: "uuid"}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "DataLossMode", params.DataLossMode, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "string", Format: ""}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if params.Timeout != nil {

			if queryFrag, err := runtime.StyleParamWithOptions("form", true, "timeout", *params.Timeout, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "integer", Format: "int64"}); err != nil {
				return nil, err
			} else {
				for _, qp := range strings.Split(queryFrag, "&") {
					rawQueryFragments = append(rawQueryFragments, qp)
				}
			}

		}

		if encoded := queryValues.Encode(); encoded != "" {
			rawQueryFragments = append(rawQueryFragments, encoded)
		}
		queryURL.RawQuery = strings.Join(rawQueryFragments, "&")
	}

	req, err := http.NewRequest(http.MethodPost, queryURL.String(), nil)
	if err != nil {
		return nil, err
	}

	return req, nil
}

// NewStartQuorumLossRequest constructs an http.Request for the StartQuorumLoss method
func NewStartQuorumLossRequest(server string, serviceID ServiceID, partitionID PartitionIDParameter, params *StartQuorumLossParams) (*http.Request, error) {
	var err error

	var pathParam0 string

	pathParam0, err = runtime.StyleParamWithOptions("simple", false, "serviceId", serviceID, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationPath, Type: "string", Format: ""})
	if err != nil {
		return nil, err
	}

	var pathParam1 string

	pathParam1, err = runtime.StyleParamWithOptions("simple", false, "partitionId", partitionID, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationPath, Type: "string", Format: "uuid"})
	if err != nil {
		return nil, err
	}

	serverURL, err := url.Parse(server)
	if err != nil {
		return nil, err
	}

	operationPath := fmt.Sprintf("/Faults/Services/%s/$/GetPartitions/%s/$/StartQuorumLoss", pathParam0, pathParam1)
	if operationPath[0] == '/' {
		operationPath = "." + operationPath
	}

	queryURL, err := serverURL.Parse(operationPath)
	if err != nil {
		return nil, err
	}

	if params != nil {
		// queryValues collects non-styled parameters (passthrough, JSON)
		// that are safe to round-trip through url.Values.Encode().
		queryValues := queryURL.Query()
		// rawQueryFragments collects pre-encoded query fragments from
		// styled parameters, preserving literal commas as delimiters
		// per the OpenAPI spec (e.g. "color=blue,black,brown").
		var rawQueryFragments []string

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "api-version", params.APIVersion, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "string", Format: ""}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "OperationId", params.OperationID, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "string", Format: "uuid"}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "QuorumLossMode", params.QuorumLossMode, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "string", Format: ""}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "QuorumLossDuration", params.QuorumLossDuration, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "integer", Format: ""}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if params.Timeout != nil {

			if queryFrag, err := runtime.StyleParamWithOptions("form", true, "timeout", *params.Timeout, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "integer", Format: "int64"}); err != nil {
				return nil, err
			} else {
				for _, qp := range strings.Split(queryFrag, "&") {
					rawQueryFragments = append(rawQueryFragments, qp)
				}
			}

		}

		if encoded := queryValues.Encode(); encoded != "" {
			rawQueryFragments = append(rawQueryFragments, encoded)
		}
		queryURL.RawQuery = strings.Join(rawQueryFragments, "&")
	}

	req, err := http.NewRequest(http.MethodPost, queryURL.String(), nil)
	if err != nil {
		return nil, err
	}

	return req, nil
}

// NewStartPartitionRestartRequest constructs an http.Request for the StartPartitionRestart method
func NewStartPartitionRestartRequest(server string, serviceID ServiceID, partitionID PartitionIDParameter, params *StartPartitionRestartParams) (*http.Request, error) {
	var err error

	var pathParam0 string

	pathParam0, err = runtime.StyleParamWithOptions("simple", false, "serviceId", serviceID, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationPath, Type: "string", Format: ""})
	if err != nil {
		return nil, err
	}

	var pathParam1 string

	pathParam1, err = runtime.StyleParamWithOptions("simple", false, "partitionId", partitionID, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationPath, Type: "string", Format: "uuid"})
	if err != nil {
		return nil, err
	}

	serverURL, err := url.Parse(server)
	if err != nil {
		return nil, err
	}

	operationPath := fmt.Sprintf("/Faults/Services/%s/$/GetPartitions/%s/$/StartRestart", pathParam0, pathParam1)
	if operationPath[0] == '/' {
		operationPath = "." + operationPath
	}

	queryURL, err := serverURL.Parse(operationPath)
	if err != nil {
		return nil, err
	}

	if params != nil {
		// queryValues collects non-styled parameters (passthrough, JSON)
		// that are safe to round-trip through url.Values.Encode().
		queryValues := queryURL.Query()
		// rawQueryFragments collects pre-encoded query fragments from
		// styled parameters, preserving literal commas as delimiters
		// per the OpenAPI spec (e.g. "color=blue,black,brown").
		var rawQueryFragments []string

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "api-version", params.APIVersion, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "string", Format: ""}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "OperationId", params.OperationID, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "string", Format: "uuid"}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if queryFrag, err := runtime.StyleParamWithOptions("form", true, "RestartPartitionMode", params.RestartPartitionMode, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "string", Format: ""}); err != nil {
			return nil, err
		} else {
			for _, qp := range strings.Split(queryFrag, "&") {
				rawQueryFragments = append(rawQueryFragments, qp)
			}
		}

		if params.Timeout != nil {

			if queryFrag, err := runtime.StyleParamWithOptions("form", true, "timeout", *params.Timeout, runtime.StyleParamOptions{ParamLocation: runtime.ParamLocationQuery, Type: "integer", Format: "int64"}); err != nil {
				return nil, err
			} else {
				for _, qp := range strings.Split(queryFrag, "&") {
					rawQueryFragments = append(rawQueryFragments, qp)
				}
			}

		}

		if encoded := queryValues.Encode(); encoded != "" {
			rawQueryFragments = append(rawQueryFragments, encoded)
		}
		queryURL.RawQuery = strings.Join(rawQueryFragments, "&")
	}

	req, err := http.NewRequest(http.MethodPost, queryURL.String(), nil)
	if err != nil {
		return nil, err
	}

	return req, nil
}

func (c *Client) applyEditors(ctx context.Context, req *http.Request, additionalEditors []RequestEditorFn) error {
	for _, r := range c.RequestEditors {
		if err := r(ctx, req); err != nil {
			return err
		}
	}
	for _, r := range additionalEditors {
		if err := r(ctx, req); err != nil {
			return err
		}
	}
	return nil
}

// ClientWithResponses builds on ClientInterface to offer response payloads
type ClientWithResponses struct {
	ClientInterface
}

// NewClientWithResponses creates a new ClientWithResponses, which wraps
// Client with return type handling
func NewClientWithResponses(server string, opts ...ClientOption) (*ClientWithResponses, error) {
	client, err := NewClient(server, opts...)
	if err != nil {
		return nil, err
	}
	return &ClientWithResponses{client}, nil
}

// WithBaseURL overrides the baseURL.
func WithBaseURL(baseURL string) ClientOption {
	return func(c *Client) error {
		newBaseURL, err := url.Parse(baseURL)
		if err != nil {
			return err
		}
		c.Server = newBaseURL.String()
		return nil
	}
}

// ClientWithResponsesInterface is the interface specification for the client with responses above.
type ClientWithResponsesInterface interface {

	// GetFaultOperationListWithResponse List fault operations
	//
	// Every operation the cluster still remembers, running or finished, that matches both filters. The order means
	// nothing, and there are no pages.
	//
	// Returns a wrapper object for the known response body format(s).
	//
	// Corresponds with GET /Faults/ (the `GetFaultOperationList` operationId).
	GetFaultOperationListWithResponse(ctx context.Context, params *GetFaultOperationListParams, reqEditors ...RequestEditorFn) (*GetFaultOperationListResponse, error)

	// CancelOperationWithResponse Cancel a fault operation
	//
	// Ends an operation that StartDataLoss, StartQuorumLoss, StartPartitionRestart or StartNodeTransition began.
	//
	// With Force=false the cancel is graceful: the operation stops, and what it changed inside the system is undone.
	// With Force=true the operation is abandoned where it stands, and some of those changes may stay. That is the
	// last resort, for a graceful cancel that does not come to an end. Force=true is refused unless a call with
	// Force=false has named the same id before, or the operation is RollingBack already.
	//
	// An operation is RollingBack while the system undoes its own changes, or is about to. Nothing gives back the
	// data that a data loss took.
	//
	// Returns a wrapper object for the known response body format(s).
	//
	// Corresponds with POST /Faults/$/Cancel (the `CancelOperation` operationId).
	CancelOperationWithResponse(ctx context.Context, params *CancelOperationParams, reqEditors ...RequestEditorFn) (*CancelOperationResponse, error)

	// GetNodeTransitionProgressWithResponse Read the progress of a node transition
	//
	// The state of the transition with this id, and its result once there is one.
	//
	// Returns a wrapper object for the known response body format(s).
	//
	// Corresponds with GET /Faults/Nodes/{nodeName}/$/GetTransitionProgress (the `GetNodeTransitionProgress` operationId).
	GetNodeTransitionProgressWithResponse(ctx context.Context, nodeName NodeNameParameter, params *GetNodeTransitionProgressParams, reqEditors ...RequestEditorFn) (*GetNodeTransitionProgressResponse, error)

	// StartNodeTransitionWithResponse Start a node transition
	//
	// Stops a node for a while, or starts one stopped this way. A node has one transition at a time.
	//
	// Returns a wrapper object for the known response body format(s).
	//
	// Corresponds with POST /Faults/Nodes/{nodeName}/$/StartTransition/ (the `StartNodeTransition` operationId).
	StartNodeTransitionWithResponse(ctx context.Context, nodeName NodeNameParameter, params *StartNodeTransitionParams, reqEditors ...RequestEditorFn) (*StartNodeTransitionResponse, error)

	// GetDataLossProgressWithResponse Read the progress of a data loss
	//
	// The state of the data loss with this id, and its result once there is one.
	//
	// Returns a wrapper object for the known response body format(s).
	//
	// Corresponds with GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetDataLossProgress (the `GetDataLossProgress` operationId).
	GetDataLossProgressWithResponse(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params *GetDataLossProgressParams, reqEditors ...RequestEditorFn) (*GetDataLossProgressResponse, error)

	// GetQuorumLossProgressWithResponse Read the progress of a quorum loss
	//
	// The state of the quorum loss with this id, and its result once there is one.
	//
	// Returns a wrapper object for the known response body format(s).
	//
	// Corresponds with GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetQuorumLossProgress (the `GetQuorumLossProgress` operationId).
	GetQuorumLossProgressWithResponse(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params *GetQuorumLossProgressParams, reqEditors ...RequestEditorFn) (*GetQuorumLossProgressResponse, error)

	// GetPartitionRestartProgressWithResponse Read the progress of a partition restart
	//
	// The state of the restart with this id, and its result once there is one.
	//
	// Returns a wrapper object for the known response body format(s).
	//
	// Corresponds with GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetRestartProgress (the `GetPartitionRestartProgress` operationId).
	GetPartitionRestartProgressWithResponse(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params *GetPartitionRestartProgressParams, reqEditors ...RequestEditorFn) (*GetPartitionRestartProgressResponse, error)

	// StartDataLossWithResponse Start a data loss
	//
	// Makes one partition of a stateful service lose data. The id names the operation in later calls.
	//
	// Returns a wrapper object for the known response body format(s).
	//
	// Corresponds with POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartDataLoss (the `StartDataLoss` operationId).
	StartDataLossWithResponse(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params *StartDataLossParams, reqEditors ...RequestEditorFn) (*StartDataLossResponse, error)

	// StartQuorumLossWithResponse Start a quorum loss
	//
	// Takes away the write quorum of one partition of a stateful, persisted service for a while.
	//
	// Returns a wrapper object for the known response body format(s).
	//
	// Corresponds with POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartQuorumLoss (the `StartQuorumLoss` operationId).
	StartQuorumLossWithResponse(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params *StartQuorumLossParams, reqEditors ...RequestEditorFn) (*StartQuorumLossResponse, error)

	// StartPartitionRestartWithResponse Start a partition restart
	//
	// Restarts replicas or instances of one partition, all of them or the active secondaries.
	//
	// Returns a wrapper object for the known response body format(s).
	//
	// Corresponds with POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartRestart (the `StartPartitionRestart` operationId).
	StartPartitionRestartWithResponse(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params *StartPartitionRestartParams, reqEditors ...RequestEditorFn) (*StartPartitionRestartResponse, error)
}

type GetFaultOperationListResponse struct {
	Body         []byte
	HTTPResponse *http.Response
	// JSON200 the response for an HTTP 200 `application/json` response
	JSON200 *OperationStatusList
	// JSONDefault the response for an HTTP default `application/json` response
	JSONDefault *FabricErrorResponse
}

// Status returns HTTPResponse.Status
func (r GetFaultOperationListResponse) Status() string {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.Status
	}
	return http.StatusText(0)
}

// StatusCode returns HTTPResponse.StatusCode
func (r GetFaultOperationListResponse) StatusCode() int {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.StatusCode
	}
	return 0
}

// ContentType is a convenience method to retrieve the Content-Type value from the HTTP response headers
func (r GetFaultOperationListResponse) ContentType() string {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.Header.Get("Content-Type")
	}
	return ""
}

type CancelOperationResponse struct {
	Body         []byte
	HTTPResponse *http.Response
	// JSONDefault the response for an HTTP default `application/json` response
	JSONDefault *CancelRefused
}

// Status returns HTTPResponse.Status
func (r CancelOperationResponse) Status() string {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.Status
	}
	return http.StatusText(0)
}

// StatusCode returns HTTPResponse.StatusCode
func (r CancelOperationResponse) StatusCode() int {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.StatusCode
	}
	return 0
}

// ContentType is a convenience method to retrieve the Content-Type value from the HTTP response headers
func (r CancelOperationResponse) ContentType() string {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.Header.Get("Content-Type")
	}
	return ""
}

type GetNodeTransitionProgressResponse struct {
	Body         []byte
	HTTPResponse *http.Response
	// JSON200 the response for an HTTP 200 `application/json` response
	JSON200 *NodeTransitionProgress
	// JSONDefault the response for an HTTP default `application/json` response
	JSONDefault *FabricErrorResponse
}

// Status returns HTTPResponse.Status
func (r GetNodeTransitionProgressResponse) Status() string {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.Status
	}
	return http.StatusText(0)
}

// StatusCode returns HTTPResponse.StatusCode
func (r GetNodeTransitionProgressResponse) StatusCode() int {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.StatusCode
	}
	return 0
}

// ContentType is a convenience method to retrieve the Content-Type value from the HTTP response headers
func (r GetNodeTransitionProgressResponse) ContentType() string {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.Header.Get("Content-Type")
	}
	return ""
}

type StartNodeTransitionResponse struct {
	Body         []byte
	HTTPResponse *http.Response
	// JSONDefault the response for an HTTP default `application/json` response
	JSONDefault *StartRefused
}

// Status returns HTTPResponse.Status
func (r StartNodeTransitionResponse) Status() string {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.Status
	}
	return http.StatusText(0)
}

// StatusCode returns HTTPResponse.StatusCode
func (r StartNodeTransitionResponse) StatusCode() int {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.StatusCode
	}
	return 0
}

// ContentType is a convenience method to retrieve the Content-Type value from the HTTP response headers
func (r StartNodeTransitionResponse) ContentType() string {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.Header.Get("Content-Type")
	}
	return ""
}

type GetDataLossProgressResponse struct {
	Body         []byte
	HTTPResponse *http.Response
	// JSON200 the response for an HTTP 200 `application/json` response
	JSON200 *PartitionDataLossProgress
	// JSONDefault the response for an HTTP default `application/json` response
	JSONDefault *FabricErrorResponse
}

// Status returns HTTPResponse.Status
func (r GetDataLossProgressResponse) Status() string {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.Status
	}
	return http.StatusText(0)
}

// StatusCode returns HTTPResponse.StatusCode
func (r GetDataLossProgressResponse) StatusCode() int {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.StatusCode
	}
	return 0
}

// ContentType is a convenience method to retrieve the Content-Type value from the HTTP response headers
func (r GetDataLossProgressResponse) ContentType() string {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.Header.Get("Content-Type")
	}
	return ""
}

type GetQuorumLossProgressResponse struct {
	Body         []byte
	HTTPResponse *http.Response
	// JSON200 the response for an HTTP 200 `application/json` response
	JSON200 *PartitionQuorumLossProgress
	// JSONDefault the response for an HTTP default `application/json` response
	JSONDefault *FabricErrorResponse
}

// Status returns HTTPResponse.Status
func (r GetQuorumLossProgressResponse) Status() string {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.Status
	}
	return http.StatusText(0)
}

// StatusCode returns HTTPResponse.StatusCode
func (r GetQuorumLossProgressResponse) StatusCode() int {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.StatusCode
	}
	return 0
}

// ContentType is a convenience method to retrieve the Content-Type value from the HTTP response headers
func (r GetQuorumLossProgressResponse) ContentType() string {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.Header.Get("Content-Type")
	}
	return ""
}

type GetPartitionRestartProgressResponse struct {
	Body         []byte
	HTTPResponse *http.Response
	// JSON200 the response for an HTTP 200 `application/json` response
	JSON200 *PartitionRestartProgress
	// JSONDefault the response for an HTTP default `application/json` response
	JSONDefault *FabricErrorResponse
}

// Status returns HTTPResponse.Status
func (r GetPartitionRestartProgressResponse) Status() string {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.Status
	}
	return http.StatusText(0)
}

// StatusCode returns HTTPResponse.StatusCode
func (r GetPartitionRestartProgressResponse) StatusCode() int {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.StatusCode
	}
	return 0
}

// ContentType is a convenience method to retrieve the Content-Type value from the HTTP response headers
func (r GetPartitionRestartProgressResponse) ContentType() string {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.Header.Get("Content-Type")
	}
	return ""
}

type StartDataLossResponse struct {
	Body         []byte
	HTTPResponse *http.Response
	// JSONDefault the response for an HTTP default `application/json` response
	JSONDefault *StartRefused
}

// Status returns HTTPResponse.Status
func (r StartDataLossResponse) Status() string {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.Status
	}
	return http.StatusText(0)
}

// StatusCode returns HTTPResponse.StatusCode
func (r StartDataLossResponse) StatusCode() int {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.StatusCode
	}
	return 0
}

// ContentType is a convenience method to retrieve the Content-Type value from the HTTP response headers
func (r StartDataLossResponse) ContentType() string {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.Header.Get("Content-Type")
	}
	return ""
}

type StartQuorumLossResponse struct {
	Body         []byte
	HTTPResponse *http.Response
	// JSONDefault the response for an HTTP default `application/json` response
	JSONDefault *StartRefused
}

// Status returns HTTPResponse.Status
func (r StartQuorumLossResponse) Status() string {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.Status
	}
	return http.StatusText(0)
}

// StatusCode returns HTTPResponse.StatusCode
func (r StartQuorumLossResponse) StatusCode() int {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.StatusCode
	}
	return 0
}

// ContentType is a convenience method to retrieve the Content-Type value from the HTTP response headers
func (r StartQuorumLossResponse) ContentType() string {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.Header.Get("Content-Type")
	}
	return ""
}

type StartPartitionRestartResponse struct {
	Body         []byte
	HTTPResponse *http.Response
	// JSONDefault the response for an HTTP default `application/json` response
	JSONDefault *StartRefused
}

// Status returns HTTPResponse.Status
func (r StartPartitionRestartResponse) Status() string {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.Status
	}
	return http.StatusText(0)
}

// StatusCode returns HTTPResponse.StatusCode
func (r StartPartitionRestartResponse) StatusCode() int {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.StatusCode
	}
	return 0
}

// ContentType is a convenience method to retrieve the Content-Type value from the HTTP response headers
func (r StartPartitionRestartResponse) ContentType() string {
	if r.HTTPResponse != nil {
		return r.HTTPResponse.Header.Get("Content-Type")
	}
	return ""
}

// GetFaultOperationListWithResponse List fault operations
//
// Every operation the cluster still remembers, running or finished, that matches both filters. The order means
// nothing, and there are no pages.
//
// Returns a wrapper object for the known response body format(s).
//
// Corresponds with GET /Faults/ (the `GetFaultOperationList` operationId).
func (c *ClientWithResponses) GetFaultOperationListWithResponse(ctx context.Context, params *GetFaultOperationListParams, reqEditors ...RequestEditorFn) (*GetFaultOperationListResponse, error) {
	rsp, err := c.GetFaultOperationList(ctx, params, reqEditors...)
	if err != nil {
		return nil, err
	}
	return ParseGetFaultOperationListResponse(rsp)
}

// CancelOperationWithResponse Cancel a fault operation
//
// Ends an operation that StartDataLoss, StartQuorumLoss, StartPartitionRestart or StartNodeTransition began.
//
// With Force=false the cancel is graceful: the operation stops, and what it changed inside the system is undone.
// With Force=true the operation is abandoned where it stands, and some of those changes may stay. That is the
// last resort, for a graceful cancel that does not come to an end. Force=true is refused unless a call with
// Force=false has named the same id before, or the operation is RollingBack already.
//
// An operation is RollingBack while the system undoes its own changes, or is about to. Nothing gives back the
// data that a data loss took.
//
// Returns a wrapper object for the known response body format(s).
//
// Corresponds with POST /Faults/$/Cancel (the `CancelOperation` operationId).
func (c *ClientWithResponses) CancelOperationWithResponse(ctx context.Context, params *CancelOperationParams, reqEditors ...RequestEditorFn) (*CancelOperationResponse, error) {
	rsp, err := c.CancelOperation(ctx, params, reqEditors...)
	if err != nil {
		return nil, err
	}
	return ParseCancelOperationResponse(rsp)
}

// GetNodeTransitionProgressWithResponse Read the progress of a node transition
//
// The state of the transition with this id, and its result once there is one.
//
// Returns a wrapper object for the known response body format(s).
//
// Corresponds with GET /Faults/Nodes/{nodeName}/$/GetTransitionProgress (the `GetNodeTransitionProgress` operationId).
func (c *ClientWithResponses) GetNodeTransitionProgressWithResponse(ctx context.Context, nodeName NodeNameParameter, params *GetNodeTransitionProgressParams, reqEditors ...RequestEditorFn) (*GetNodeTransitionProgressResponse, error) {
	rsp, err := c.GetNodeTransitionProgress(ctx, nodeName, params, reqEditors...)
	if err != nil {
		return nil, err
	}
	return ParseGetNodeTransitionProgressResponse(rsp)
}

// StartNodeTransitionWithResponse Start a node transition
//
// Stops a node for a while, or starts one stopped this way. A node has one transition at a time.
//
// Returns a wrapper object for the known response body format(s).
//
// Corresponds with POST /Faults/Nodes/{nodeName}/$/StartTransition/ (the `StartNodeTransition` operationId).
func (c *ClientWithResponses) StartNodeTransitionWithResponse(ctx context.Context, nodeName NodeNameParameter, params *StartNodeTransitionParams, reqEditors ...RequestEditorFn) (*StartNodeTransitionResponse, error) {
	rsp, err := c.StartNodeTransition(ctx, nodeName, params, reqEditors...)
	if err != nil {
		return nil, err
	}
	return ParseStartNodeTransitionResponse(rsp)
}

// GetDataLossProgressWithResponse Read the progress of a data loss
//
// The state of the data loss with this id, and its result once there is one.
//
// Returns a wrapper object for the known response body format(s).
//
// Corresponds with GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetDataLossProgress (the `GetDataLossProgress` operationId).
func (c *ClientWithResponses) GetDataLossProgressWithResponse(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params *GetDataLossProgressParams, reqEditors ...RequestEditorFn) (*GetDataLossProgressResponse, error) {
	rsp, err := c.GetDataLossProgress(ctx, serviceID, partitionID, params, reqEditors...)
	if err != nil {
		return nil, err
	}
	return ParseGetDataLossProgressResponse(rsp)
}

// GetQuorumLossProgressWithResponse Read the progress of a quorum loss
//
// The state of the quorum loss with this id, and its result once there is one.
//
// Returns a wrapper object for the known response body format(s).
//
// Corresponds with GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetQuorumLossProgress (the `GetQuorumLossProgress` operationId).
func (c *ClientWithResponses) GetQuorumLossProgressWithResponse(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params *GetQuorumLossProgressParams, reqEditors ...RequestEditorFn) (*GetQuorumLossProgressResponse, error) {
	rsp, err := c.GetQuorumLossProgress(ctx, serviceID, partitionID, params, reqEditors...)
	if err != nil {
		return nil, err
	}
	return ParseGetQuorumLossProgressResponse(rsp)
}

// GetPartitionRestartProgressWithResponse Read the progress of a partition restart
//
// The state of the restart with this id, and its result once there is one.
//
// Returns a wrapper object for the known response body format(s).
//
// Corresponds with GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetRestartProgress (the `GetPartitionRestartProgress` operationId).
func (c *ClientWithResponses) GetPartitionRestartProgressWithResponse(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params *GetPartitionRestartProgressParams, reqEditors ...RequestEditorFn) (*GetPartitionRestartProgressResponse, error) {
	rsp, err := c.GetPartitionRestartProgress(ctx, serviceID, partitionID, params, reqEditors...)
	if err != nil {
		return nil, err
	}
	return ParseGetPartitionRestartProgressResponse(rsp)
}

// StartDataLossWithResponse Start a data loss
//
// Makes one partition of a stateful service lose data. The id names the operation in later calls.
//
// Returns a wrapper object for the known response body format(s).
//
// Corresponds with POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartDataLoss (the `StartDataLoss` operationId).
func (c *ClientWithResponses) StartDataLossWithResponse(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params *StartDataLossParams, reqEditors ...RequestEditorFn) (*StartDataLossResponse, error) {
	rsp, err := c.StartDataLoss(ctx, serviceID, partitionID, params, reqEditors...)
	if err != nil {
		return nil, err
	}
	return ParseStartDataLossResponse(rsp)
}

// StartQuorumLossWithResponse Start a quorum loss
//
// Takes away the write quorum of one partition of a stateful, persisted service for a while.
//
// Returns a wrapper object for the known response body format(s).
//
// Corresponds with POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartQuorumLoss (the `StartQuorumLoss` operationId).
func (c *ClientWithResponses) StartQuorumLossWithResponse(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params *StartQuorumLossParams, reqEditors ...RequestEditorFn) (*StartQuorumLossResponse, error) {
	rsp, err := c.StartQuorumLoss(ctx, serviceID, partitionID, params, reqEditors...)
	if err != nil {
		return nil, err
	}
	return ParseStartQuorumLossResponse(rsp)
}

// StartPartitionRestartWithResponse Start a partition restart
//
// Restarts replicas or instances of one partition, all of them or the active secondaries.
//
// Returns a wrapper object for the known response body format(s).
//
// Corresponds with POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartRestart (the `StartPartitionRestart` operationId).
func (c *ClientWithResponses) StartPartitionRestartWithResponse(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params *StartPartitionRestartParams, reqEditors ...RequestEditorFn) (*StartPartitionRestartResponse, error) {
	rsp, err := c.StartPartitionRestart(ctx, serviceID, partitionID, params, reqEditors...)
	if err != nil {
		return nil, err
	}
	return ParseStartPartitionRestartResponse(rsp)
}

// ParseGetFaultOperationListResponse parses an HTTP response from a GetFaultOperationListWithResponse call
func ParseGetFaultOperationListResponse(rsp *http.Response) (*GetFaultOperationListResponse, error) {
	bodyBytes, err := io.ReadAll(rsp.Body)
	defer func() { _ = rsp.Body.Close() }()
	if err != nil {
		return nil, err
	}

	response := &GetFaultOperationListResponse{
		Body:         bodyBytes,
		HTTPResponse: rsp,
	}

	switch {
	case strings.Contains(rsp.Header.Get("Content-Type"), "json") && rsp.StatusCode == 200:
		var dest OperationStatusList
		if err := json.Unmarshal(bodyBytes, &dest); err != nil {
			return nil, err
		}
		response.JSON200 = &dest

	case strings.Contains(rsp.Header.Get("Content-Type"), "json") && true:
		var dest FabricErrorResponse
		if err := json.Unmarshal(bodyBytes, &dest); err != nil {
			return nil, err
		}
		response.JSONDefault = &dest

	}

	return response, nil
}

// ParseCancelOperationResponse parses an HTTP response from a CancelOperationWithResponse call
func ParseCancelOperationResponse(rsp *http.Response) (*CancelOperationResponse, error) {
	bodyBytes, err := io.ReadAll(rsp.Body)
	defer func() { _ = rsp.Body.Close() }()
	if err != nil {
		return nil, err
	}

	response := &CancelOperationResponse{
		Body:         bodyBytes,
		HTTPResponse: rsp,
	}

	switch {
	case rsp.StatusCode == 200:
		break // No content-type

	case strings.Contains(rsp.Header.Get("Content-Type"), "json") && true:
		var dest CancelRefused
		if err := json.Unmarshal(bodyBytes, &dest); err != nil {
			return nil, err
		}
		response.JSONDefault = &dest

	}

	return response, nil
}

// ParseGetNodeTransitionProgressResponse parses an HTTP response from a GetNodeTransitionProgressWithResponse call
func ParseGetNodeTransitionProgressResponse(rsp *http.Response) (*GetNodeTransitionProgressResponse, error) {
	bodyBytes, err := io.ReadAll(rsp.Body)
	defer func() { _ = rsp.Body.Close() }()
	if err != nil {
		return nil, err
	}

	response := &GetNodeTransitionProgressResponse{
		Body:         bodyBytes,
		HTTPResponse: rsp,
	}

	switch {
	case strings.Contains(rsp.Header.Get("Content-Type"), "json") && rsp.StatusCode == 200:
		var dest NodeTransitionProgress
		if err := json.Unmarshal(bodyBytes, &dest); err != nil {
			return nil, err
		}
		response.JSON200 = &dest

	case strings.Contains(rsp.Header.Get("Content-Type"), "json") && true:
		var dest FabricErrorResponse
		if err := json.Unmarshal(bodyBytes, &dest); err != nil {
			return nil, err
		}
		response.JSONDefault = &dest

	}

	return response, nil
}

// ParseStartNodeTransitionResponse parses an HTTP response from a StartNodeTransitionWithResponse call
func ParseStartNodeTransitionResponse(rsp *http.Response) (*StartNodeTransitionResponse, error) {
	bodyBytes, err := io.ReadAll(rsp.Body)
	defer func() { _ = rsp.Body.Close() }()
	if err != nil {
		return nil, err
	}

	response := &StartNodeTransitionResponse{
		Body:         bodyBytes,
		HTTPResponse: rsp,
	}

	switch {
	case rsp.StatusCode == 202:
		break // No content-type

	case strings.Contains(rsp.Header.Get("Content-Type"), "json") && true:
		var dest StartRefused
		if err := json.Unmarshal(bodyBytes, &dest); err != nil {
			return nil, err
		}
		response.JSONDefault = &dest

	}

	return response, nil
}

// ParseGetDataLossProgressResponse parses an HTTP response from a GetDataLossProgressWithResponse call
func ParseGetDataLossProgressResponse(rsp *http.Response) (*GetDataLossProgressResponse, error) {
	bodyBytes, err := io.ReadAll(rsp.Body)
	defer func() { _ = rsp.Body.Close() }()
	if err != nil {
		return nil, err
	}

	response := &GetDataLossProgressResponse{
		Body:         bodyBytes,
		HTTPResponse: rsp,
	}

	switch {
	case strings.Contains(rsp.Header.Get("Content-Type"), "json") && rsp.StatusCode == 200:
		var dest PartitionDataLossProgress
		if err := json.Unmarshal(bodyBytes, &dest); err != nil {
			return nil, err
		}
		response.JSON200 = &dest

	case strings.Contains(rsp.Header.Get("Content-Type"), "json") && true:
		var dest FabricErrorResponse
		if err := json.Unmarshal(bodyBytes, &dest); err != nil {
			return nil, err
		}
		response.JSONDefault = &dest

	}

	return response, nil
}

// ParseGetQuorumLossProgressResponse parses an HTTP response from a GetQuorumLossProgressWithResponse call
func ParseGetQuorumLossProgressResponse(rsp *http.Response) (*GetQuorumLossProgressResponse, error) {
	bodyBytes, err := io.ReadAll(rsp.Body)
	defer func() { _ = rsp.Body.Close() }()
	if err != nil {
		return nil, err
	}

	response := &GetQuorumLossProgressResponse{
		Body:         bodyBytes,
		HTTPResponse: rsp,
	}

	switch {
	case strings.Contains(rsp.Header.Get("Content-Type"), "json") && rsp.StatusCode == 200:
		var dest PartitionQuorumLossProgress
		if err := json.Unmarshal(bodyBytes, &dest); err != nil {
			return nil, err
		}
		response.JSON200 = &dest

	case strings.Contains(rsp.Header.Get("Content-Type"), "json") && true:
		var dest FabricErrorResponse
		if err := json.Unmarshal(bodyBytes, &dest); err != nil {
			return nil, err
		}
		response.JSONDefault = &dest

	}

	return response, nil
}

// ParseGetPartitionRestartProgressResponse parses an HTTP response from a GetPartitionRestartProgressWithResponse call
func ParseGetPartitionRestartProgressResponse(rsp *http.Response) (*GetPartitionRestartProgressResponse, error) {
	bodyBytes, err := io.ReadAll(rsp.Body)
	defer func() { _ = rsp.Body.Close() }()
	if err != nil {
		return nil, err
	}

	response := &GetPartitionRestartProgressResponse{
		Body:         bodyBytes,
		HTTPResponse: rsp,
	}

	switch {
	case strings.Contains(rsp.Header.Get("Content-Type"), "json") && rsp.StatusCode == 200:
		var dest PartitionRestartProgress
		if err := json.Unmarshal(bodyBytes, &dest); err != nil {
			return nil, err
		}
		response.JSON200 = &dest

	case strings.Contains(rsp.Header.Get("Content-Type"), "json") && true:
		var dest FabricErrorResponse
		if err := json.Unmarshal(bodyBytes, &dest); err != nil {
			return nil, err
		}
		response.JSONDefault = &dest

	}

	return response, nil
}

// ParseStartDataLossResponse parses an HTTP response from a StartDataLossWithResponse call
func ParseStartDataLossResponse(rsp *http.Response) (*StartDataLossResponse, error) {
	bodyBytes, err := io.ReadAll(rsp.Body)
	defer func() { _ = rsp.Body.Close() }()
	if err != nil {
		return nil, err
	}

	response := &StartDataLossResponse{
		Body:         bodyBytes,
		HTTPResponse: rsp,
	}

	switch {
	case rsp.StatusCode == 202:
		break // No content-type

	case strings.Contains(rsp.Header.Get("Content-Type"), "json") && true:
		var dest StartRefused
		if err := json.Unmarshal(bodyBytes, &dest); err != nil {
			return nil, err
		}
		response.JSONDefault = &dest

	}

	return response, nil
}

// ParseStartQuorumLossResponse parses an HTTP response from a StartQuorumLossWithResponse call
func ParseStartQuorumLossResponse(rsp *http.Response) (*StartQuorumLossResponse, error) {
	bodyBytes, err := io.ReadAll(rsp.Body)
	defer func() { _ = rsp.Body.Close() }()
	if err != nil {
		return nil, err
	}

	response := &StartQuorumLossResponse{
		Body:         bodyBytes,
		HTTPResponse: rsp,
	}

	switch {
	case rsp.StatusCode == 202:
		break // No content-type

	case strings.Contains(rsp.Header.Get("Content-Type"), "json") && true:
		var dest StartRefused
		if err := json.Unmarshal(bodyBytes, &dest); err != nil {
			return nil, err
		}
		response.JSONDefault = &dest

	}

	return response, nil
}

// ParseStartPartitionRestartResponse parses an HTTP response from a StartPartitionRestartWithResponse call
func ParseStartPartitionRestartResponse(rsp *http.Response) (*StartPartitionRestartResponse, error) {
	bodyBytes, err := io.ReadAll(rsp.Body)
	defer func() { _ = rsp.Body.Close() }()
	if err != nil {
		return nil, err
	}

	response := &StartPartitionRestartResponse{
		Body:         bodyBytes,
		HTTPResponse: rsp,
	}

	switch {
	case rsp.StatusCode == 202:
		break // No content-type

	case strings.Contains(rsp.Header.Get("Content-Type"), "json") && true:
		var dest StartRefused
		if err := json.Unmarshal(bodyBytes, &dest); err != nil {
			return nil, err
		}
		response.JSONDefault = &dest

	}

	return response, nil
}
