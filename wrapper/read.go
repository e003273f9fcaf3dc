package wrapper

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/bits"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/opdecode"
)

// The filters of the list (runtime §5.10) and its size. A cluster silently leaves out
// operations beyond that.
const (
	filterAll    = generated.StateFilterDefault // and that of kinds
	filterActive = 1 | 2                        // Running and RollingBack
	listSize     = 10000
)

// kinds are in the order of their bits in the filter.
var kinds = [...]Kind{KindDataLoss, KindQuorumLoss, KindPartitionRestart, KindNodeTransition}

// kindBit is the bit of a kind; 0 if it is not one we know, whose index is -1.
func kindBit(k Kind) int { return 1 << (slices.Index(kinds[:], k) + 1) >> 1 }

// Operations returns the operations that the cluster remembers, running and finished, in
// no order. A cluster silently leaves out operations beyond 10 000.
//
// The error is an [*Error]: [ErrNotSent], [ErrServerRefused] or [ErrUnavailable].
func (c *Client) Operations(ctx context.Context) ([]Operation, error) {
	outcome, err := c.readAll(ctx, func(l *opdecode.List) Outcome { return Outcome{Operations: operations(l)} })
	return outcome.Operations, err
}

// AllOperations is [Client.Operations] with bounded memory: it yields each operation once, or
// a single error.
//
// The list is read to its end before the first operation is yielded, because a truncated list is
// useless and is read again. It is decoded while it is read, into 18 bytes for each operation, so that
// it takes at most 1 MiB, whatever the server sends. No connection is held during the loop, so the
// loop may be slow. The operations are not in the [Outcome] of the call. Each use of the iterator is a
// call.
func (c *Client) AllOperations(ctx context.Context) iter.Seq2[Operation, error] {
	return func(yield func(Operation, error) bool) {
		var all *opdecode.List
		outcome, err := c.readAll(ctx, func(l *opdecode.List) Outcome {
			all = l
			return Outcome{}
		})
		if err != nil {
			yield(Operation{}, err)
			return
		}
		ops := listed(all)
		if outcome.Operations != nil { // those of middleware that answers itself
			ops = slices.Values(outcome.Operations)
		}
		for op := range ops {
			if !yield(op, nil) {
				return
			}
		}
	}
}

// listed are the operations that a list kept.
func listed(l *opdecode.List) iter.Seq[Operation] {
	return func(yield func(Operation) bool) {
		for op := range l.All() {
			if !yield(Operation{op.ID, Kind(op.Kind), State(op.State)}) {
				return
			}
		}
	}
}

// operations is listed, all at once.
func operations(l *opdecode.List) []Operation {
	return slices.AppendSeq(make([]Operation, 0, l.Kept()), listed(l))
}

// first is the first of those that a list kept.
func first(l *opdecode.List) (op Operation, found bool) {
	for op := range listed(l) {
		return op, true
	}
	return Operation{}, false
}

// fills reports whether the cluster may have left operations out of a list.
func fills(l *opdecode.List) bool { return l.Len() >= listSize }

// readAll is a call that reads all operations.
func (c *Client) readAll(ctx context.Context, outcome func(*opdecode.List) Outcome) (Outcome, error) {
	k := &call{c: c, name: "list operations", version: c.version}
	return c.run(ctx, k, func(ctx context.Context) (Outcome, error) {
		l, err := k.list(ctx, filterAll, filterAll, uuid.UUID{})
		if err != nil {
			return Outcome{}, k.giveUp(purposeRead, err)
		}
		return outcome(l), nil
	})
}

// Operation returns one operation of any kind. If it is RollingBack, the ledger records
// that, which is evidence for [RequireGraceful]. If it is over and the ledger has evidence, the ledger
// records the end.
//
// If the cluster does not know the operation, [Operation.Found] of the result is false and the error is
// nil. The error is an [*Error]: those of [Client.Operations], or [ErrInvalidArgument] for an id of all zeros.
func (c *Client) Operation(ctx context.Context, id uuid.UUID) (Operation, error) {
	k, err := c.newCall("read operation", id, "", 0)
	if err != nil {
		return Operation{}, err
	}
	return k.readOne(ctx, k.lookUp)
}

// readOne is a call that reads one operation, and notes its end.
func (k *call) readOne(ctx context.Context, read func(context.Context) (Operation, bool, error)) (Operation, error) {
	outcome, err := k.c.run(ctx, k, func(ctx context.Context) (Outcome, error) {
		op, found, err := read(ctx)
		switch {
		case err != nil:
			return Outcome{}, k.giveUp(purposeRead, err)
		case !found:
			k.noteEnd(ctx)
			return Outcome{Result: k.result(NotFound, false)}, nil
		case op.State.Final():
			k.noteEnd(ctx)
		}
		return Outcome{Operations: []Operation{op}}, nil
	})
	switch {
	case err != nil:
		return Operation{}, err
	case len(outcome.Operations) == 0:
		return Operation{ID: k.id}, nil
	}
	return outcome.Operations[0], nil
}

// errReadRefused ends a read that was refused: asking again would not help.
var errReadRefused = errors.New("the state could not be read")

// unread adds to the end of a read what its last answer was, for a call that is about
// something else.
func (k *call) unread(err error) error {
	switch last := k.spent.latest(); {
	case last.purpose != purposeRead:
		return err
	case last.Err != nil:
		return fmt.Errorf("%w: %w", err, last.Err)
	case last.Code != "":
		return fmt.Errorf("%w: %d %w", err, last.Status, last.Code)
	default:
		return err
	}
}

// lookUp finds the operation of the call, and takes in what that shows: with a progress call if
// the ledger knows where to ask, else in the list, which needs neither its kind nor its target.
// A full list may lack it, and then one list a kind is asked for. Of all that is listed no more
// than this one is kept, but each list is read to its end: one that breaks off tells nothing.
func (k *call) lookUp(ctx context.Context) (op Operation, found bool, err error) {
	if op, found, err = k.progress(ctx); err != nil || found {
		return op, found, err
	}
	return k.find(ctx)
}

// find is lookUp in the list alone.
func (k *call) find(ctx context.Context) (op Operation, found bool, err error) {
	l, err := k.list(ctx, filterAll, filterAll, k.id)
	if err != nil {
		return Operation{}, false, err
	}
	op, found = first(l)
	if !found && fills(l) {
		full, err := k.listEach(ctx, filterAll, filterAll, k.id, func(l *opdecode.List) bool {
			op, found = first(l)
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

// see takes in what a list shows, and notes what is evidence.
func (k *call) see(ctx context.Context, op Operation, found bool) {
	k.known.see(op, found)
	if op.State == StateRollingBack {
		k.noteSeen(ctx)
	}
}

// listEach reads one list a kind for as long as more is wanted. full says that one of them
// may lack operations.
func (k *call) listEach(ctx context.Context, wanted, states int, only uuid.UUID, more func(*opdecode.List) bool) (full bool, err error) {
	for _, kind := range kinds {
		if wanted&kindBit(kind) == 0 {
			continue
		}
		l, err := k.list(ctx, kindBit(kind), states, only)
		if err != nil {
			return false, err
		}
		full = full || fills(l)
		if !more(l) {
			break
		}
	}
	return full, nil
}

// list reads operations of some kinds in some states, asking again until the answer
// is definite. It keeps one of them, or all if only is all zeros. Its error is why it stopped
// asking: errReadRefused if the server refused.
func (k *call) list(ctx context.Context, wanted, states int, only uuid.UUID) (*opdecode.List, error) {
	most := listSize * bits.OnesCount(uint(wanted)&(1<<len(kinds)-1))
	for {
		if err := k.ready(ctx); err != nil {
			return nil, err
		}
		l := &opdecode.List{Most: most, Only: only} // one for each answer: another may have broken off, or be read still
		a := k.send(ctx, purposeRead, success{http.StatusOK, l.Read}, func(ctx context.Context, k *call, s sending) (*http.Request, error) {
			return generated.NewGetFaultOperationListRequest(ctx, s.to, generated.GetFaultOperationListParams{
				APIVersion:  k.version,
				TypeFilter:  wanted,
				StateFilter: states,
				Timeout:     s.timeout,
			})
		})
		if a.class == classDone {
			return l, nil
		}
		if !retryable(a) {
			return nil, errReadRefused
		}
	}
}
