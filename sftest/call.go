package sftest

import (
	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
)

// Call is a call of the API, by its operationId in the document.
// As a [Matcher] it selects the requests of that call.
type Call string

// The calls of the document.
const (
	CancelOperation             Call = generated.IDCancelOperation
	GetFaultOperationList       Call = generated.IDGetFaultOperationList
	StartDataLoss               Call = generated.IDStartDataLoss
	GetDataLossProgress         Call = generated.IDGetDataLossProgress
	StartQuorumLoss             Call = generated.IDStartQuorumLoss
	GetQuorumLossProgress       Call = generated.IDGetQuorumLossProgress
	StartPartitionRestart       Call = generated.IDStartPartitionRestart
	GetPartitionRestartProgress Call = generated.IDGetPartitionRestartProgress
	StartNodeTransition         Call = generated.IDStartNodeTransition
	GetNodeTransitionProgress   Call = generated.IDGetNodeTransitionProgress
)

// Further calls to select.
const (
	// Graceful is a CancelOperation without Force=true, including probes of package wrapper.
	Graceful Call = "CancelOperation Force=false"
	// Force is a CancelOperation with Force=true.
	Force Call = "CancelOperation Force=true"
	// Any is every request, also one that is not a call of the document.
	Any Call = "any request"
)

// Matcher selects requests for a step of the script. It is called when a request arrives:
// the fault and the statuses are not set yet. Match must be safe for concurrent
// use. It is called for requests that no earlier step has taken, until its step is used
// up. If a Matcher has a String method, messages use its result.
type Matcher interface {
	Match(r Request) bool
}

// MatchFunc is a function as a [Matcher].
type MatchFunc func(r Request) bool

// Match calls f.
func (f MatchFunc) Match(r Request) bool { return f(r) }

// Match implements [Matcher].
func (c Call) Match(r Request) bool {
	switch c {
	case Any:
		return true
	case Graceful:
		return r.Call == CancelOperation && !r.Force
	case Force:
		return r.Call == CancelOperation && r.Force
	default:
		return r.Call == c
	}
}

// Of selects the requests of the call for one operation.
func (c Call) Of(id uuid.UUID) Matcher { return callOf{c, id} }

type callOf struct {
	Call
	id uuid.UUID
}

func (c callOf) Match(r Request) bool { return r.ID == c.id && c.Call.Match(r) }

func (c callOf) String() string { return string(c.Call) + " of " + c.id.String() }

// callAt returns the call with a verb and a path; "" if there is none.
func callAt(method, path string) Call {
	if o := generated.OperationAt(method, path); o != nil {
		return Call(o.ID)
	}
	return ""
}
