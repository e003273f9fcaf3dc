// Code generated from openapi/faults.yaml by openapi/generate. DO NOT EDIT.

package generated

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Base is the parsed address of a server. Create one with [ParseBase]; every builder refuses the zero
// value. It is safe for concurrent use.
type Base struct {
	scheme, host string
	path         string // escaped, with a slash at the end
	name         string // for the header Host: the host without an empty port
}

// ParseBase parses an address such as "http://localhost:19080". It may end in a path prefix, but must
// not have a query, a fragment, or credentials. The error does not quote the address, so that a
// password in it does not get into a log.
func ParseBase(address string) (Base, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil:
		return Base{}, errors.New("the endpoint is not a URL such as http://localhost:19080")
	case u.Scheme != "http" && u.Scheme != "https":
		return Base{}, errors.New("the endpoint must begin with http:// or https://")
	case u.Hostname() == "":
		return Base{}, errors.New("the endpoint names no host")
	case u.User != nil:
		return Base{}, errors.New("the endpoint must not carry credentials")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return Base{}, errors.New("the endpoint must not carry a query or a fragment")
	}
	return Base{u.Scheme, u.Host, u.JoinPath("/").EscapedPath(), strings.TrimSuffix(u.Host, ":")}, nil
}

// String returns the address, with a slash at the end; "" for the zero value.
func (base Base) String() string {
	if base.host == "" {
		return ""
	}
	return base.scheme + "://" + base.host + base.path
}

// RequestError says that the value of a parameter cannot be sent. Nothing was sent.
type RequestError struct {
	Parameter string // its name in the document
	Must      string // the end of the sentence "It must"
	Value     string // its value; "" if there is none
}

// Error names the parameter, says what it must be, and quotes the beginning of Value.
func (e *RequestError) Error() string {
	if e.Value == "" {
		return e.Parameter + " must " + e.Must
	}
	return fmt.Sprintf("%s must %s, not %.64q", e.Parameter, e.Must, e.Value)
}

// NewGetFaultOperationListRequest builds the request to list fault operations:
// GET /Faults/. The error is a [*RequestError] if it is about a parameter.
//
// If APIVersion is "", the document's default 6.0 is sent.
// If StateFilter is 0, the document's default 65535 is sent.
// If TypeFilter is 0, the document's default 65535 is sent.
func NewGetFaultOperationListRequest(ctx context.Context, base Base, params GetFaultOperationListParams) (*http.Request, error) {
	var room [256]byte
	b, err := base.begin(room[:0])
	if err != nil {
		return nil, err
	}
	b = append(b, "Faults/"...)
	path := len(b)
	if params.APIVersion == "" {
		b = append(b, "&api-version=6.0"...)
	} else {
		b = append(b, "&api-version="...)
		b = appendQuery(b, string(params.APIVersion))
	}
	if params.StateFilter == 0 {
		b = append(b, "&StateFilter=65535"...)
	} else {
		b = append(b, "&StateFilter="...)
		b = strconv.AppendInt(b, int64(params.StateFilter), 10)
	}
	if params.TypeFilter == 0 {
		b = append(b, "&TypeFilter=65535"...)
	} else {
		b = append(b, "&TypeFilter="...)
		b = strconv.AppendInt(b, int64(params.TypeFilter), 10)
	}
	if params.Timeout != nil {
		if *params.Timeout < 1 || *params.Timeout > 4294967295 {
			return nil, &RequestError{Parameter: "timeout", Must: "be from 1 to 4294967295", Value: fmt.Sprint(*params.Timeout)}
		}
		b = append(b, "&timeout="...)
		b = strconv.AppendInt(b, *params.Timeout, 10)
	}
	return base.request(ctx, "GET", b, path, nil)
}

// NewCancelOperationRequest builds the request to cancel a fault operation:
// POST /Faults/$/Cancel. The error is a [*RequestError] if it is about a parameter.
//
// If APIVersion is "", the document's default 6.0 is sent.
func NewCancelOperationRequest(ctx context.Context, base Base, params CancelOperationParams) (*http.Request, error) {
	var room [256]byte
	b, err := base.begin(room[:0])
	if err != nil {
		return nil, err
	}
	b = append(b, "Faults/$/Cancel"...)
	path := len(b)
	if params.APIVersion == "" {
		b = append(b, "&api-version=6.0"...)
	} else {
		b = append(b, "&api-version="...)
		b = appendQuery(b, string(params.APIVersion))
	}
	if params.OperationID == ([16]byte{}) {
		return nil, &RequestError{Parameter: "OperationId", Must: "be given"}
	}
	b = append(b, "&OperationId="...)
	b = appendUUID(b, params.OperationID)
	b = append(b, "&Force="...)
	b = strconv.AppendBool(b, params.Force)
	if params.Timeout != nil {
		if *params.Timeout < 1 || *params.Timeout > 4294967295 {
			return nil, &RequestError{Parameter: "timeout", Must: "be from 1 to 4294967295", Value: fmt.Sprint(*params.Timeout)}
		}
		b = append(b, "&timeout="...)
		b = strconv.AppendInt(b, *params.Timeout, 10)
	}
	return base.request(ctx, "POST", b, path, nil)
}

// NewGetNodeTransitionProgressRequest builds the request to read the progress of a node transition:
// GET /Faults/Nodes/{nodeName}/$/GetTransitionProgress. The error is a [*RequestError] if it is about a parameter.
//
// If APIVersion is "", the document's default 6.0 is sent.
func NewGetNodeTransitionProgressRequest(ctx context.Context, base Base, nodeName NodeNameParameter, params GetNodeTransitionProgressParams) (*http.Request, error) {
	var room [256]byte
	b, err := base.begin(room[:0])
	if err != nil {
		return nil, err
	}
	b = append(b, "Faults/Nodes/"...)
	if b, err = appendSegment(b, "nodeName", nodeName); err != nil {
		return nil, err
	}
	b = append(b, "/$/GetTransitionProgress"...)
	path := len(b)
	if params.APIVersion == "" {
		b = append(b, "&api-version=6.0"...)
	} else {
		b = append(b, "&api-version="...)
		b = appendQuery(b, string(params.APIVersion))
	}
	if params.OperationID == ([16]byte{}) {
		return nil, &RequestError{Parameter: "OperationId", Must: "be given"}
	}
	b = append(b, "&OperationId="...)
	b = appendUUID(b, params.OperationID)
	if params.Timeout != nil {
		if *params.Timeout < 1 || *params.Timeout > 4294967295 {
			return nil, &RequestError{Parameter: "timeout", Must: "be from 1 to 4294967295", Value: fmt.Sprint(*params.Timeout)}
		}
		b = append(b, "&timeout="...)
		b = strconv.AppendInt(b, *params.Timeout, 10)
	}
	return base.request(ctx, "GET", b, path, nil)
}

// NewStartNodeTransitionRequest builds the request to start a node transition:
// POST /Faults/Nodes/{nodeName}/$/StartTransition/. The error is a [*RequestError] if it is about a parameter.
//
// If APIVersion is "", the document's default 6.0 is sent.
func NewStartNodeTransitionRequest(ctx context.Context, base Base, nodeName NodeNameParameter, params StartNodeTransitionParams) (*http.Request, error) {
	var room [256]byte
	b, err := base.begin(room[:0])
	if err != nil {
		return nil, err
	}
	b = append(b, "Faults/Nodes/"...)
	if b, err = appendSegment(b, "nodeName", nodeName); err != nil {
		return nil, err
	}
	b = append(b, "/$/StartTransition/"...)
	path := len(b)
	if params.APIVersion == "" {
		b = append(b, "&api-version=6.0"...)
	} else {
		b = append(b, "&api-version="...)
		b = appendQuery(b, string(params.APIVersion))
	}
	if params.OperationID == ([16]byte{}) {
		return nil, &RequestError{Parameter: "OperationId", Must: "be given"}
	}
	b = append(b, "&OperationId="...)
	b = appendUUID(b, params.OperationID)
	if params.NodeInstanceID == "" {
		return nil, &RequestError{Parameter: "NodeInstanceId", Must: "be given"}
	}
	b = append(b, "&NodeInstanceId="...)
	b = appendQuery(b, params.NodeInstanceID)
	if params.NodeTransitionType == "" {
		return nil, &RequestError{Parameter: "NodeTransitionType", Must: "be given"}
	}
	b = append(b, "&NodeTransitionType="...)
	b = appendQuery(b, string(params.NodeTransitionType))
	if int64(params.StopDurationInSeconds) < 0 {
		return nil, &RequestError{Parameter: "StopDurationInSeconds", Must: "be 0 or more", Value: fmt.Sprint(params.StopDurationInSeconds)}
	}
	b = append(b, "&StopDurationInSeconds="...)
	b = strconv.AppendInt(b, int64(params.StopDurationInSeconds), 10)
	if params.Timeout != nil {
		if *params.Timeout < 1 || *params.Timeout > 4294967295 {
			return nil, &RequestError{Parameter: "timeout", Must: "be from 1 to 4294967295", Value: fmt.Sprint(*params.Timeout)}
		}
		b = append(b, "&timeout="...)
		b = strconv.AppendInt(b, *params.Timeout, 10)
	}
	return base.request(ctx, "POST", b, path, nil)
}

// NewGetDataLossProgressRequest builds the request to read the progress of a data loss:
// GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetDataLossProgress. The error is a [*RequestError] if it is about a parameter.
//
// If APIVersion is "", the document's default 6.0 is sent.
func NewGetDataLossProgressRequest(ctx context.Context, base Base, serviceID ServiceID, partitionID PartitionIDParameter, params GetDataLossProgressParams) (*http.Request, error) {
	var room [256]byte
	b, err := base.begin(room[:0])
	if err != nil {
		return nil, err
	}
	b = append(b, "Faults/Services/"...)
	if b, err = appendSegment(b, "serviceId", serviceID); err != nil {
		return nil, err
	}
	b = append(b, "/$/GetPartitions/"...)
	b = appendUUID(b, partitionID)
	b = append(b, "/$/GetDataLossProgress"...)
	path := len(b)
	if params.APIVersion == "" {
		b = append(b, "&api-version=6.0"...)
	} else {
		b = append(b, "&api-version="...)
		b = appendQuery(b, string(params.APIVersion))
	}
	if params.OperationID == ([16]byte{}) {
		return nil, &RequestError{Parameter: "OperationId", Must: "be given"}
	}
	b = append(b, "&OperationId="...)
	b = appendUUID(b, params.OperationID)
	if params.Timeout != nil {
		if *params.Timeout < 1 || *params.Timeout > 4294967295 {
			return nil, &RequestError{Parameter: "timeout", Must: "be from 1 to 4294967295", Value: fmt.Sprint(*params.Timeout)}
		}
		b = append(b, "&timeout="...)
		b = strconv.AppendInt(b, *params.Timeout, 10)
	}
	return base.request(ctx, "GET", b, path, nil)
}

// NewGetQuorumLossProgressRequest builds the request to read the progress of a quorum loss:
// GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetQuorumLossProgress. The error is a [*RequestError] if it is about a parameter.
//
// If APIVersion is "", the document's default 6.0 is sent.
func NewGetQuorumLossProgressRequest(ctx context.Context, base Base, serviceID ServiceID, partitionID PartitionIDParameter, params GetQuorumLossProgressParams) (*http.Request, error) {
	var room [256]byte
	b, err := base.begin(room[:0])
	if err != nil {
		return nil, err
	}
	b = append(b, "Faults/Services/"...)
	if b, err = appendSegment(b, "serviceId", serviceID); err != nil {
		return nil, err
	}
	b = append(b, "/$/GetPartitions/"...)
	b = appendUUID(b, partitionID)
	b = append(b, "/$/GetQuorumLossProgress"...)
	path := len(b)
	if params.APIVersion == "" {
		b = append(b, "&api-version=6.0"...)
	} else {
		b = append(b, "&api-version="...)
		b = appendQuery(b, string(params.APIVersion))
	}
	if params.OperationID == ([16]byte{}) {
		return nil, &RequestError{Parameter: "OperationId", Must: "be given"}
	}
	b = append(b, "&OperationId="...)
	b = appendUUID(b, params.OperationID)
	if params.Timeout != nil {
		if *params.Timeout < 1 || *params.Timeout > 4294967295 {
			return nil, &RequestError{Parameter: "timeout", Must: "be from 1 to 4294967295", Value: fmt.Sprint(*params.Timeout)}
		}
		b = append(b, "&timeout="...)
		b = strconv.AppendInt(b, *params.Timeout, 10)
	}
	return base.request(ctx, "GET", b, path, nil)
}

// NewGetPartitionRestartProgressRequest builds the request to read the progress of a partition restart:
// GET /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetRestartProgress. The error is a [*RequestError] if it is about a parameter.
//
// If APIVersion is "", the document's default 6.0 is sent.
func NewGetPartitionRestartProgressRequest(ctx context.Context, base Base, serviceID ServiceID, partitionID PartitionIDParameter, params GetPartitionRestartProgressParams) (*http.Request, error) {
	var room [256]byte
	b, err := base.begin(room[:0])
	if err != nil {
		return nil, err
	}
	b = append(b, "Faults/Services/"...)
	if b, err = appendSegment(b, "serviceId", serviceID); err != nil {
		return nil, err
	}
	b = append(b, "/$/GetPartitions/"...)
	b = appendUUID(b, partitionID)
	b = append(b, "/$/GetRestartProgress"...)
	path := len(b)
	if params.APIVersion == "" {
		b = append(b, "&api-version=6.0"...)
	} else {
		b = append(b, "&api-version="...)
		b = appendQuery(b, string(params.APIVersion))
	}
	if params.OperationID == ([16]byte{}) {
		return nil, &RequestError{Parameter: "OperationId", Must: "be given"}
	}
	b = append(b, "&OperationId="...)
	b = appendUUID(b, params.OperationID)
	if params.Timeout != nil {
		if *params.Timeout < 1 || *params.Timeout > 4294967295 {
			return nil, &RequestError{Parameter: "timeout", Must: "be from 1 to 4294967295", Value: fmt.Sprint(*params.Timeout)}
		}
		b = append(b, "&timeout="...)
		b = strconv.AppendInt(b, *params.Timeout, 10)
	}
	return base.request(ctx, "GET", b, path, nil)
}

// NewStartDataLossRequest builds the request to start a data loss:
// POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartDataLoss. The error is a [*RequestError] if it is about a parameter.
//
// If APIVersion is "", the document's default 6.0 is sent.
func NewStartDataLossRequest(ctx context.Context, base Base, serviceID ServiceID, partitionID PartitionIDParameter, params StartDataLossParams) (*http.Request, error) {
	var room [256]byte
	b, err := base.begin(room[:0])
	if err != nil {
		return nil, err
	}
	b = append(b, "Faults/Services/"...)
	if b, err = appendSegment(b, "serviceId", serviceID); err != nil {
		return nil, err
	}
	b = append(b, "/$/GetPartitions/"...)
	b = appendUUID(b, partitionID)
	b = append(b, "/$/StartDataLoss"...)
	path := len(b)
	if params.APIVersion == "" {
		b = append(b, "&api-version=6.0"...)
	} else {
		b = append(b, "&api-version="...)
		b = appendQuery(b, string(params.APIVersion))
	}
	if params.OperationID == ([16]byte{}) {
		return nil, &RequestError{Parameter: "OperationId", Must: "be given"}
	}
	b = append(b, "&OperationId="...)
	b = appendUUID(b, params.OperationID)
	if params.DataLossMode == "" {
		return nil, &RequestError{Parameter: "DataLossMode", Must: "be given"}
	}
	b = append(b, "&DataLossMode="...)
	b = appendQuery(b, string(params.DataLossMode))
	if params.Timeout != nil {
		if *params.Timeout < 1 || *params.Timeout > 4294967295 {
			return nil, &RequestError{Parameter: "timeout", Must: "be from 1 to 4294967295", Value: fmt.Sprint(*params.Timeout)}
		}
		b = append(b, "&timeout="...)
		b = strconv.AppendInt(b, *params.Timeout, 10)
	}
	return base.request(ctx, "POST", b, path, nil)
}

// NewStartQuorumLossRequest builds the request to start a quorum loss:
// POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartQuorumLoss. The error is a [*RequestError] if it is about a parameter.
//
// If APIVersion is "", the document's default 6.0 is sent.
func NewStartQuorumLossRequest(ctx context.Context, base Base, serviceID ServiceID, partitionID PartitionIDParameter, params StartQuorumLossParams) (*http.Request, error) {
	var room [256]byte
	b, err := base.begin(room[:0])
	if err != nil {
		return nil, err
	}
	b = append(b, "Faults/Services/"...)
	if b, err = appendSegment(b, "serviceId", serviceID); err != nil {
		return nil, err
	}
	b = append(b, "/$/GetPartitions/"...)
	b = appendUUID(b, partitionID)
	b = append(b, "/$/StartQuorumLoss"...)
	path := len(b)
	if params.APIVersion == "" {
		b = append(b, "&api-version=6.0"...)
	} else {
		b = append(b, "&api-version="...)
		b = appendQuery(b, string(params.APIVersion))
	}
	if params.OperationID == ([16]byte{}) {
		return nil, &RequestError{Parameter: "OperationId", Must: "be given"}
	}
	b = append(b, "&OperationId="...)
	b = appendUUID(b, params.OperationID)
	if params.QuorumLossMode == "" {
		return nil, &RequestError{Parameter: "QuorumLossMode", Must: "be given"}
	}
	b = append(b, "&QuorumLossMode="...)
	b = appendQuery(b, string(params.QuorumLossMode))
	b = append(b, "&QuorumLossDuration="...)
	b = strconv.AppendInt(b, int64(params.QuorumLossDuration), 10)
	if params.Timeout != nil {
		if *params.Timeout < 1 || *params.Timeout > 4294967295 {
			return nil, &RequestError{Parameter: "timeout", Must: "be from 1 to 4294967295", Value: fmt.Sprint(*params.Timeout)}
		}
		b = append(b, "&timeout="...)
		b = strconv.AppendInt(b, *params.Timeout, 10)
	}
	return base.request(ctx, "POST", b, path, nil)
}

// NewStartPartitionRestartRequest builds the request to start a partition restart:
// POST /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartRestart. The error is a [*RequestError] if it is about a parameter.
//
// If APIVersion is "", the document's default 6.0 is sent.
func NewStartPartitionRestartRequest(ctx context.Context, base Base, serviceID ServiceID, partitionID PartitionIDParameter, params StartPartitionRestartParams) (*http.Request, error) {
	var room [256]byte
	b, err := base.begin(room[:0])
	if err != nil {
		return nil, err
	}
	b = append(b, "Faults/Services/"...)
	if b, err = appendSegment(b, "serviceId", serviceID); err != nil {
		return nil, err
	}
	b = append(b, "/$/GetPartitions/"...)
	b = appendUUID(b, partitionID)
	b = append(b, "/$/StartRestart"...)
	path := len(b)
	if params.APIVersion == "" {
		b = append(b, "&api-version=6.0"...)
	} else {
		b = append(b, "&api-version="...)
		b = appendQuery(b, string(params.APIVersion))
	}
	if params.OperationID == ([16]byte{}) {
		return nil, &RequestError{Parameter: "OperationId", Must: "be given"}
	}
	b = append(b, "&OperationId="...)
	b = appendUUID(b, params.OperationID)
	if params.RestartPartitionMode == "" {
		return nil, &RequestError{Parameter: "RestartPartitionMode", Must: "be given"}
	}
	b = append(b, "&RestartPartitionMode="...)
	b = appendQuery(b, string(params.RestartPartitionMode))
	if params.Timeout != nil {
		if *params.Timeout < 1 || *params.Timeout > 4294967295 {
			return nil, &RequestError{Parameter: "timeout", Must: "be from 1 to 4294967295", Value: fmt.Sprint(*params.Timeout)}
		}
		b = append(b, "&timeout="...)
		b = strconv.AppendInt(b, *params.Timeout, 10)
	}
	return base.request(ctx, "POST", b, path, nil)
}

var (
	errNoBase    = errors.New("the address of the server is missing: make one with ParseBase")
	errNoContext = errors.New("the context is nil")
)

// begin appends the path of the address.
func (base Base) begin(b []byte) ([]byte, error) {
	if base.host == "" {
		return nil, errNoBase
	}
	return append(b, base.path...), nil
}

// addressed holds a request and its URL, to allocate both at once.
type addressed struct {
	request http.Request
	url     url.URL
}

// request returns a request for b, a path followed by a query. The query begins, with its separator, at index path of
// b. Both share one string.
func (base Base) request(ctx context.Context, method string, b []byte, path int, body io.Reader) (*http.Request, error) {
	if ctx == nil {
		return nil, errNoContext
	}
	made, text := new(addressed), string(b)
	r, u := &made.request, &made.url
	u.Scheme, u.Host, u.Path = base.scheme, base.host, text[:path]
	if path < len(text) {
		u.RawQuery = text[path+1:]
	}
	if strings.IndexByte(u.Path, '%') >= 0 {
		u.RawPath = u.Path
		var err error
		if u.Path, err = url.PathUnescape(u.RawPath); err != nil {
			return nil, err
		}
	}
	if body == nil {
		*r = *new(http.Request).WithContext(ctx)
		r.Method, r.Header, r.Proto, r.ProtoMajor, r.ProtoMinor = method, make(http.Header), "HTTP/1.1", 1, 1
	} else { // net/http sets ContentLength and GetBody
		sized, err := http.NewRequestWithContext(ctx, method, "", body)
		if err != nil {
			return nil, err
		}
		*r = *sized
	}
	r.URL, r.Host = u, base.name
	return r, nil
}

// appendSegment appends a text to a segment of a path. It refuses an empty text and one with a level "." or
// "..", which a proxy or a server could turn into another path.
func appendSegment(b []byte, name, text string) ([]byte, error) {
	if text == "" {
		return b, &RequestError{Parameter: name, Must: "be given"}
	}
	for level := range strings.SplitSeq(text, "/") {
		if level == "." || level == ".." {
			return b, &RequestError{Parameter: name, Must: "have no level . or ..", Value: text}
		}
	}
	return appendEscaped(b, text, "-_.~$&+=:@", "%20"), nil
}

// appendQuery appends a text to a query.
func appendQuery(b []byte, text string) []byte { return appendEscaped(b, text, "-_.~", "+") }

// appendText appends a text to a header value, which has no escapes.
func appendText(b []byte, text string) []byte { return append(b, text...) }

// appendEscaped appends a text and escapes all characters except letters, digits and those in plain.
func appendEscaped(b []byte, text, plain, space string) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(text) {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte(plain, c) >= 0:
			b = append(b, c)
		case c == ' ':
			b = append(b, space...)
		default:
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return b
}

// appendUUID appends an id in lower case, with hyphens.
func appendUUID(b []byte, id [16]byte) []byte {
	text := [36]byte{8: '-', 13: '-', 18: '-', 23: '-'}
	hex.Encode(text[:8], id[:4])
	hex.Encode(text[9:13], id[4:6])
	hex.Encode(text[14:18], id[6:8])
	hex.Encode(text[19:23], id[8:10])
	hex.Encode(text[24:], id[10:])
	return append(b, text[:]...)
}

// addCookie adds a cookie. It refuses invalid characters, which net/http would drop.
func addCookie(r *http.Request, name, value string) error {
	if strings.ContainsFunc(value, func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune("\",;\\", c) }) {
		return &RequestError{Parameter: name, Must: "be printable, without spaces, quotes, commas, semicolons and backslashes", Value: value}
	}
	r.AddCookie(&http.Cookie{Name: name, Value: value})
	return nil
}
