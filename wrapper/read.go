package wrapper

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
)

// The filters of the list (runtime-behaviour §5.10) and its size, beyond which a
// cluster leaves operations out without a word.
const (
	filterAll = 65535
	listSize  = 10000
)

// Operations returns every operation the cluster remembers, running or finished, in
// no order. A cluster leaves out what goes beyond 10 000.
//
// The error is an [*Error]: [ErrNotSent], [ErrServerRefused] or [ErrUnavailable].
func (c *Client) Operations(ctx context.Context) ([]Operation, error) {
	k := &call{c: c, name: "list operations", asks: PurposeRead, version: c.version}
	ops, err := k.list(ctx, filterAll)
	if err != nil {
		return nil, k.giveUp(err)
	}
	return ops, nil
}

// Operation returns one operation, whatever its kind. If it is RollingBack, the
// ledger notes that it was seen, which [RequireGraceful] takes as evidence.
//
// The error is an [*Error]: those of [Client.Operations], or [ErrNotFound].
func (c *Client) Operation(ctx context.Context, id uuid.UUID) (Operation, error) {
	k := &call{c: c, name: "read operation", asks: PurposeRead, id: id, version: c.version}
	op, found, err := k.lookUp(ctx)
	switch {
	case err != nil:
		return Operation{}, k.giveUp(err)
	case !found:
		return Operation{}, k.fail(ErrNotFound, nil)
	}
	return op, nil
}

// lookUp finds the operation of the call in the list: unlike the progress calls, the
// list needs neither its kind nor its target. A full list may lack it, and then one
// list a kind is asked for.
func (k *call) lookUp(ctx context.Context) (Operation, bool, error) {
	ops, err := k.list(ctx, filterAll)
	if err != nil {
		return Operation{}, false, err
	}
	op, found := k.pick(ctx, ops)
	if found || len(ops) < listSize {
		return op, found, nil
	}
	full := false
	for _, kind := range []int{1, 2, 4, 8} {
		ops, err := k.list(ctx, kind)
		if err != nil {
			return Operation{}, false, err
		}
		if op, found := k.pick(ctx, ops); found {
			return op, true, nil
		}
		full = full || len(ops) >= listSize
	}
	if full {
		return Operation{}, false, fmt.Errorf("the cluster lists at most %d operations of a kind, and this one is not among them", listSize)
	}
	return Operation{}, false, nil
}

// pick finds the operation of the call, and notes what it saw.
func (k *call) pick(ctx context.Context, ops []Operation) (Operation, bool) {
	for _, op := range ops {
		if op.ID != k.id {
			continue
		}
		k.state, k.kind = op.State, op.Kind
		if op.State == StateRollingBack {
			_ = k.append(ctx, Entry{Action: ActionSeen, State: op.State})
		}
		return op, true
	}
	return Operation{}, false
}

// list reads operations of some kinds in every state, asking again until the answer
// is definite. Its error is why it stopped asking, nil inside if the server refused.
func (k *call) list(ctx context.Context, kinds int) ([]Operation, error) {
	for {
		a, body := k.send(ctx, PurposeRead, http.StatusOK, func(timeout *int64) (*http.Request, error) {
			return generated.NewGetFaultOperationListRequest(k.c.base, &generated.GetFaultOperationListParams{
				APIVersion:  generated.APIVersion(k.version),
				TypeFilter:  kinds,
				StateFilter: filterAll,
				Timeout:     timeout,
			})
		})
		if a.Class == Done {
			var listed generated.OperationStatusList
			err := json.Unmarshal(body, &listed)
			if err == nil && listed != nil {
				return operations(listed), nil
			}
			a.Err = fmt.Errorf("%w: not a list of operations: %.80q", ErrBadAnswer, body)
			a.Body = kept(body)
			a = k.demote(a)
		}
		if !retryable(a) {
			return nil, errReadRefused
		}
		if err := k.again(ctx); err != nil {
			return nil, err
		}
	}
}

func operations(listed generated.OperationStatusList) []Operation {
	ops := make([]Operation, len(listed))
	for i, s := range listed {
		ops[i] = Operation{ID: s.OperationID, Kind: Kind(s.Type), State: State(s.State)}
	}
	return ops
}
