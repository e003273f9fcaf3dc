// Code generated from openapi/faults.yaml by openapi/generate. DO NOT EDIT.

package generated

import (
	"context"
	"net/http"
	"net/url"
	"strings"
)

// Operation is one operation of the document. [Operations] lists all of them.
type Operation struct {
	// ID is the operationId.
	ID string
	// Method and Path are as in the document. In Path, the names of variables are in braces.
	Method, Path string
	Summary      string
	// Role is the role that the operation requires: "user", which admins have as well, or
	// "admin". The default is "admin".
	Role string
	// Since is the first documented api-version that has the operation; "" if none has it.
	Since string
	// Parameters are in the order of the document, those of the path first. Bind checks them in
	// this order.
	Parameters []*Parameter
	// Body is the body of the request; nil if the operation has none.
	Body *Body
	// Responses are the documented answers, by status, "default" last.
	Responses []Response

	bind  func(Source) (any, error)
	call  func(context.Context, StrictServerInterface, any) (any, error)
	write func(http.ResponseWriter, any) error
}

// Parameter is one parameter of an operation, with all its constraints in the document.
type Parameter struct {
	Name string
	// In is "path", "query", "header" or "cookie".
	In       string
	Required bool
	// Type is "string", "integer", "number", "boolean", "array" or "object"; "" if there is no single
	// type. If Array is set, the parameter is an array, and Type, Format, Minimum, Maximum, Pattern,
	// Enum and Open describe its items.
	Type, Format string
	Array        bool
	// Minimum and Maximum are bounds as in the document: of the value of a number, or of the length of
	// a text in characters; "" means none.
	Minimum, Maximum string
	Pattern          string
	// Enum lists the values in the document. If Open is set, other texts that match Pattern are
	// accepted as well.
	Enum []string
	Open bool
	// Default is the value of an absent parameter; "" means that the document has none.
	Default string
	// Since is the first documented api-version that has the parameter; "" if none has it.
	Since string
	// Accepts is the end of the sentence "It must be".
	Accepts     string
	Description string
}

// Body is the body of a request.
type Body struct {
	Required     bool
	ContentTypes []string
}

// Response is one documented answer.
type Response struct {
	// Status is a number, or "default" for all other statuses.
	Status       string
	ContentTypes []string
	Headers      []string
	Description  string
}

// APIVersions are the documented api-versions, oldest first.
var APIVersions = [...]string{"3.0", "6.0"}

// The bounds and defaults of the integer parameters that mean the same in all operations.
const (
	StateFilterDefault           = 65535
	TypeFilterDefault            = 65535
	TimeoutMinimum               = 1
	TimeoutMaximum               = 4294967295
	TimeoutDefault               = 60
	StopDurationInSecondsMinimum = 0
)

var parameters = [...]Parameter{
	{Name: "api-version", In: "query", Required: true, Type: "string", Pattern: "^[0-9]+\\.[0-9]+$", Enum: []string{"3.0", "6.0"}, Open: true, Default: "6.0", Since: "3.0", Accepts: "a text that matches ^[0-9]+\\.[0-9]+$", Description: "Which version of the API the caller speaks, as MAJOR.MINOR. 3.0 and 6.0 are documented. A runtime also takes every version between the first documented one and its own, and behaves as the last documented version that is not above it."},
	{Name: "StateFilter", In: "query", Required: true, Type: "integer", Default: "65535", Since: "3.0", Accepts: "a number", Description: "Which states to list, as a sum of bits: 1 running, 2 rolling back, 8 completed, 16 failed, 32 cancelled, 64 force-cancelled. 65535 lists every state."},
	{Name: "TypeFilter", In: "query", Required: true, Type: "integer", Default: "65535", Since: "3.0", Accepts: "a number", Description: "Which kinds to list, as a sum of bits: 1 data loss, 2 quorum loss, 4 partition restart, 8 node transition. 65535 lists every kind."},
	{Name: "timeout", In: "query", Type: "integer", Format: "int64", Minimum: "1", Maximum: "4294967295", Default: "60", Since: "6.0", Accepts: "a number from 1 to 4294967295", Description: "How many seconds the caller gives the server for this request. Documented from api-version 6.0 on."},
	{Name: "OperationId", In: "query", Required: true, Type: "string", Format: "uuid", Since: "3.0", Accepts: "a GUID of 36 characters with hyphens", Description: "The GUID of one fault operation. The caller chooses it at the start; every later call repeats it."},
	{Name: "Force", In: "query", Required: true, Type: "boolean", Default: "false", Since: "3.0", Accepts: "true or false", Description: "False cancels gracefully and undoes what the operation changed. True abandons the operation, and some of its changes may stay."},
	{Name: "nodeName", In: "path", Required: true, Type: "string", Since: "3.0", Accepts: "a text", Description: "The name of the node, percent-encoded."},
	{Name: "NodeInstanceId", In: "query", Required: true, Type: "string", Since: "3.0", Accepts: "a text", Description: "Which instance of the node is meant, as a decimal number. 0 is refused. If it is not the live instance, the transition ends Faulted."},
	{Name: "NodeTransitionType", In: "query", Required: true, Type: "string", Enum: []string{"Invalid", "Start", "Stop"}, Since: "3.0", Accepts: "Invalid or Start or Stop", Description: "Whether the node is to be stopped or started."},
	{Name: "StopDurationInSeconds", In: "query", Required: true, Type: "integer", Format: "int32", Minimum: "0", Since: "3.0", Accepts: "a number of 0 or more", Description: "How long the node stays down, in seconds. Only a stop uses it. The documents ask for 600 to 14400; runtimes take 300 already."},
	{Name: "serviceId", In: "path", Required: true, Type: "string", Since: "3.0", Accepts: "a text", Description: "Which service: its name less the leading fabric:/. The levels of the name are joined by ~ from api-version 6.0 on, by / before."},
	{Name: "partitionId", In: "path", Required: true, Type: "string", Format: "uuid", Since: "3.0", Accepts: "a GUID of 36 characters with hyphens", Description: "The GUID of the partition."},
	{Name: "DataLossMode", In: "query", Required: true, Type: "string", Enum: []string{"Invalid", "PartialDataLoss", "FullDataLoss"}, Since: "3.0", Accepts: "Invalid or PartialDataLoss or FullDataLoss", Description: "How much of the partition is lost."},
	{Name: "QuorumLossMode", In: "query", Required: true, Type: "string", Enum: []string{"Invalid", "QuorumReplicas", "QuorumLossReplicas", "AllReplicas"}, Since: "3.0", Accepts: "Invalid or QuorumReplicas or QuorumLossReplicas or AllReplicas", Description: "Which replicas go down."},
	{Name: "QuorumLossDuration", In: "query", Required: true, Type: "integer", Since: "3.0", Accepts: "a number", Description: "How long the partition stays without a quorum, in seconds."},
	{Name: "RestartPartitionMode", In: "query", Required: true, Type: "string", Enum: []string{"Invalid", "AllReplicasOrInstances", "OnlyActiveSecondaries"}, Since: "3.0", Accepts: "Invalid or AllReplicasOrInstances or OnlyActiveSecondaries", Description: "Which replicas or instances restart."},
}

// The IDs of the operations.
const (
	IDGetFaultOperationList       = "GetFaultOperationList"
	IDCancelOperation             = "CancelOperation"
	IDGetNodeTransitionProgress   = "GetNodeTransitionProgress"
	IDStartNodeTransition         = "StartNodeTransition"
	IDGetDataLossProgress         = "GetDataLossProgress"
	IDGetQuorumLossProgress       = "GetQuorumLossProgress"
	IDGetPartitionRestartProgress = "GetPartitionRestartProgress"
	IDStartDataLoss               = "StartDataLoss"
	IDStartQuorumLoss             = "StartQuorumLoss"
	IDStartPartitionRestart       = "StartPartitionRestart"
)

// Operations are all operations of the document, ordered by path and method. Do not modify it.
var Operations = [...]Operation{
	{
		ID: "GetFaultOperationList", Method: "GET", Path: "/Faults/",
		Summary: "List fault operations",
		Role:    "user", Since: "3.0",
		Parameters: []*Parameter{&parameters[0], &parameters[1], &parameters[2], &parameters[3]},
		Responses: []Response{
			{Status: "200", ContentTypes: []string{"application/json"}, Headers: nil, Description: "The operations that match."},
			{Status: "default", ContentTypes: []string{"application/json"}, Headers: nil, Description: "What went wrong. The status says what sort of failure it is, the code which one."},
		},
		bind: bindGetFaultOperationList, call: callGetFaultOperationList, write: writeGetFaultOperationList,
	},
	{
		ID: "CancelOperation", Method: "POST", Path: "/Faults/$/Cancel",
		Summary: "Cancel a fault operation",
		Role:    "admin", Since: "3.0",
		Parameters: []*Parameter{&parameters[0], &parameters[4], &parameters[5], &parameters[3]},
		Responses: []Response{
			{Status: "200", ContentTypes: nil, Headers: nil, Description: "The cancel is recorded. The body is empty. The operation ends some time later."},
			{Status: "default", ContentTypes: []string{"application/json"}, Headers: nil, Description: "The cancel was not accepted, or its outcome is not known (502, 503 and 504)."},
		},
		bind: bindCancelOperation, call: callCancelOperation, write: writeCancelOperation,
	},
	{
		ID: "GetNodeTransitionProgress", Method: "GET", Path: "/Faults/Nodes/{nodeName}/$/GetTransitionProgress",
		Summary: "Read the progress of a node transition",
		Role:    "user", Since: "3.0",
		Parameters: []*Parameter{&parameters[6], &parameters[0], &parameters[4], &parameters[3]},
		Responses: []Response{
			{Status: "200", ContentTypes: []string{"application/json"}, Headers: nil, Description: "Where the operation stands. A result is there only once it is Completed or Faulted."},
			{Status: "default", ContentTypes: []string{"application/json"}, Headers: nil, Description: "What went wrong. The status says what sort of failure it is, the code which one."},
		},
		bind: bindGetNodeTransitionProgress, call: callGetNodeTransitionProgress, write: writeGetNodeTransitionProgress,
	},
	{
		ID: "StartNodeTransition", Method: "POST", Path: "/Faults/Nodes/{nodeName}/$/StartTransition/",
		Summary: "Start a node transition",
		Role:    "admin", Since: "3.0",
		Parameters: []*Parameter{&parameters[6], &parameters[0], &parameters[4], &parameters[7], &parameters[8], &parameters[9], &parameters[3]},
		Responses: []Response{
			{Status: "202", ContentTypes: nil, Headers: nil, Description: "The operation is recorded and will run; only then is its target looked up. The body is empty."},
			{Status: "default", ContentTypes: []string{"application/json"}, Headers: nil, Description: "The operation was not started, or the outcome is not known (502, 503 and 504)."},
		},
		bind: bindStartNodeTransition, call: callStartNodeTransition, write: writeStartNodeTransition,
	},
	{
		ID: "GetDataLossProgress", Method: "GET", Path: "/Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetDataLossProgress",
		Summary: "Read the progress of a data loss",
		Role:    "user", Since: "3.0",
		Parameters: []*Parameter{&parameters[10], &parameters[11], &parameters[0], &parameters[4], &parameters[3]},
		Responses: []Response{
			{Status: "200", ContentTypes: []string{"application/json"}, Headers: nil, Description: "Where the operation stands. A result is there only once it is Completed or Faulted."},
			{Status: "default", ContentTypes: []string{"application/json"}, Headers: nil, Description: "What went wrong. The status says what sort of failure it is, the code which one."},
		},
		bind: bindGetDataLossProgress, call: callGetDataLossProgress, write: writeGetDataLossProgress,
	},
	{
		ID: "GetQuorumLossProgress", Method: "GET", Path: "/Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetQuorumLossProgress",
		Summary: "Read the progress of a quorum loss",
		Role:    "user", Since: "3.0",
		Parameters: []*Parameter{&parameters[10], &parameters[11], &parameters[0], &parameters[4], &parameters[3]},
		Responses: []Response{
			{Status: "200", ContentTypes: []string{"application/json"}, Headers: nil, Description: "Where the operation stands. A result is there only once it is Completed or Faulted."},
			{Status: "default", ContentTypes: []string{"application/json"}, Headers: nil, Description: "What went wrong. The status says what sort of failure it is, the code which one."},
		},
		bind: bindGetQuorumLossProgress, call: callGetQuorumLossProgress, write: writeGetQuorumLossProgress,
	},
	{
		ID: "GetPartitionRestartProgress", Method: "GET", Path: "/Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/GetRestartProgress",
		Summary: "Read the progress of a partition restart",
		Role:    "user", Since: "3.0",
		Parameters: []*Parameter{&parameters[10], &parameters[11], &parameters[0], &parameters[4], &parameters[3]},
		Responses: []Response{
			{Status: "200", ContentTypes: []string{"application/json"}, Headers: nil, Description: "Where the operation stands. A result is there only once it is Completed or Faulted."},
			{Status: "default", ContentTypes: []string{"application/json"}, Headers: nil, Description: "What went wrong. The status says what sort of failure it is, the code which one."},
		},
		bind: bindGetPartitionRestartProgress, call: callGetPartitionRestartProgress, write: writeGetPartitionRestartProgress,
	},
	{
		ID: "StartDataLoss", Method: "POST", Path: "/Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartDataLoss",
		Summary: "Start a data loss",
		Role:    "admin", Since: "3.0",
		Parameters: []*Parameter{&parameters[10], &parameters[11], &parameters[0], &parameters[4], &parameters[12], &parameters[3]},
		Responses: []Response{
			{Status: "202", ContentTypes: nil, Headers: nil, Description: "The operation is recorded and will run; only then is its target looked up. The body is empty."},
			{Status: "default", ContentTypes: []string{"application/json"}, Headers: nil, Description: "The operation was not started, or the outcome is not known (502, 503 and 504)."},
		},
		bind: bindStartDataLoss, call: callStartDataLoss, write: writeStartDataLoss,
	},
	{
		ID: "StartQuorumLoss", Method: "POST", Path: "/Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartQuorumLoss",
		Summary: "Start a quorum loss",
		Role:    "admin", Since: "3.0",
		Parameters: []*Parameter{&parameters[10], &parameters[11], &parameters[0], &parameters[4], &parameters[13], &parameters[14], &parameters[3]},
		Responses: []Response{
			{Status: "202", ContentTypes: nil, Headers: nil, Description: "The operation is recorded and will run; only then is its target looked up. The body is empty."},
			{Status: "default", ContentTypes: []string{"application/json"}, Headers: nil, Description: "The operation was not started, or the outcome is not known (502, 503 and 504)."},
		},
		bind: bindStartQuorumLoss, call: callStartQuorumLoss, write: writeStartQuorumLoss,
	},
	{
		ID: "StartPartitionRestart", Method: "POST", Path: "/Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartRestart",
		Summary: "Start a partition restart",
		Role:    "admin", Since: "3.0",
		Parameters: []*Parameter{&parameters[10], &parameters[11], &parameters[0], &parameters[4], &parameters[15], &parameters[3]},
		Responses: []Response{
			{Status: "202", ContentTypes: nil, Headers: nil, Description: "The operation is recorded and will run; only then is its target looked up. The body is empty."},
			{Status: "default", ContentTypes: []string{"application/json"}, Headers: nil, Description: "The operation was not started, or the outcome is not known (502, 503 and 504)."},
		},
		bind: bindStartPartitionRestart, call: callStartPartitionRestart, write: writeStartPartitionRestart,
	},
}

// OperationAt returns the operation of a request, given its method and its path as sent; nil if
// there is none. The empty method stands for any. A variable matches one or more segments of the path,
// decoded or not, and empty segments are ignored, as by the gateway of a cluster.
func OperationAt(method, path string) *Operation {
	pieces := strings.FieldsFunc(path, isSlash)
	var found *Operation
	literals := -1
	for i := range Operations {
		o := &Operations[i]
		if method != "" && o.Method != method {
			continue
		}
		if n, ok := fits(strings.FieldsFunc(o.Path, isSlash), pieces); ok && n > literals {
			found, literals = o, n
		}
	}
	return found
}

func isSlash(r rune) bool { return r == '/' }

// fits reports whether the segments of a path match a template, and how many of them are literal in it.
func fits(template, pieces []string) (literals int, ok bool) {
	if len(template) == 0 || len(pieces) == 0 {
		return 0, len(template) == len(pieces)
	}
	before, rest, variable := strings.Cut(template[0], "{")
	if !variable {
		text, err := url.PathUnescape(pieces[0])
		if err != nil || text != template[0] {
			return 0, false
		}
		n, ok := fits(template[1:], pieces[1:])
		return n + 1, ok
	}
	_, after, _ := strings.Cut(rest, "}")
	if !strings.HasPrefix(pieces[0], before) || !strings.HasSuffix(pieces[0], after) {
		return 0, false
	}
	for taken := 1; taken <= len(pieces); taken++ {
		if n, ok := fits(template[1:], pieces[taken:]); ok {
			return n, true
		}
	}
	return 0, false
}
