// Code generated from openapi/faults.yaml by openapi/generate. DO NOT EDIT.

package generated

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

// Client sends one request for each call and returns the answer. It follows no redirects, does not
// retry, and treats only the documented success as a success. Create one with
// [NewClient] and reuse it: it is safe for concurrent use.
//
// The error of every method is a [*StatusError] if a server answered, a [*RequestError] if a parameter
// cannot be sent, and otherwise the error of the [http.Client]. After an error of the [http.Client], or a
// status of 500 or more, the server may or may not have acted.
type Client struct {
	base  Base
	http  http.Client
	agent []string
}

// ClientOptions are the options of a [Client]. The zero value has the defaults.
type ClientOptions struct {
	// HTTP sends the requests; nil means a new client with [http.DefaultTransport]. NewClient copies it;
	// the copy follows no redirects. Its Transport adds credentials and other common headers.
	// Without a Timeout, only the context limits the time of a call.
	HTTP *http.Client
	// UserAgent is the header User-Agent; "" means "sfcancel-generated".
	UserAgent string
}

// NewClient returns a client of the server at an address as for [ParseBase]. It sends no request.
func NewClient(address string, options ClientOptions) (*Client, error) {
	base, err := ParseBase(address)
	if err != nil {
		return nil, err
	}
	c := &Client{base: base, agent: []string{options.UserAgent}}
	if options.UserAgent == "" {
		c.agent[0] = "sfcancel-generated"
	}
	if options.HTTP != nil {
		c.http = *options.HTTP
	}
	if c.http.Transport == nil {
		c.http.Transport = http.DefaultTransport
	}
	c.http.Transport = stationary{c.http.Transport}
	return c, nil
}

// String returns the address.
func (c *Client) String() string { return c.base.String() }

// StatusError is an answer other than the documented success.
type StatusError struct {
	Operation string // its operationId
	Status    int
	Header    http.Header
	// Code and Message are from the failure in the body, if there is one. They come from the server.
	Code    ErrorCode
	Message string
	// Body is the beginning of the body, at most 2 KiB.
	Body []byte
	// Err says what is wrong with the answer; nil if it is a documented failure or has no body.
	Err error
}

// Error names the operation and the status, and quotes the server's message.
func (e *StatusError) Error() string {
	text := fmt.Sprintf("%s: status %d", e.Operation, e.Status)
	if e.Code != "" {
		text += fmt.Sprintf(", %.128q: %.512q", e.Code, e.Message)
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns Err.
func (e *StatusError) Unwrap() error { return e.Err }

// GetFaultOperationListResponse is the result of a successful [Client.GetFaultOperationList].
type GetFaultOperationListResponse struct {
	Status int
	Header http.Header
	Body   OperationStatusList
}

// GetFaultOperationList asks to list fault operations:
// GET /Faults/.
//
// If APIVersion is "", the document's default 6.0 is sent.
// If StateFilter is 0, the document's default 65535 is sent.
// If TypeFilter is 0, the document's default 65535 is sent.
func (c *Client) GetFaultOperationList(ctx context.Context, params GetFaultOperationListParams) (GetFaultOperationListResponse, error) {
	r, err := NewGetFaultOperationListRequest(ctx, c.base, params)
	if err != nil {
		return GetFaultOperationListResponse{}, err
	}
	a, err := c.send(r, "GetFaultOperationList", 200)
	if err != nil {
		return GetFaultOperationListResponse{}, err
	}
	response := GetFaultOperationListResponse{Status: a.status, Header: a.header}
	err = a.decode(&response.Body)
	if err != nil {
		return GetFaultOperationListResponse{}, err
	}
	return response, nil
}

// CancelOperationResponse is the result of a successful [Client.CancelOperation].
type CancelOperationResponse struct {
	Status int
	Header http.Header
}

// CancelOperation asks to cancel a fault operation:
// POST /Faults/$/Cancel.
//
// If APIVersion is "", the document's default 6.0 is sent.
func (c *Client) CancelOperation(ctx context.Context, params CancelOperationParams) (CancelOperationResponse, error) {
	r, err := NewCancelOperationRequest(ctx, c.base, params)
	if err != nil {
		return CancelOperationResponse{}, err
	}
	a, err := c.send(r, "CancelOperation", 200)
	if err != nil {
		return CancelOperationResponse{}, err
	}
	response := CancelOperationResponse{Status: a.status, Header: a.header}
	err = a.empty()
	if err != nil {
		return CancelOperationResponse{}, err
	}
	return response, nil
}

// GetNodeTransitionProgressResponse is the result of a successful [Client.GetNodeTransitionProgress].
type GetNodeTransitionProgressResponse struct {
	Status int
	Header http.Header
	Body   NodeTransitionProgress
}

// GetNodeTransitionProgress asks to read the progress of a node transition:
// GET /Faults/Nodes/{nodeName}/$/GetTransitionProgress.
//
// If APIVersion is "", the document's default 6.0 is sent.
func (c *Client) GetNodeTransitionProgress(ctx context.Context, nodeName NodeNameParameter, params GetNodeTransitionProgressParams) (GetNodeTransitionProgressResponse, error) {
	r, err := NewGetNodeTransitionProgressRequest(ctx, c.base, nodeName, params)
	if err != nil {
		return GetNodeTransitionProgressResponse{}, err
	}
	a, err := c.send(r, "GetNodeTransitionProgress", 200)
	if err != nil {
		return GetNodeTransitionProgressResponse{}, err
	}
	response := GetNodeTransitionProgressResponse{Status: a.status, Header: a.header}
	err = a.decode(&response.Body)
	if err != nil {
		return GetNodeTransitionProgressResponse{}, err
	}
	return response, nil
}

// StartNodeTransitionResponse is the result of a successful [Client.StartNodeTransition].
type StartNodeTransitionResponse struct {
	Status int
	Header http.Header
}

// StartNodeTransition asks to start a node transition:
// POST /Faults/Nodes/{nodeName}/$/StartTransition/.
//
// If APIVersion is "", the document's default 6.0 is sent.
func (c *Client) StartNodeTransition(ctx context.Context, nodeName NodeNameParameter, params StartNodeTransitionParams) (StartNodeTransitionResponse, error) {
	r, err := NewStartNodeTransitionRequest(ctx, c.base, nodeName, params)
	if err != nil {
		return StartNodeTransitionResponse{}, err
	}
	a, err := c.send(r, "StartNodeTransition", 202)
	if err != nil {
		return StartNodeTransitionResponse{}, err
	}
	response := StartNodeTransitionResponse{Status: a.status, Header: a.header}
	err = a.empty()
	if err != nil {
		return StartNodeTransitionResponse{}, err
	}
	return response, nil
}

// GetDataLossProgressResponse is the result of a successful [Client.GetDataLossProgress].
type GetDataLossProgressResponse struct {
	Status int
	Header http.Header
	Body   PartitionDataLossProgress
}

// GetDataLossProgress asks to read the progress of a data loss:
// GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetDataLossProgress.
//
// If APIVersion is "", the document's default 6.0 is sent.
func (c *Client) GetDataLossProgress(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params GetDataLossProgressParams) (GetDataLossProgressResponse, error) {
	r, err := NewGetDataLossProgressRequest(ctx, c.base, serviceID, partitionID, params)
	if err != nil {
		return GetDataLossProgressResponse{}, err
	}
	a, err := c.send(r, "GetDataLossProgress", 200)
	if err != nil {
		return GetDataLossProgressResponse{}, err
	}
	response := GetDataLossProgressResponse{Status: a.status, Header: a.header}
	err = a.decode(&response.Body)
	if err != nil {
		return GetDataLossProgressResponse{}, err
	}
	return response, nil
}

// GetQuorumLossProgressResponse is the result of a successful [Client.GetQuorumLossProgress].
type GetQuorumLossProgressResponse struct {
	Status int
	Header http.Header
	Body   PartitionQuorumLossProgress
}

// GetQuorumLossProgress asks to read the progress of a quorum loss:
// GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetQuorumLossProgress.
//
// If APIVersion is "", the document's default 6.0 is sent.
func (c *Client) GetQuorumLossProgress(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params GetQuorumLossProgressParams) (GetQuorumLossProgressResponse, error) {
	r, err := NewGetQuorumLossProgressRequest(ctx, c.base, serviceID, partitionID, params)
	if err != nil {
		return GetQuorumLossProgressResponse{}, err
	}
	a, err := c.send(r, "GetQuorumLossProgress", 200)
	if err != nil {
		return GetQuorumLossProgressResponse{}, err
	}
	response := GetQuorumLossProgressResponse{Status: a.status, Header: a.header}
	err = a.decode(&response.Body)
	if err != nil {
		return GetQuorumLossProgressResponse{}, err
	}
	return response, nil
}

// GetPartitionRestartProgressResponse is the result of a successful [Client.GetPartitionRestartProgress].
type GetPartitionRestartProgressResponse struct {
	Status int
	Header http.Header
	Body   PartitionRestartProgress
}

// GetPartitionRestartProgress asks to read the progress of a partition restart:
// GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetRestartProgress.
//
// If APIVersion is "", the document's default 6.0 is sent.
func (c *Client) GetPartitionRestartProgress(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params GetPartitionRestartProgressParams) (GetPartitionRestartProgressResponse, error) {
	r, err := NewGetPartitionRestartProgressRequest(ctx, c.base, serviceID, partitionID, params)
	if err != nil {
		return GetPartitionRestartProgressResponse{}, err
	}
	a, err := c.send(r, "GetPartitionRestartProgress", 200)
	if err != nil {
		return GetPartitionRestartProgressResponse{}, err
	}
	response := GetPartitionRestartProgressResponse{Status: a.status, Header: a.header}
	err = a.decode(&response.Body)
	if err != nil {
		return GetPartitionRestartProgressResponse{}, err
	}
	return response, nil
}

// StartDataLossResponse is the result of a successful [Client.StartDataLoss].
type StartDataLossResponse struct {
	Status int
	Header http.Header
}

// StartDataLoss asks to start a data loss:
// POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartDataLoss.
//
// If APIVersion is "", the document's default 6.0 is sent.
func (c *Client) StartDataLoss(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params StartDataLossParams) (StartDataLossResponse, error) {
	r, err := NewStartDataLossRequest(ctx, c.base, serviceID, partitionID, params)
	if err != nil {
		return StartDataLossResponse{}, err
	}
	a, err := c.send(r, "StartDataLoss", 202)
	if err != nil {
		return StartDataLossResponse{}, err
	}
	response := StartDataLossResponse{Status: a.status, Header: a.header}
	err = a.empty()
	if err != nil {
		return StartDataLossResponse{}, err
	}
	return response, nil
}

// StartQuorumLossResponse is the result of a successful [Client.StartQuorumLoss].
type StartQuorumLossResponse struct {
	Status int
	Header http.Header
}

// StartQuorumLoss asks to start a quorum loss:
// POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartQuorumLoss.
//
// If APIVersion is "", the document's default 6.0 is sent.
func (c *Client) StartQuorumLoss(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params StartQuorumLossParams) (StartQuorumLossResponse, error) {
	r, err := NewStartQuorumLossRequest(ctx, c.base, serviceID, partitionID, params)
	if err != nil {
		return StartQuorumLossResponse{}, err
	}
	a, err := c.send(r, "StartQuorumLoss", 202)
	if err != nil {
		return StartQuorumLossResponse{}, err
	}
	response := StartQuorumLossResponse{Status: a.status, Header: a.header}
	err = a.empty()
	if err != nil {
		return StartQuorumLossResponse{}, err
	}
	return response, nil
}

// StartPartitionRestartResponse is the result of a successful [Client.StartPartitionRestart].
type StartPartitionRestartResponse struct {
	Status int
	Header http.Header
}

// StartPartitionRestart asks to start a partition restart:
// POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartRestart.
//
// If APIVersion is "", the document's default 6.0 is sent.
func (c *Client) StartPartitionRestart(ctx context.Context, serviceID ServiceID, partitionID PartitionIDParameter, params StartPartitionRestartParams) (StartPartitionRestartResponse, error) {
	r, err := NewStartPartitionRestartRequest(ctx, c.base, serviceID, partitionID, params)
	if err != nil {
		return StartPartitionRestartResponse{}, err
	}
	a, err := c.send(r, "StartPartitionRestart", 202)
	if err != nil {
		return StartPartitionRestartResponse{}, err
	}
	response := StartPartitionRestartResponse{Status: a.status, Header: a.header}
	err = a.empty()
	if err != nil {
		return StartPartitionRestartResponse{}, err
	}
	return response, nil
}

// The number of bytes of a body that are read, and that are kept in a StatusError.
const (
	maxSuccess = 16 << 20
	maxFailure = 64 << 10
	keptBody   = 2 << 10
)

var (
	errRedirect   = errors.New("a redirect, which is not followed")
	errUndeclared = errors.New("the document has no such status")
	errNotEmpty   = errors.New("a body where none belongs")
)

// answer is an answer of the server, with its body.
type answer struct {
	operation string
	status    int
	header    http.Header
	body      []byte
}

// send sends a request. The status must be in wanted, where 2 stands for all 2XX.
func (c *Client) send(r *http.Request, operation string, wanted ...int) (*answer, error) {
	r.Header["User-Agent"] = c.agent
	response, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if place, ok := response.Header[hidden]; ok {
		response.Header["Location"] = place
		delete(response.Header, hidden)
	}
	a := &answer{operation: operation, status: response.StatusCode, header: response.Header}
	if a.status < http.StatusOK { // after a 101 the body is the connection, which does not end
		return nil, a.wrong(errUndeclared)
	}
	most, success := maxFailure, false
	for _, status := range wanted {
		if a.status == status || a.status/100 == status {
			most, success = maxSuccess, true
		}
	}
	if response.Body != http.NoBody {
		a.body, err = io.ReadAll(io.LimitReader(response.Body, int64(most)+1))
	}
	switch {
	case err != nil:
		return nil, a.wrong(fmt.Errorf("the body was cut off: %w", err))
	case len(a.body) > most:
		return nil, a.wrong(fmt.Errorf("the body is longer than %d bytes", most))
	case success:
		return a, nil
	case a.status/100 == 3:
		return nil, a.wrong(errRedirect)
	case a.status/100 == 2:
		return nil, a.wrong(errUndeclared)
	}
	return nil, a.failure()
}

// wrong returns the error for an answer that is wrong because of err.
func (a *answer) wrong(err error) *StatusError {
	return &StatusError{Operation: a.operation, Status: a.status, Header: a.header, Body: bytes.Clone(a.body[:min(len(a.body), keptBody)]), Err: err}
}

// failure returns the failure in the body. The status is set whatever the body is.
func (a *answer) failure() *StatusError {
	e := a.wrong(nil)
	if len(a.body) == 0 {
		return e
	}
	var said struct {
		Error struct {
			Code    ErrorCode
			Message string
		}
	}
	if e.Err = a.decode(&said); e.Err == nil {
		e.Code, e.Message = said.Error.Code, said.Error.Message
	}
	if wrong := (*StatusError)(nil); errors.As(e.Err, &wrong) {
		e.Err = wrong.Err
	}
	return e
}

// empty checks that there is no body.
func (a *answer) empty() error {
	if len(bytes.TrimSpace(a.body)) > 0 {
		return a.wrong(errNotEmpty)
	}
	return nil
}

// decode decodes a JSON body. The content type, if there is one, must be JSON as well.
func (a *answer) decode(into any) error {
	if named := a.header.Get("Content-Type"); named != "" {
		kind, _, err := mime.ParseMediaType(named)
		if err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json") {
			return a.wrong(fmt.Errorf("the body is %.64q and not JSON", named))
		}
	}
	if err := json.Unmarshal(bytes.TrimPrefix(a.body, []byte("\ufeff")), into); err != nil {
		return a.wrong(fmt.Errorf("the body is not what the document describes: %w", err))
	}
	return nil
}

// stationary keeps an http.Client from following redirects, and from failing at an invalid
// Location, which would lose the status.
type stationary struct{ next http.RoundTripper }

// hidden is a name that no received header can have.
const hidden = "Location (not followed)"

func (s stationary) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := s.next.RoundTrip(r)
	if response != nil && response.StatusCode/100 == 3 {
		if place, ok := response.Header["Location"]; ok {
			response.Header[hidden] = place
			delete(response.Header, "Location")
		}
	}
	return response, err
}
