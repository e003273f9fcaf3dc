package server

import (
	"fmt"
	"math"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
)

// parameter is one row of the table: how a parameter must look, and what its
// absence means, in each profile.
type parameter struct {
	name   string
	format [profiles]format
	// absent is the text that absence stands for; empty says that the
	// parameter is required.
	absent [profiles]string
	// unread, if there is one, says that the parameter is not even looked at,
	// given those judged before it. The binder then gets that text.
	unread func(p Profile, earlier map[string]string) (text string, ok bool)
	// unreadable is what the binder gets instead of a text in the path that
	// was not looked at and that it could not bind.
	unreadable string
}

// both is a format that the profiles agree on, each one where they do not.
func both(f format) [profiles]format { return [profiles]format{f, f} }
func each(documented, runtime format) [profiles]format {
	return [profiles]format{Documented: documented, Runtime: runtime}
}

// parameters is the table of §1.4, in an order that is the order of judgement
// of every operation. The document calls all of them required.
var parameters = []parameter{
	{name: "serviceId", format: both(serviceID)},
	{name: "partitionId", format: both(guid), unreadable: uuid.Nil.String()},
	{name: "nodeName", format: both(nodeName)},
	{name: operationIDName, format: both(guid)},
	{name: "NodeInstanceId", format: each(instance(plainDecimal), instance(runtimeNumber))},
	{name: "NodeTransitionType", format: both(oneOf(generated.NodeTransitionTypeStart, generated.NodeTransitionTypeStop))},
	{
		name: "StopDurationInSeconds",
		// The model has 31 bits for it. The runtime's engine refuses larger
		// values, too, only later.
		format: each(number(plainDecimal, math.MaxInt32), number(runtimeNumber, math.MaxInt32)),
		unread: func(p Profile, earlier map[string]string) (string, bool) {
			return "0", p == Runtime && earlier["NodeTransitionType"] != string(generated.NodeTransitionTypeStop)
		},
	},
	{name: "DataLossMode", format: both(oneOf(generated.DataLossModePartialDataLoss, generated.DataLossModeFullDataLoss))},
	{
		name: "QuorumLossMode",
		// The runtime does not know the text that the document gives
		// (httpgateway/Constants.cpp). Documented clients send it all the same.
		format: each(
			oneOf(generated.QuorumLossModeQuorumReplicas, generated.QuorumLossModeQuorumLossReplicas, generated.QuorumLossModeAllReplicas),
			oneOf(generated.QuorumLossModeQuorumLossReplicas, generated.QuorumLossModeAllReplicas),
		),
	},
	{name: "RestartPartitionMode", format: both(oneOf(generated.RestartPartitionModeAllReplicasOrInstances, generated.RestartPartitionModeOnlyActiveSecondaries))},
	{name: "QuorumLossDuration", format: each(number(plainDecimal, math.MaxUint32), number(runtimeNumber, math.MaxUint32))},
	{name: "Force", format: both(boolean), absent: [profiles]string{Runtime: "false"}},
	// The example of the official document writes a filter as 0xFF, so both
	// profiles read hexadecimal.
	{name: "StateFilter", format: both(number(runtimeNumber, math.MaxUint32)), absent: [profiles]string{Runtime: "0"}},
	{name: "TypeFilter", format: both(number(runtimeNumber, math.MaxUint32)), absent: [profiles]string{Runtime: "0"}},
}

const operationIDName = "OperationId"

// operation says what is particular about one: which parameters of the query it
// has, and who may have it carried out.
type operation struct {
	query []string
	// progress marks the calls whose path the runtime does not look at: the
	// operation id alone decides (§1.4).
	progress bool
	// users says that the role User is enough (§7).
	users bool

	// What follows is for the paths that the gateway answers itself.

	// local marks those that never reach the cluster. Nothing in their query is
	// judged, timeout included, and any role will do.
	local bool
	// anonymous paths need no client certificate.
	anonymous bool
	// versionless paths need no api-version.
	versionless bool
}

const (
	onPartition = "/Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/"
	onNode      = "/Faults/Nodes/{nodeName}/$/"
)

// operations is keyed like [route.key]. An operation that is not here is
// served as well: what it gets of the table is then judged, and what it lacks
// is for the generated binder to say.
var operations = map[string]operation{
	"GET /Faults":                                  {query: []string{"StateFilter", "TypeFilter"}, users: true},
	"POST /Faults/$/Cancel":                        {query: []string{operationIDName, "Force"}},
	"POST " + onPartition + "StartDataLoss":        {query: []string{operationIDName, "DataLossMode"}},
	"POST " + onPartition + "StartQuorumLoss":      {query: []string{operationIDName, "QuorumLossMode", "QuorumLossDuration"}},
	"POST " + onPartition + "StartRestart":         {query: []string{operationIDName, "RestartPartitionMode"}},
	"POST " + onNode + "StartTransition":           {query: []string{operationIDName, "NodeInstanceId", "NodeTransitionType", "StopDurationInSeconds"}},
	"GET " + onPartition + "GetDataLossProgress":   {query: []string{operationIDName}, progress: true, users: true},
	"GET " + onPartition + "GetQuorumLossProgress": {query: []string{operationIDName}, progress: true, users: true},
	"GET " + onPartition + "GetRestartProgress":    {query: []string{operationIDName}, progress: true, users: true},
	"GET " + onNode + "GetTransitionProgress":      {query: []string{operationIDName}, progress: true, users: true},

	rootKey:           {local: true, versionless: true},
	aadMetadataKey:    {local: true, anonymous: true},
	clusterVersionKey: {users: true},
}

func (p *parameter) refuse(profile Profile, text string, code generated.ErrorCode) *Error {
	return NewError(code, fmt.Sprintf(`%s must be %s, not "%s".`, p.name, p.format[profile].accepts, excerpt(text)))
}

func (p *parameter) missing(profile Profile) *Error {
	return NewError(generated.ErrorCodeNameDoesNotExist, fmt.Sprintf("%s is missing. It must be %s.", p.name, p.format[profile].accepts))
}
