package server

import (
	"math"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
)

// exception says how the runtime reads a parameter where the document says something else, or
// nothing. What is not here is judged by the document alone. Every parameter of the runtime has
// one: it is taken from the query as it is (§1.3).
type exception struct {
	name string
	// source is where the runtime does so.
	source string
	// format is how the text must look, in each profile.
	format format
	// absent is the text that absence stands for; "" leaves that to the document.
	absent string
	// unread says that the parameter is not even looked at. unreadAs is then what it is taken for.
	unread   func(s *source) bool
	unreadAs func(text string) string

	// only is the profile that the exception is of; both has it in each.
	only Profile
}

// both marks an exception of both profiles.
const both = Profile(profiles)

// exceptions is the table. Of several rows of one name and profile the first one that fits counts.
var exceptions = []exception{
	{name: apiVersionName, only: both, source: "§2: judged before all else, with what is accepted", format: format{read: asItIs}},
	{name: timeoutName, only: both, source: "§3: judged last, by the rules of the api-version"},
	{name: operationIDName, only: both, source: "§1.3"},
	{name: "partitionId", only: both, source: "§1.3"},
	{name: "serviceId", only: both, source: "Common/NamingUri.cpp", format: serviceID},
	{name: "nodeName", only: both, source: "Common/ParameterValidator.cpp", format: nodeName},
	{name: "Force", only: Runtime, source: "httpgateway/FaultsHandler.cpp", format: boolean, absent: "false"},
	{name: "Force", only: Documented, source: "Common/StringUtility.h, and what the .NET client sends", format: boolean},
	{name: "NodeInstanceId", only: Documented, source: "httpgateway/FaultsHandler.cpp", format: instance(plainDecimal)},
	{name: "NodeInstanceId", only: Runtime, source: "Common/Parse.cpp", format: instance(runtimeNumber)},
	// The model has 31 bits for it. The runtime's engine refuses larger values, too, only later.
	{name: "StopDurationInSeconds", only: Documented, source: "§9.3", format: number(plainDecimal, math.MaxInt32)},
	{name: "StopDurationInSeconds", only: Runtime, source: "httpgateway/FaultsHandler.cpp", format: number(runtimeNumber, math.MaxInt32), unread: startsNode, unreadAs: zero},
	{name: "QuorumLossDuration", only: Documented, source: "Common/Parse.cpp", format: number(plainDecimal, math.MaxUint32)},
	{name: "QuorumLossDuration", only: Runtime, source: "Common/Parse.cpp", format: number(runtimeNumber, math.MaxUint32)},
	// The example of the official document writes a filter as 0xFF, so both profiles read
	// hexadecimal.
	{name: "StateFilter", only: Documented, source: "Common/Parse.cpp", format: number(runtimeNumber, math.MaxUint32)},
	{name: "StateFilter", only: Runtime, source: "httpgateway/FaultsHandler.cpp", format: number(runtimeNumber, math.MaxUint32), absent: "0"},
	{name: "TypeFilter", only: Documented, source: "Common/Parse.cpp", format: number(runtimeNumber, math.MaxUint32)},
	{name: "TypeFilter", only: Runtime, source: "httpgateway/FaultsHandler.cpp", format: number(runtimeNumber, math.MaxUint32), absent: "0"},
	{name: "NodeTransitionType", only: both, source: "§1.4: Invalid is reserved"},
	{name: "DataLossMode", only: both, source: "§1.4: Invalid is reserved"},
	{name: "RestartPartitionMode", only: both, source: "§1.4: Invalid is reserved"},
	{name: "QuorumLossMode", only: Documented, source: "§1.4: Invalid is reserved"},
	// The runtime does not know the text that the document gives. Documented clients send it all
	// the same.
	{name: "QuorumLossMode", only: Runtime, source: "httpgateway/Constants.cpp", format: without(string(generated.QuorumLossModeQuorumReplicas))},
}

// exceptionOf returns the exception of a parameter in a profile, nil if there is none.
func exceptionOf(profile Profile, op *generated.Operation, p *generated.Parameter) *exception {
	i := slices.IndexFunc(exceptions, func(e exception) bool { return e.name == p.Name && (e.only == both || e.only == profile) })
	if i < 0 {
		return nil
	}
	e := exceptions[i]
	if len(p.Enum) > 0 && !p.Open {
		e.format = listed(p.Enum, "Invalid", e.format.accepts)
	}
	// A progress call finds its operation by the id alone; the runtime does not look at the path
	// (§1.4).
	if profile == Runtime && p.In == "path" && op.Method == "GET" {
		e.unread = func(*source) bool { return true }
		e.unreadAs = func(text string) string { return text }
		if p.Format == "uuid" {
			e.unreadAs = func(text string) string {
				if uuid.Validate(text) == nil && len(text) == 36 {
					return text
				}
				return uuid.Nil.String()
			}
		}
	}
	return &e
}

// accepts is what a parameter must be, by the exception if it has words of its own.
func (e *exception) accepts(p *generated.Parameter) string {
	if e != nil && e.format.accepts != "" {
		return e.format.accepts
	}
	return p.Accepts
}

// asItIs is the format of what was judged already.
func asItIs(text string) (string, generated.ErrorCode) { return text, "" }

// without marks an enumeration that lacks one of the texts of the document.
func without(text string) format { return format{accepts: text} }

// listed is an enumeration of the document, in exact letter case, less some texts.
func listed(enum []string, less ...string) format {
	texts := slices.DeleteFunc(slices.Clone(enum), func(text string) bool { return slices.Contains(less, text) })
	return format{
		accepts: strings.Join(texts, " or "),
		read: func(text string) (string, generated.ErrorCode) {
			if !slices.Contains(texts, text) {
				return "", generated.ErrorCodeInvalidArg
			}
			return text, ""
		},
	}
}

// startsNode says that a transition is no stop: its duration is then not read.
func startsNode(s *source) bool {
	text, _ := rawValue(s.request.URL.RawQuery, "NodeTransitionType")
	return text != string(generated.NodeTransitionTypeStop)
}

func zero(string) string { return "0" }
