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

// Client sends one request for each call, and says what came of it. It follows no redirect, repeats
// nothing by itself, and takes no answer for a success that is not the documented one. Make one with
// [NewClient] and keep it: it is safe for concurrent use.
//
// The error of every method is a [*StatusError] if a server answered, a [*RequestError] if a parameter
// cannot be sent, and else that of the [http.Client]. After the last one, and after a status of 500 or
// more, the server may or may not have acted.
type Client struct {
	base  Base
	http  http.Client
	agent []string
}

// ClientOptions are the options of a [Client]. The zero value is right.
type ClientOptions struct {
	// HTTP sends the requests; nil means one of its own over [http.DefaultTransport]. It is copied, and
	// the copy follows no redirect. Credentials, and what else every request carries, are for its
	// Transport to add. Without a Timeout the context bounds a call alone.
	HTTP *http.Client
	// UserAgent is the header of that name; "" means "sfcancel-generated".
	UserAgent string
}

// NewClient returns a client of the server at an address, which [ParseBase] describes. No request is sent.
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

// StatusError is an answer that is not the documented success.
type StatusError struct {
	Operation string // its operationId
	Status    int
	Header    http.Header
	// Code and Message are those of the failure in the body, if there was one. They come from the server.
	Code    ErrorCode
	Message string
	// Body is the beginning of the body, at most 2 KiB.
	Body []byte
	// Err is what is wrong with the answer; nil if it is a failure as the document has it, or has no body.
	Err error
}

// Error names the operation and the status, and quotes what the server said.
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

// GetFaultOperationListResponse is a success of [Client.GetFaultOperationList].
type GetFaultOperationListResponse struct {
	Status int
	Header http.Header
	Body   OperationStatusList
}

// GetFaultOperationList asks to list fault operations:
// GET /Faults/.
//
// Of APIVersion, "" is sent as the default of the document, 6.0.
// Of StateFilter, 0 is sent as the default of the document, 65535.
// Of TypeFilter, 0 is sent as the default of the document, 65535.
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

// CancelOperationResponse is a success of [Client.CancelOperation].
type CancelOperationResponse struct {
	Status int
	Header http.Header
}

// CancelOperation asks to cancel a fault operation:
// POST /Faults/$/Cancel.
//
// Of APIVersion, "" is sent as the default of the document, 6.0.
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

// GetNodeTransitionProgressResponse is a success of [Client.GetNodeTransitionProgress].
type GetNodeTransitionProgressResponse struct {
	Status int
	Header http.Header
	Body   NodeTransitionProgress
}

// GetNodeTransitionProgress asks to read the progress of a node transition:
// GET /Faults/Nodes/{nodeName}/$/GetTransitionProgress.
//
// Of APIVersion, "" is sent as the default of the document, 6.0.
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

// StartNodeTransitionResponse is a success of [Client.StartNodeTransition].
type StartNodeTransitionResponse struct {
	Status int
	Header http.Header
}

// StartNodeTransition asks to start a node transition:
// POST /Faults/Nodes/{nodeName}/$/StartTransition/.
//
// Of APIVersion, "" is sent as the default of the document, 6.0.
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

// GetDataLossProgressResponse is a success of [Client.GetDataLossProgress].
type GetDataLossProgressResponse struct {
	Status int
	Header http.Header
	Body   PartitionDataLossProgress
}

// GetDataLossProgress asks to read the progress of a data loss:
// GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetDataLossProgress.
//
// Of APIVersion, "" is sent as the default of the document, 6.0.
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

// GetQuorumLossProgressResponse is a success of [Client.GetQuorumLossProgress].
type GetQuorumLossProgressResponse struct {
	Status int
	Header http.Header
	Body   PartitionQuorumLossProgress
}

// GetQuorumLossProgress asks to read the progress of a quorum loss:
// GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetQuorumLossProgress.
//
// Of APIVersion, "" is sent as the default of the document, 6.0.
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

// GetPartitionRestartProgressResponse is a success of [Client.GetPartitionRestartProgress].
type GetPartitionRestartProgressResponse struct {
	Status int
	Header http.Header
	Body   PartitionRestartProgress
}

// GetPartitionRestartProgress asks to read the progress of a partition restart:
// GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetRestartProgress.
//
// Of APIVersion, "" is sent as the default of the document, 6.0.
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

// StartDataLossResponse is a success of [Client.StartDataLoss].
type StartDataLossResponse struct {
	Status int
	Header http.Header
}

// StartDataLoss asks to start a data loss:
// POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartDataLoss.
//
// Of APIVersion, "" is sent as the default of the document, 6.0.
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

// StartQuorumLossResponse is a success of [Client.StartQuorumLoss].
type StartQuorumLossResponse struct {
	Status int
	Header http.Header
}

// StartQuorumLoss asks to start a quorum loss:
// POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartQuorumLoss.
//
// Of APIVersion, "" is sent as the default of the document, 6.0.
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

// StartPartitionRestartResponse is a success of [Client.StartPartitionRestart].
type StartPartitionRestartResponse struct {
	Status int
	Header http.Header
}

// StartPartitionRestart asks to start a partition restart:
// POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartRestart.
//
// Of APIVersion, "" is sent as the default of the document, 6.0.
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

// The bounds of what is read and kept of a body.
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

// answer is a success by its status.
type answer struct {
	operation string
	status    int
	header    http.Header
	body      []byte
}

// send sends a request. The status has to be one of wanted, where 2 stands for all successes.
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
	if a.status < http.StatusOK { // after a 101 the body is the connection, and has no end
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

// wrong is an answer that cannot be taken for what its status says.
func (a *answer) wrong(err error) *StatusError {
	return &StatusError{Operation: a.operation, Status: a.status, Header: a.header, Body: bytes.Clone(a.body[:min(len(a.body), keptBody)]), Err: err}
}

// failure reads what a server says of itself. Its status is there whatever the body is.
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

// decode reads a body that has to be JSON, also by its content type if it has one.
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

// stationary keeps an http.Client from following redirects, and from failing for one whose place it
// cannot read: its status would be lost then.
type stationary struct{ next http.RoundTripper }

// hidden is a name that no header has that came over a connection.
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
