package wrapper

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
)

// The filters of the list (runtime §5.10) and its size, beyond which a
// cluster leaves operations out without a word.
const (
	filterAll    = 65535
	filterActive = 1 | 2 // Running and RollingBack
	listSize     = 10000
)

// Operations returns every operation the cluster remembers, running or finished, in
// no order. A cluster leaves out what goes beyond 10 000.
//
// The error is an [*Error]: [ErrNotSent], [ErrServerRefused] or [ErrUnavailable].
func (c *Client) Operations(ctx context.Context) ([]Operation, error) {
	k := &call{c: c, name: "list operations", asks: PurposeRead, version: c.version}
	outcome, err := c.run(ctx, k, func(ctx context.Context) (Outcome, error) {
		ops, err := k.list(ctx, filterAll, filterAll)
		if err != nil {
			return Outcome{}, k.giveUp(err)
		}
		return Outcome{Operations: ops}, nil
	})
	return outcome.Operations, err
}

// Operation returns one operation, whatever its kind. If it is RollingBack, the
// ledger notes that it was seen, which [RequireGraceful] takes as evidence.
//
// The error is an [*Error]: those of [Client.Operations], [ErrNotFound], or
// [ErrInvalidArgument] for an id of all zeros.
func (c *Client) Operation(ctx context.Context, id uuid.UUID) (Operation, error) {
	k, err := c.newCall("read operation", PurposeRead, id, "", 0)
	if err != nil {
		return Operation{}, err
	}
	outcome, err := c.run(ctx, k, func(ctx context.Context) (Outcome, error) {
		op, found, err := k.lookUp(ctx)
		switch {
		case err != nil:
			return Outcome{}, k.giveUp(err)
		case !found:
			return Outcome{}, k.fail(ErrNotFound, nil)
		}
		return Outcome{Operations: []Operation{op}}, nil
	})
	if err != nil || len(outcome.Operations) == 0 {
		return Operation{}, err
	}
	return outcome.Operations[0], nil
}

// unread adds to the end of a read what its last answer was, for a call that is about
// something else.
func (k *call) unread(err error) error {
	if len(k.attempts) == 0 {
		return err
	}
	switch last := k.attempts[len(k.attempts)-1]; {
	case last.Purpose != PurposeRead:
		return err
	case last.Err != nil:
		return fmt.Errorf("%w: %w", err, last.Err)
	case last.Code != "":
		return fmt.Errorf("%w: %d %w", err, last.Status, last.Code)
	default:
		return err
	}
}

// lookUp finds the operation of the call in the list: unlike the progress calls, the
// list needs neither its kind nor its target. A full list may lack it, and then one
// list a kind is asked for.
func (k *call) lookUp(ctx context.Context) (Operation, bool, error) {
	ops, err := k.list(ctx, filterAll, filterAll)
	if err != nil {
		return Operation{}, false, err
	}
	op, found := k.pick(ctx, ops)
	if found || len(ops) < listSize {
		return op, found, nil
	}
	full, err := k.listEach(ctx, filterAll, filterAll, func(ops []Operation) bool {
		op, found = k.pick(ctx, ops)
		return !found
	})
	if err == nil && full && !found {
		err = fmt.Errorf("the cluster lists at most %d operations of a kind, and this one is not among them", listSize)
	}
	return op, found, err
}

// listEach reads one list a kind for as long as more is wanted. full says that one of them
// may lack operations.
func (k *call) listEach(ctx context.Context, kinds, states int, more func([]Operation) bool) (full bool, err error) {
	for _, kind := range []int{1, 2, 4, 8} {
		if kinds&kind == 0 {
			continue
		}
		ops, err := k.list(ctx, kind, states)
		if err != nil {
			return false, err
		}
		full = full || len(ops) >= listSize
		if !more(ops) {
			break
		}
	}
	return full, nil
}

// pick finds the operation of the call, and notes what it saw.
func (k *call) pick(ctx context.Context, ops []Operation) (Operation, bool) {
	for _, op := range ops {
		if op.ID != k.id {
			continue
		}
		k.state, k.kind = op.State, op.Kind
		if op.State == StateRollingBack {
			k.stopping = true
			k.noteSeen(ctx)
		}
		return op, true
	}
	return Operation{}, false
}

// noteSeen notes that the operation was seen RollingBack, unless that is known: who
// looks at an operation for an hour must not fill the ledger.
func (k *call) noteSeen(ctx context.Context) {
	if known, err := k.c.evidence(ctx, k.id); err == nil && !known.stopping() {
		_ = k.append(ctx, Entry{Action: ActionSeen, State: StateRollingBack})
	}
}

// list reads operations of some kinds in some states, asking again until the answer
// is definite. Its error is why it stopped asking, nil inside if the server refused.
func (k *call) list(ctx context.Context, kinds, states int) ([]Operation, error) {
	for {
		if err := k.ready(ctx); err != nil {
			return nil, err
		}
		var ops []Operation
		wanted := success{http.StatusOK, func(body []byte, shown func(string) string) (err error) {
			ops, err = operations(body, shown)
			return err
		}}
		a := k.send(ctx, PurposeRead, wanted, func(base string, timeout *int64) (*http.Request, error) {
			return generated.NewGetFaultOperationListRequest(base, &generated.GetFaultOperationListParams{
				APIVersion:  generated.APIVersion(k.version),
				TypeFilter:  kinds,
				StateFilter: states,
				Timeout:     timeout,
			})
		})
		if a.Class == Done {
			return ops, nil
		}
		if !retryable(a) {
			return nil, errReadRefused
		}
	}
}

// operations reads a list. What lacks an id or a state is not one of operations,
// whatever its JSON.
func operations(body []byte, shown func(string) string) ([]Operation, error) {
	var listed []struct {
		OperationID *uuid.UUID `json:"OperationId"`
		Type        Kind
		State       State
	}
	if err := json.Unmarshal(body, &listed); err != nil || listed == nil {
		return nil, errNoList
	}
	ops := make([]Operation, len(listed))
	for i, l := range listed {
		if l.OperationID == nil || l.State == "" {
			return nil, errNoList
		}
		ops[i] = Operation{ID: *l.OperationID, Kind: Kind(shown(string(l.Type))), State: State(shown(string(l.State)))}
	}
	return ops, nil
}
