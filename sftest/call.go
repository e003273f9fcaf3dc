package sftest

import (
	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
)

// Call is a call of the API, by the name (the operationId) that the document gives it.
// As a [Matcher] it chooses the requests of that call.
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

// More to choose from.
const (
	// Graceful is a CancelOperation without Force=true, a probe of the wrapper included.
	Graceful Call = "CancelOperation Force=false"
	// Force is a CancelOperation with Force=true.
	Force Call = "CancelOperation Force=true"
	// Any is every request, also one that is no call of the document.
	Any Call = "any request"
)

// Matcher chooses requests for a step of the script. It sees a request as it arrives:
// nothing is known yet of a fault or a status. Match is called by several goroutines at
// once, for requests that no earlier step has taken, and no more once its step is used
// up. If a Matcher has a String method, messages call it by that.
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

// Of chooses those requests of the call that name one operation.
func (c Call) Of(id uuid.UUID) Matcher { return callOf{c, id} }

type callOf struct {
	Call
	id uuid.UUID
}

func (c callOf) Match(r Request) bool { return r.ID == c.id && c.Call.Match(r) }

func (c callOf) String() string { return string(c.Call) + " of " + c.id.String() }

// callAt finds a call by its verb and its path.
func callAt(method, path string) Call {
	if o := generated.OperationAt(method, path); o != nil {
		return Call(o.ID)
	}
	return ""
}
