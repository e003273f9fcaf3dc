// Code generated from openapi/faults.yaml by openapi/generate. DO NOT EDIT.

package generated

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/google/uuid"
)

// Source gives [Operation.Bind] access to a request: to the texts of its parameters, decoded, and to
// its body.
type Source interface {
	// Text returns the text of the operation's n-th parameter and its reading. Bind stops at an
	// error and returns it unchanged.
	Text(n int, p *Parameter) (text string, is Reading, err error)
	// Texts returns all texts of an array parameter.
	Texts(n int, p *Parameter) ([]string, error)
	// Body returns the body and its content type. The source limits the size of the body.
	Body() (body io.Reader, contentType string)
}

// Reading says whether a [Source] has a parameter, and whether Bind must check it.
type Reading int

const (
	// Absent: the request does not have it.
	Absent Reading = iota
	// Given: the request has it, and Bind checks all constraints of the document.
	Given
	// Judged: the request has it, and the source has checked it by its own rules. Bind checks only
	// its type.
	Judged
)

// ParameterError says that a parameter is missing or violates the document.
type ParameterError struct {
	Parameter *Parameter
	Missing   bool
	// Value is the text of the parameter, which comes from the client; "" if it is missing.
	Value string
}

// Error names the parameter, says what it must be, and quotes the beginning of Value.
func (e *ParameterError) Error() string {
	if e.Missing {
		return e.Parameter.Name + " is missing. It must be " + e.Parameter.Accepts + "."
	}
	return fmt.Sprintf("%s must be %s, not %.64q.", e.Parameter.Name, e.Parameter.Accepts, e.Value)
}

// BodyError says that the body of a request is missing or violates the document.
type BodyError struct{ Cause error }

// Error says what is wrong with the body, and may quote a part of it.
func (e *BodyError) Error() string { return "the body of the request: " + e.Cause.Error() }

// Unwrap returns the cause.
func (e *BodyError) Unwrap() error { return e.Cause }

var errMissing = errors.New("it is missing")

// Bind reads the parameters and the body of a request, checks every constraint of the
// document, and returns the request object of the operation. Its error is a [*ParameterError], a
// [*BodyError], or an error of the source.
func (o *Operation) Bind(s Source) (request any, err error) { return o.bind(s) }

// Call calls the method of an implementation with the request object that Bind returned. It returns
// the response object of the operation.
func (o *Operation) Call(ctx context.Context, impl StrictServerInterface, request any) (response any, err error) {
	return o.call(ctx, impl, request)
}

// Write writes the response object that Call returned. If it belongs to another operation or
// cannot be encoded, Write fails before it writes anything; a stream may also fail later.
func (o *Operation) Write(w http.ResponseWriter, response any) error { return o.write(w, response) }

// BindGetFaultOperationList reads a request of GetFaultOperationList; see [Operation.Bind].
func BindGetFaultOperationList(s Source) (r GetFaultOperationListRequestObject, err error) {
	if text, is, err := text(s, 0, &parameters[0]); err != nil {
		return r, err
	} else if is != Absent {
		if is != Judged && (text != "3.0" && text != "6.0" && !matches8e55edfd(text)) {
			return r, bad(&parameters[0], text)
		}
		v := APIVersionParameter(text)
		r.Params.APIVersion = v
	}
	if text, is, err := text(s, 1, &parameters[1]); err != nil {
		return r, err
	} else if is != Absent {
		whole, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return r, bad(&parameters[1], text)
		}
		v := StateFilter(whole)
		r.Params.StateFilter = v
	}
	if text, is, err := text(s, 2, &parameters[2]); err != nil {
		return r, err
	} else if is != Absent {
		whole, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return r, bad(&parameters[2], text)
		}
		v := TypeFilter(whole)
		r.Params.TypeFilter = v
	}
	if text, is, err := text(s, 3, &parameters[3]); err != nil {
		return r, err
	} else if is != Absent {
		whole, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return r, bad(&parameters[3], text)
		}
		if is != Judged && (whole < 1 || whole > 4294967295) {
			return r, bad(&parameters[3], text)
		}
		v := Timeout(whole)
		r.Params.Timeout = &v
	}
	return r, nil
}

func bindGetFaultOperationList(s Source) (any, error) {
	r, err := BindGetFaultOperationList(s)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func callGetFaultOperationList(ctx context.Context, impl StrictServerInterface, request any) (any, error) {
	r, ok := request.(GetFaultOperationListRequestObject)
	if !ok {
		return nil, fmt.Errorf("a %T is no request of GetFaultOperationList", request)
	}
	return impl.GetFaultOperationList(ctx, r)
}

func writeGetFaultOperationList(w http.ResponseWriter, response any) error {
	r, ok := response.(GetFaultOperationListResponseObject)
	if !ok {
		return fmt.Errorf("a %T is no response of GetFaultOperationList", response)
	}
	return r.VisitGetFaultOperationListResponse(w)
}

// BindCancelOperation reads a request of CancelOperation; see [Operation.Bind].
func BindCancelOperation(s Source) (r CancelOperationRequestObject, err error) {
	if text, is, err := text(s, 0, &parameters[0]); err != nil {
		return r, err
	} else if is != Absent {
		if is != Judged && (text != "3.0" && text != "6.0" && !matches8e55edfd(text)) {
			return r, bad(&parameters[0], text)
		}
		v := APIVersionParameter(text)
		r.Params.APIVersion = v
	}
	if text, is, err := text(s, 1, &parameters[4]); err != nil {
		return r, err
	} else if is != Absent {
		v, ok := parseUUID(text)
		if !ok {
			return r, bad(&parameters[4], text)
		}
		r.Params.OperationID = v
	}
	if text, is, err := text(s, 2, &parameters[5]); err != nil {
		return r, err
	} else if is != Absent {
		if text != "true" && text != "false" {
			return r, bad(&parameters[5], text)
		}
		v := Force(text == "true")
		r.Params.Force = v
	}
	if text, is, err := text(s, 3, &parameters[3]); err != nil {
		return r, err
	} else if is != Absent {
		whole, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return r, bad(&parameters[3], text)
		}
		if is != Judged && (whole < 1 || whole > 4294967295) {
			return r, bad(&parameters[3], text)
		}
		v := Timeout(whole)
		r.Params.Timeout = &v
	}
	return r, nil
}

func bindCancelOperation(s Source) (any, error) {
	r, err := BindCancelOperation(s)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func callCancelOperation(ctx context.Context, impl StrictServerInterface, request any) (any, error) {
	r, ok := request.(CancelOperationRequestObject)
	if !ok {
		return nil, fmt.Errorf("a %T is no request of CancelOperation", request)
	}
	return impl.CancelOperation(ctx, r)
}

func writeCancelOperation(w http.ResponseWriter, response any) error {
	r, ok := response.(CancelOperationResponseObject)
	if !ok {
		return fmt.Errorf("a %T is no response of CancelOperation", response)
	}
	return r.VisitCancelOperationResponse(w)
}

// BindGetNodeTransitionProgress reads a request of GetNodeTransitionProgress; see [Operation.Bind].
func BindGetNodeTransitionProgress(s Source) (r GetNodeTransitionProgressRequestObject, err error) {
	if text, is, err := text(s, 0, &parameters[6]); err != nil {
		return r, err
	} else if is != Absent {
		v := NodeNameParameter(text)
		r.NodeName = v
	}
	if text, is, err := text(s, 1, &parameters[0]); err != nil {
		return r, err
	} else if is != Absent {
		if is != Judged && (text != "3.0" && text != "6.0" && !matches8e55edfd(text)) {
			return r, bad(&parameters[0], text)
		}
		v := APIVersionParameter(text)
		r.Params.APIVersion = v
	}
	if text, is, err := text(s, 2, &parameters[4]); err != nil {
		return r, err
	} else if is != Absent {
		v, ok := parseUUID(text)
		if !ok {
			return r, bad(&parameters[4], text)
		}
		r.Params.OperationID = v
	}
	if text, is, err := text(s, 3, &parameters[3]); err != nil {
		return r, err
	} else if is != Absent {
		whole, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return r, bad(&parameters[3], text)
		}
		if is != Judged && (whole < 1 || whole > 4294967295) {
			return r, bad(&parameters[3], text)
		}
		v := Timeout(whole)
		r.Params.Timeout = &v
	}
	return r, nil
}

func bindGetNodeTransitionProgress(s Source) (any, error) {
	r, err := BindGetNodeTransitionProgress(s)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func callGetNodeTransitionProgress(ctx context.Context, impl StrictServerInterface, request any) (any, error) {
	r, ok := request.(GetNodeTransitionProgressRequestObject)
	if !ok {
		return nil, fmt.Errorf("a %T is no request of GetNodeTransitionProgress", request)
	}
	return impl.GetNodeTransitionProgress(ctx, r)
}

func writeGetNodeTransitionProgress(w http.ResponseWriter, response any) error {
	r, ok := response.(GetNodeTransitionProgressResponseObject)
	if !ok {
		return fmt.Errorf("a %T is no response of GetNodeTransitionProgress", response)
	}
	return r.VisitGetNodeTransitionProgressResponse(w)
}

// BindStartNodeTransition reads a request of StartNodeTransition; see [Operation.Bind].
func BindStartNodeTransition(s Source) (r StartNodeTransitionRequestObject, err error) {
	if text, is, err := text(s, 0, &parameters[6]); err != nil {
		return r, err
	} else if is != Absent {
		v := NodeNameParameter(text)
		r.NodeName = v
	}
	if text, is, err := text(s, 1, &parameters[0]); err != nil {
		return r, err
	} else if is != Absent {
		if is != Judged && (text != "3.0" && text != "6.0" && !matches8e55edfd(text)) {
			return r, bad(&parameters[0], text)
		}
		v := APIVersionParameter(text)
		r.Params.APIVersion = v
	}
	if text, is, err := text(s, 2, &parameters[4]); err != nil {
		return r, err
	} else if is != Absent {
		v, ok := parseUUID(text)
		if !ok {
			return r, bad(&parameters[4], text)
		}
		r.Params.OperationID = v
	}
	if text, is, err := text(s, 3, &parameters[7]); err != nil {
		return r, err
	} else if is != Absent {
		v := NodeInstanceID(text)
		r.Params.NodeInstanceID = v
	}
	if text, is, err := text(s, 4, &parameters[8]); err != nil {
		return r, err
	} else if is != Absent {
		if is != Judged && (text != "Invalid" && text != "Start" && text != "Stop") {
			return r, bad(&parameters[8], text)
		}
		v := NodeTransitionTypeParameter(text)
		r.Params.NodeTransitionType = v
	}
	if text, is, err := text(s, 5, &parameters[9]); err != nil {
		return r, err
	} else if is != Absent {
		whole, err := strconv.ParseInt(text, 10, 32)
		if err != nil {
			return r, bad(&parameters[9], text)
		}
		if is != Judged && (whole < 0) {
			return r, bad(&parameters[9], text)
		}
		v := StopDurationInSeconds(whole)
		r.Params.StopDurationInSeconds = v
	}
	if text, is, err := text(s, 6, &parameters[3]); err != nil {
		return r, err
	} else if is != Absent {
		whole, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return r, bad(&parameters[3], text)
		}
		if is != Judged && (whole < 1 || whole > 4294967295) {
			return r, bad(&parameters[3], text)
		}
		v := Timeout(whole)
		r.Params.Timeout = &v
	}
	return r, nil
}

func bindStartNodeTransition(s Source) (any, error) {
	r, err := BindStartNodeTransition(s)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func callStartNodeTransition(ctx context.Context, impl StrictServerInterface, request any) (any, error) {
	r, ok := request.(StartNodeTransitionRequestObject)
	if !ok {
		return nil, fmt.Errorf("a %T is no request of StartNodeTransition", request)
	}
	return impl.StartNodeTransition(ctx, r)
}

func writeStartNodeTransition(w http.ResponseWriter, response any) error {
	r, ok := response.(StartNodeTransitionResponseObject)
	if !ok {
		return fmt.Errorf("a %T is no response of StartNodeTransition", response)
	}
	return r.VisitStartNodeTransitionResponse(w)
}

// BindGetDataLossProgress reads a request of GetDataLossProgress; see [Operation.Bind].
func BindGetDataLossProgress(s Source) (r GetDataLossProgressRequestObject, err error) {
	if text, is, err := text(s, 0, &parameters[10]); err != nil {
		return r, err
	} else if is != Absent {
		v := ServiceID(text)
		r.ServiceID = v
	}
	if text, is, err := text(s, 1, &parameters[11]); err != nil {
		return r, err
	} else if is != Absent {
		v, ok := parseUUID(text)
		if !ok {
			return r, bad(&parameters[11], text)
		}
		r.PartitionID = v
	}
	if text, is, err := text(s, 2, &parameters[0]); err != nil {
		return r, err
	} else if is != Absent {
		if is != Judged && (text != "3.0" && text != "6.0" && !matches8e55edfd(text)) {
			return r, bad(&parameters[0], text)
		}
		v := APIVersionParameter(text)
		r.Params.APIVersion = v
	}
	if text, is, err := text(s, 3, &parameters[4]); err != nil {
		return r, err
	} else if is != Absent {
		v, ok := parseUUID(text)
		if !ok {
			return r, bad(&parameters[4], text)
		}
		r.Params.OperationID = v
	}
	if text, is, err := text(s, 4, &parameters[3]); err != nil {
		return r, err
	} else if is != Absent {
		whole, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return r, bad(&parameters[3], text)
		}
		if is != Judged && (whole < 1 || whole > 4294967295) {
			return r, bad(&parameters[3], text)
		}
		v := Timeout(whole)
		r.Params.Timeout = &v
	}
	return r, nil
}

func bindGetDataLossProgress(s Source) (any, error) {
	r, err := BindGetDataLossProgress(s)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func callGetDataLossProgress(ctx context.Context, impl StrictServerInterface, request any) (any, error) {
	r, ok := request.(GetDataLossProgressRequestObject)
	if !ok {
		return nil, fmt.Errorf("a %T is no request of GetDataLossProgress", request)
	}
	return impl.GetDataLossProgress(ctx, r)
}

func writeGetDataLossProgress(w http.ResponseWriter, response any) error {
	r, ok := response.(GetDataLossProgressResponseObject)
	if !ok {
		return fmt.Errorf("a %T is no response of GetDataLossProgress", response)
	}
	return r.VisitGetDataLossProgressResponse(w)
}

// BindGetQuorumLossProgress reads a request of GetQuorumLossProgress; see [Operation.Bind].
func BindGetQuorumLossProgress(s Source) (r GetQuorumLossProgressRequestObject, err error) {
	if text, is, err := text(s, 0, &parameters[10]); err != nil {
		return r, err
	} else if is != Absent {
		v := ServiceID(text)
		r.ServiceID = v
	}
	if text, is, err := text(s, 1, &parameters[11]); err != nil {
		return r, err
	} else if is != Absent {
		v, ok := parseUUID(text)
		if !ok {
			return r, bad(&parameters[11], text)
		}
		r.PartitionID = v
	}
	if text, is, err := text(s, 2, &parameters[0]); err != nil {
		return r, err
	} else if is != Absent {
		if is != Judged && (text != "3.0" && text != "6.0" && !matches8e55edfd(text)) {
			return r, bad(&parameters[0], text)
		}
		v := APIVersionParameter(text)
		r.Params.APIVersion = v
	}
	if text, is, err := text(s, 3, &parameters[4]); err != nil {
		return r, err
	} else if is != Absent {
		v, ok := parseUUID(text)
		if !ok {
			return r, bad(&parameters[4], text)
		}
		r.Params.OperationID = v
	}
	if text, is, err := text(s, 4, &parameters[3]); err != nil {
		return r, err
	} else if is != Absent {
		whole, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return r, bad(&parameters[3], text)
		}
		if is != Judged && (whole < 1 || whole > 4294967295) {
			return r, bad(&parameters[3], text)
		}
		v := Timeout(whole)
		r.Params.Timeout = &v
	}
	return r, nil
}

func bindGetQuorumLossProgress(s Source) (any, error) {
	r, err := BindGetQuorumLossProgress(s)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func callGetQuorumLossProgress(ctx context.Context, impl StrictServerInterface, request any) (any, error) {
	r, ok := request.(GetQuorumLossProgressRequestObject)
	if !ok {
		return nil, fmt.Errorf("a %T is no request of GetQuorumLossProgress", request)
	}
	return impl.GetQuorumLossProgress(ctx, r)
}

func writeGetQuorumLossProgress(w http.ResponseWriter, response any) error {
	r, ok := response.(GetQuorumLossProgressResponseObject)
	if !ok {
		return fmt.Errorf("a %T is no response of GetQuorumLossProgress", response)
	}
	return r.VisitGetQuorumLossProgressResponse(w)
}

// BindGetPartitionRestartProgress reads a request of GetPartitionRestartProgress; see [Operation.Bind].
func BindGetPartitionRestartProgress(s Source) (r GetPartitionRestartProgressRequestObject, err error) {
	if text, is, err := text(s, 0, &parameters[10]); err != nil {
		return r, err
	} else if is != Absent {
		v := ServiceID(text)
		r.ServiceID = v
	}
	if text, is, err := text(s, 1, &parameters[11]); err != nil {
		return r, err
	} else if is != Absent {
		v, ok := parseUUID(text)
		if !ok {
			return r, bad(&parameters[11], text)
		}
		r.PartitionID = v
	}
	if text, is, err := text(s, 2, &parameters[0]); err != nil {
		return r, err
	} else if is != Absent {
		if is != Judged && (text != "3.0" && text != "6.0" && !matches8e55edfd(text)) {
			return r, bad(&parameters[0], text)
		}
		v := APIVersionParameter(text)
		r.Params.APIVersion = v
	}
	if text, is, err := text(s, 3, &parameters[4]); err != nil {
		return r, err
	} else if is != Absent {
		v, ok := parseUUID(text)
		if !ok {
			return r, bad(&parameters[4], text)
		}
		r.Params.OperationID = v
	}
	if text, is, err := text(s, 4, &parameters[3]); err != nil {
		return r, err
	} else if is != Absent {
		whole, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return r, bad(&parameters[3], text)
		}
		if is != Judged && (whole < 1 || whole > 4294967295) {
			return r, bad(&parameters[3], text)
		}
		v := Timeout(whole)
		r.Params.Timeout = &v
	}
	return r, nil
}

func bindGetPartitionRestartProgress(s Source) (any, error) {
	r, err := BindGetPartitionRestartProgress(s)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func callGetPartitionRestartProgress(ctx context.Context, impl StrictServerInterface, request any) (any, error) {
	r, ok := request.(GetPartitionRestartProgressRequestObject)
	if !ok {
		return nil, fmt.Errorf("a %T is no request of GetPartitionRestartProgress", request)
	}
	return impl.GetPartitionRestartProgress(ctx, r)
}

func writeGetPartitionRestartProgress(w http.ResponseWriter, response any) error {
	r, ok := response.(GetPartitionRestartProgressResponseObject)
	if !ok {
		return fmt.Errorf("a %T is no response of GetPartitionRestartProgress", response)
	}
	return r.VisitGetPartitionRestartProgressResponse(w)
}

// BindStartDataLoss reads a request of StartDataLoss; see [Operation.Bind].
func BindStartDataLoss(s Source) (r StartDataLossRequestObject, err error) {
	if text, is, err := text(s, 0, &parameters[10]); err != nil {
		return r, err
	} else if is != Absent {
		v := ServiceID(text)
		r.ServiceID = v
	}
	if text, is, err := text(s, 1, &parameters[11]); err != nil {
		return r, err
	} else if is != Absent {
		v, ok := parseUUID(text)
		if !ok {
			return r, bad(&parameters[11], text)
		}
		r.PartitionID = v
	}
	if text, is, err := text(s, 2, &parameters[0]); err != nil {
		return r, err
	} else if is != Absent {
		if is != Judged && (text != "3.0" && text != "6.0" && !matches8e55edfd(text)) {
			return r, bad(&parameters[0], text)
		}
		v := APIVersionParameter(text)
		r.Params.APIVersion = v
	}
	if text, is, err := text(s, 3, &parameters[4]); err != nil {
		return r, err
	} else if is != Absent {
		v, ok := parseUUID(text)
		if !ok {
			return r, bad(&parameters[4], text)
		}
		r.Params.OperationID = v
	}
	if text, is, err := text(s, 4, &parameters[12]); err != nil {
		return r, err
	} else if is != Absent {
		if is != Judged && (text != "Invalid" && text != "PartialDataLoss" && text != "FullDataLoss") {
			return r, bad(&parameters[12], text)
		}
		v := DataLossModeParameter(text)
		r.Params.DataLossMode = v
	}
	if text, is, err := text(s, 5, &parameters[3]); err != nil {
		return r, err
	} else if is != Absent {
		whole, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return r, bad(&parameters[3], text)
		}
		if is != Judged && (whole < 1 || whole > 4294967295) {
			return r, bad(&parameters[3], text)
		}
		v := Timeout(whole)
		r.Params.Timeout = &v
	}
	return r, nil
}

func bindStartDataLoss(s Source) (any, error) {
	r, err := BindStartDataLoss(s)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func callStartDataLoss(ctx context.Context, impl StrictServerInterface, request any) (any, error) {
	r, ok := request.(StartDataLossRequestObject)
	if !ok {
		return nil, fmt.Errorf("a %T is no request of StartDataLoss", request)
	}
	return impl.StartDataLoss(ctx, r)
}

func writeStartDataLoss(w http.ResponseWriter, response any) error {
	r, ok := response.(StartDataLossResponseObject)
	if !ok {
		return fmt.Errorf("a %T is no response of StartDataLoss", response)
	}
	return r.VisitStartDataLossResponse(w)
}

// BindStartQuorumLoss reads a request of StartQuorumLoss; see [Operation.Bind].
func BindStartQuorumLoss(s Source) (r StartQuorumLossRequestObject, err error) {
	if text, is, err := text(s, 0, &parameters[10]); err != nil {
		return r, err
	} else if is != Absent {
		v := ServiceID(text)
		r.ServiceID = v
	}
	if text, is, err := text(s, 1, &parameters[11]); err != nil {
		return r, err
	} else if is != Absent {
		v, ok := parseUUID(text)
		if !ok {
			return r, bad(&parameters[11], text)
		}
		r.PartitionID = v
	}
	if text, is, err := text(s, 2, &parameters[0]); err != nil {
		return r, err
	} else if is != Absent {
		if is != Judged && (text != "3.0" && text != "6.0" && !matches8e55edfd(text)) {
			return r, bad(&parameters[0], text)
		}
		v := APIVersionParameter(text)
		r.Params.APIVersion = v
	}
	if text, is, err := text(s, 3, &parameters[4]); err != nil {
		return r, err
	} else if is != Absent {
		v, ok := parseUUID(text)
		if !ok {
			return r, bad(&parameters[4], text)
		}
		r.Params.OperationID = v
	}
	if text, is, err := text(s, 4, &parameters[13]); err != nil {
		return r, err
	} else if is != Absent {
		if is != Judged && (text != "Invalid" && text != "QuorumReplicas" && text != "QuorumLossReplicas" && text != "AllReplicas") {
			return r, bad(&parameters[13], text)
		}
		v := QuorumLossModeParameter(text)
		r.Params.QuorumLossMode = v
	}
	if text, is, err := text(s, 5, &parameters[14]); err != nil {
		return r, err
	} else if is != Absent {
		whole, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return r, bad(&parameters[14], text)
		}
		v := QuorumLossDuration(whole)
		r.Params.QuorumLossDuration = v
	}
	if text, is, err := text(s, 6, &parameters[3]); err != nil {
		return r, err
	} else if is != Absent {
		whole, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return r, bad(&parameters[3], text)
		}
		if is != Judged && (whole < 1 || whole > 4294967295) {
			return r, bad(&parameters[3], text)
		}
		v := Timeout(whole)
		r.Params.Timeout = &v
	}
	return r, nil
}

func bindStartQuorumLoss(s Source) (any, error) {
	r, err := BindStartQuorumLoss(s)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func callStartQuorumLoss(ctx context.Context, impl StrictServerInterface, request any) (any, error) {
	r, ok := request.(StartQuorumLossRequestObject)
	if !ok {
		return nil, fmt.Errorf("a %T is no request of StartQuorumLoss", request)
	}
	return impl.StartQuorumLoss(ctx, r)
}

func writeStartQuorumLoss(w http.ResponseWriter, response any) error {
	r, ok := response.(StartQuorumLossResponseObject)
	if !ok {
		return fmt.Errorf("a %T is no response of StartQuorumLoss", response)
	}
	return r.VisitStartQuorumLossResponse(w)
}

// BindStartPartitionRestart reads a request of StartPartitionRestart; see [Operation.Bind].
func BindStartPartitionRestart(s Source) (r StartPartitionRestartRequestObject, err error) {
	if text, is, err := text(s, 0, &parameters[10]); err != nil {
		return r, err
	} else if is != Absent {
		v := ServiceID(text)
		r.ServiceID = v
	}
	if text, is, err := text(s, 1, &parameters[11]); err != nil {
		return r, err
	} else if is != Absent {
		v, ok := parseUUID(text)
		if !ok {
			return r, bad(&parameters[11], text)
		}
		r.PartitionID = v
	}
	if text, is, err := text(s, 2, &parameters[0]); err != nil {
		return r, err
	} else if is != Absent {
		if is != Judged && (text != "3.0" && text != "6.0" && !matches8e55edfd(text)) {
			return r, bad(&parameters[0], text)
		}
		v := APIVersionParameter(text)
		r.Params.APIVersion = v
	}
	if text, is, err := text(s, 3, &parameters[4]); err != nil {
		return r, err
	} else if is != Absent {
		v, ok := parseUUID(text)
		if !ok {
			return r, bad(&parameters[4], text)
		}
		r.Params.OperationID = v
	}
	if text, is, err := text(s, 4, &parameters[15]); err != nil {
		return r, err
	} else if is != Absent {
		if is != Judged && (text != "Invalid" && text != "AllReplicasOrInstances" && text != "OnlyActiveSecondaries") {
			return r, bad(&parameters[15], text)
		}
		v := RestartPartitionModeParameter(text)
		r.Params.RestartPartitionMode = v
	}
	if text, is, err := text(s, 5, &parameters[3]); err != nil {
		return r, err
	} else if is != Absent {
		whole, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return r, bad(&parameters[3], text)
		}
		if is != Judged && (whole < 1 || whole > 4294967295) {
			return r, bad(&parameters[3], text)
		}
		v := Timeout(whole)
		r.Params.Timeout = &v
	}
	return r, nil
}

func bindStartPartitionRestart(s Source) (any, error) {
	r, err := BindStartPartitionRestart(s)
	if err != nil {
		return nil, err
	}
	return r, nil
}

func callStartPartitionRestart(ctx context.Context, impl StrictServerInterface, request any) (any, error) {
	r, ok := request.(StartPartitionRestartRequestObject)
	if !ok {
		return nil, fmt.Errorf("a %T is no request of StartPartitionRestart", request)
	}
	return impl.StartPartitionRestart(ctx, r)
}

func writeStartPartitionRestart(w http.ResponseWriter, response any) error {
	r, ok := response.(StartPartitionRestartResponseObject)
	if !ok {
		return fmt.Errorf("a %T is no response of StartPartitionRestart", response)
	}
	return r.VisitStartPartitionRestartResponse(w)
}

// text reads a parameter. It is an error if a required parameter is absent.
func text(s Source, n int, p *Parameter) (text string, is Reading, err error) {
	text, is, err = s.Text(n, p)
	if err == nil && is == Absent && p.Required {
		err = &ParameterError{Parameter: p, Missing: true}
	}
	return text, is, err
}

func bad(p *Parameter, text string) error { return &ParameterError{Parameter: p, Value: text} }

// parseUUID parses only the form of RFC 9562 §4, not the others that package uuid accepts.
func parseUUID(text string) (id uuid.UUID, ok bool) {
	if len(text) != 36 {
		return id, false
	}
	id, err := uuid.Parse(text)
	return id, err == nil
}

// matches8e55edfd reports whether a text matches ^[0-9]+\.[0-9]+$.
func matches8e55edfd(text string) bool {
	i := 0
	if i == len(text) || (text[i] < '0' || text[i] > '9') {
		return false
	}
	for i < len(text) && (text[i] >= '0' && text[i] <= '9') {
		i++
	}
	if i == len(text) || text[i] != '.' {
		return false
	}
	i++
	if i == len(text) || (text[i] < '0' || text[i] > '9') {
		return false
	}
	for i < len(text) && (text[i] >= '0' && text[i] <= '9') {
		i++
	}
	return i == len(text)
}
