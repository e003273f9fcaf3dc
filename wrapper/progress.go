package wrapper

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/opdecode"
)

// address is where a progress call asks for an operation: what the start of it named. The zero
// value is none.
type address struct {
	kind   Kind
	target string
}

// progress asks once for the operation of the call at its address. A server finds it by its id,
// whether it is over or not, and shows it at the address of its kind alone, so that a success proves what a
// list would (runtime §1.4). Anything else proves nothing, because the address may be of an
// earlier life of the id, or of a server that goes by more than the id: found is false, and the list
// has to tell. The error is why nothing may be sent any more.
func (k *call) progress(ctx context.Context) (op Operation, found bool, err error) {
	build := k.progressRequest()
	if build == nil || k.left() < 2 { // a list may have to follow
		return Operation{}, false, nil
	}
	if err := k.ready(ctx); err != nil {
		return Operation{}, false, err
	}
	var state string
	a := k.send(ctx, purposeRead, success{http.StatusOK, func(body io.Reader, shown func(string) string) (err error) {
		state, err = opdecode.State(body, shown)
		return err
	}}, build)
	if a.class != classDone {
		return Operation{}, false, nil
	}
	return Operation{ID: k.id, Kind: k.known.where.kind, State: State(state)}, true, nil
}

// progressRequest is nil if the address is not known, or is none.
func (k *call) progressRequest() builder {
	at := k.known.where
	name, p := at.target, Partition{}
	if at.kind != KindNodeTransition {
		space := max(strings.LastIndexByte(name, ' '), 0)
		id, err := uuid.Parse(strings.TrimPrefix(name[space:], " "))
		if err != nil {
			return nil
		}
		name = name[:space]
		p = Partition{name, id}
	}
	if kindBit(at.kind) == 0 || checkTarget(name) != nil {
		return nil
	}
	return func(ctx context.Context, k *call, s sending) (*http.Request, error) {
		switch at.kind {
		case KindDataLoss:
			return generated.NewGetDataLossProgressRequest(ctx, s.to, p.serviceID(k.version), p.ID,
				generated.GetDataLossProgressParams{APIVersion: k.version, OperationID: k.id, Timeout: s.timeout})
		case KindQuorumLoss:
			return generated.NewGetQuorumLossProgressRequest(ctx, s.to, p.serviceID(k.version), p.ID,
				generated.GetQuorumLossProgressParams{APIVersion: k.version, OperationID: k.id, Timeout: s.timeout})
		case KindPartitionRestart:
			return generated.NewGetPartitionRestartProgressRequest(ctx, s.to, p.serviceID(k.version), p.ID,
				generated.GetPartitionRestartProgressParams{APIVersion: k.version, OperationID: k.id, Timeout: s.timeout})
		default:
			return generated.NewGetNodeTransitionProgressRequest(ctx, s.to, at.target,
				generated.GetNodeTransitionProgressParams{APIVersion: k.version, OperationID: k.id, Timeout: s.timeout})
		}
	}
}
