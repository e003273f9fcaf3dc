package wrapper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
)

// The filters of the list (runtime §5.10) and its size, beyond which a
// cluster leaves operations out without a word.
const (
	filterAll    = generated.StateFilterDefault // and that of kinds
	filterActive = 1 | 2                        // Running and RollingBack
	listSize     = 10000
)

// kinds are in the order of their bits in the filter.
var kinds = [...]Kind{KindDataLoss, KindQuorumLoss, KindPartitionRestart, KindNodeTransition}

// kindBit is the bit of a kind; 0 if it is not one we know, whose index is -1.
func kindBit(k Kind) int { return 1 << (slices.Index(kinds[:], k) + 1) >> 1 }

// Operations returns every operation the cluster remembers, running or finished, in
// no order. A cluster leaves out what goes beyond 10 000.
//
// The error is an [*Error]: [ErrNotSent], [ErrServerRefused] or [ErrUnavailable].
func (c *Client) Operations(ctx context.Context) ([]Operation, error) {
	k := &call{c: c, name: "list operations", version: c.version}
	outcome, err := c.run(ctx, k, func(ctx context.Context) (Outcome, error) {
		ops, err := k.list(ctx, filterAll, filterAll)
		if err != nil {
			return Outcome{}, k.giveUp(PurposeRead, err)
		}
		return Outcome{Operations: ops}, nil
	})
	return outcome.Operations, err
}

// Operation returns one operation, whatever its kind. If it is RollingBack, the
// ledger notes that it was seen, which [RequireGraceful] takes as evidence; that it is over is
// noted too, if there was evidence before.
//
// The error is an [*Error]: those of [Client.Operations], [ErrNotFound], or
// [ErrInvalidArgument] for an id of all zeros.
func (c *Client) Operation(ctx context.Context, id uuid.UUID) (Operation, error) {
	k, err := c.newCall("read operation", id, "", 0)
	if err != nil {
		return Operation{}, err
	}
	outcome, err := c.run(ctx, k, func(ctx context.Context) (Outcome, error) {
		op, found, err := k.lookUp(ctx)
		switch {
		case err != nil:
			return Outcome{}, k.giveUp(PurposeRead, err)
		case !found:
			k.noteEnd(ctx)
			return Outcome{}, k.fail(ErrNotFound, nil)
		case op.State.Final():
			k.noteEnd(ctx)
		}
		return Outcome{Operations: []Operation{op}}, nil
	})
	if err != nil || len(outcome.Operations) == 0 {
		return Operation{}, err
	}
	return outcome.Operations[0], nil
}

// errReadRefused ends a read that was refused: asking again would not help.
var errReadRefused = errors.New("the state could not be read")

// unread adds to the end of a read what its last answer was, for a call that is about
// something else.
func (k *call) unread(err error) error {
	switch last := k.spent.last; {
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

// lookUp finds the operation of the call in the list, and takes in what that shows: unlike
// the progress calls, the list needs neither its kind nor its target. A full list may lack it,
// and then one list a kind is asked for.
func (k *call) lookUp(ctx context.Context) (op Operation, found bool, err error) {
	ops, err := k.list(ctx, filterAll, filterAll)
	if err != nil {
		return Operation{}, false, err
	}
	op, found = k.pick(ops)
	if !found && len(ops) >= listSize {
		full, err := k.listEach(ctx, filterAll, filterAll, func(ops []Operation) bool {
			op, found = k.pick(ops)
			return !found
		})
		if err == nil && full && !found {
			err = fmt.Errorf("the cluster lists at most %d operations of a kind, and this one is not among them", listSize)
		}
		if err != nil {
			return Operation{}, false, err
		}
	}
	k.see(ctx, op, found)
	return op, found, nil
}

// pick finds the operation of the call.
func (k *call) pick(ops []Operation) (Operation, bool) {
	if i := slices.IndexFunc(ops, func(op Operation) bool { return op.ID == k.id }); i >= 0 {
		return ops[i], true
	}
	return Operation{}, false
}

// see takes in what a list shows, and notes what is evidence.
func (k *call) see(ctx context.Context, op Operation, found bool) {
	k.known.see(op, found)
	if op.State == StateRollingBack {
		k.noteSeen(ctx)
	}
}

// listEach reads one list a kind for as long as more is wanted. full says that one of them
// may lack operations.
func (k *call) listEach(ctx context.Context, wanted, states int, more func([]Operation) bool) (full bool, err error) {
	for _, kind := range kinds {
		if wanted&kindBit(kind) == 0 {
			continue
		}
		ops, err := k.list(ctx, kindBit(kind), states)
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

// list reads operations of some kinds in some states, asking again until the answer
// is definite. Its error is why it stopped asking, nil inside if the server refused.
func (k *call) list(ctx context.Context, wanted, states int) ([]Operation, error) {
	most := listSize * bits.OnesCount(uint(wanted)&(1<<len(kinds)-1))
	for {
		if err := k.ready(ctx); err != nil {
			return nil, err
		}
		var ops []Operation
		brings := success{http.StatusOK, func(body io.Reader, shown func(string) string) (err error) {
			ops, err = operations(body, most, shown)
			return err
		}}
		a := k.send(ctx, PurposeRead, brings, func(base string, timeout *int64) (*http.Request, error) {
			return generated.NewGetFaultOperationListRequest(base, &generated.GetFaultOperationListParams{
				APIVersion:  generated.APIVersion(k.version),
				TypeFilter:  wanted,
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
