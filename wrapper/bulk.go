package wrapper

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/internal/opdecode"
)

// Selector selects the operations of a CancelAll. The zero value selects every operation that
// is not over.
type Selector struct {
	// Kinds to select; none means all.
	Kinds []Kind
	// States to select, Running or RollingBack; none means both.
	States []State
	// MinAge selects operations that are known to be at least this old; 0 means any age. A
	// cluster does not tell when an operation began. The age counts from the time in the id, if
	// the id has one (versions 1 and 7; the starts of this package make version 7) and the ledger
	// has no later start of it, otherwise from its first entry in the ledger for this cluster. If
	// there is neither, the operation is not selected, and the ledger records that it was
	// seen, so that a later CancelAll knows its age.
	MinAge time.Duration
}

func (s Selector) check() error {
	for _, k := range s.Kinds {
		if kindBit(k) == 0 {
			return fmt.Errorf("selector: %q is no kind of operation", string(k))
		}
	}
	for _, state := range s.States {
		if state != StateRunning && state != StateRollingBack {
			return fmt.Errorf("selector: an operation that is %q cannot be cancelled, only Running and RollingBack can", string(state))
		}
	}
	if s.MinAge < 0 {
		return errors.New("selector: the age must not be negative")
	}
	return nil
}

// matches reports whether the selector wants an operation, but for its age.
func (s Selector) matches(op Operation) bool {
	return !op.State.Final() &&
		(len(s.Kinds) == 0 || slices.Contains(s.Kinds, op.Kind)) &&
		(len(s.States) == 0 || slices.Contains(s.States, op.State))
}

// CancelAllOptions are the options of a CancelAll. The zero value has the defaults.
type CancelAllOptions struct {
	// Concurrency is the number of operations handled at once. 0 means 8.
	Concurrency int
	// Each is called for each operation; nil means a graceful [Client.Cancel]. To end all, call
	// [Client.Stop] in it. It must be safe for concurrent use. A panic in it ends the program,
	// as in any goroutine.
	Each func(ctx context.Context, op Operation) (Result, error)
	// Reason is recorded in the ledger for each operation. It is for the default Each.
	Reason string
}

// CancelAll cancels every operation that the selector selects, gracefully unless the options say
// otherwise, and yields results as they arrive. A failed cancel is yielded as an error together with a
// result that has only the id; the others go on.
//
// CancelAll selects from the list that the cluster returns at the beginning. If the list, or the
// ledger for the ages, cannot be read, nothing is cancelled, and only that error is yielded. A cluster lists at
// most 10 000 operations of a kind. If there may be more, the last thing yielded is an
// [ErrUnavailable] without an id; call CancelAll again to go on.
//
// If the loop is left, no further cancel begins, and CancelAll waits for those in progress, because
// aborting them would leave their outcome unknown. If ctx ends, they end as well.
func (c *Client) CancelAll(ctx context.Context, which Selector, options CancelAllOptions) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		selected, each, full, err := c.prepareAll(ctx, which, options)
		if err != nil {
			yield(Result{}, err)
			return
		}
		type ending struct {
			result Result
			err    error
			heard  chan<- struct{} // that the loop wants more; it has room
		}
		ended, left := make(chan ending), make(chan struct{})
		var workers sync.WaitGroup
		var begun atomic.Int64
		for range min(orDefault(options.Concurrency, 8), len(selected)) {
			workers.Go(func() {
				heard := make(chan struct{}, 1)
				for n := begun.Add(1); n <= int64(len(selected)); n = begun.Add(1) {
					e := ending{heard: heard}
					if e.result, e.err = each(ctx, selected[n-1]); e.err != nil {
						e.result = Result{OperationID: selected[n-1].ID}
					}
					select {
					case ended <- e:
					case <-left:
						return
					}
					select {
					case <-heard:
					case <-left:
						return
					}
				}
			})
		}
		go func() {
			workers.Wait()
			close(ended)
		}()
		defer workers.Wait()
		defer close(left)
		for e := range ended {
			if !yield(e.result, e.err) {
				return
			}
			e.heard <- struct{}{}
		}
		if full {
			yield(Result{}, &Error{call: "cancel all", kind: ErrUnavailable, cause: fmt.Errorf("the cluster lists at most %d operations of a kind: there may be more", listSize)})
		}
	}
}

// prepareAll selects the operations. full says that the cluster may have left some out.
func (c *Client) prepareAll(ctx context.Context, which Selector, options CancelAllOptions) (
	selected []Operation, each func(context.Context, Operation) (Result, error), full bool, err error,
) {
	err = which.check()
	if options.Concurrency < 0 {
		err = errors.Join(err, errors.New("the concurrency must not be negative"))
	}
	if err != nil {
		return nil, nil, false, &Error{call: "cancel all", kind: ErrInvalidArgument, cause: err}
	}
	ops, full, err := c.active(ctx, which)
	if err != nil {
		return nil, nil, false, err
	}
	for _, op := range ops {
		if !which.matches(op) {
			continue
		}
		if which.MinAge > 0 {
			age, err := c.age(ctx, op)
			if err != nil {
				err = fmt.Errorf("the ledger, which would know the age of operation %s, cannot be read: %w", op.ID, err)
				return nil, nil, false, &Error{call: "cancel all", kind: ErrNotSent, cause: err}
			}
			if age < which.MinAge {
				continue
			}
		}
		selected = append(selected, op)
	}
	each = func(ctx context.Context, op Operation) (Result, error) {
		if p := perCallOf(ctx); p != nil && p.Attempts != nil { // which are for one call
			others := p.CallOptions
			others.Attempts = nil
			ctx = PerCall(ctx, others)
		}
		if options.Each != nil {
			return options.Each(ctx, op)
		}
		result, err := c.Cancel(ctx, op.ID, CancelOptions{Reason: options.Reason})
		result.Kind = orDefault(result.Kind, op.Kind)
		return result, err
	}
	return selected, each, full, nil
}

// active lists what is not over, of the kinds that are wanted: with one list, or, if that
// is full, one a kind.
func (c *Client) active(ctx context.Context, which Selector) (ops []Operation, full bool, err error) {
	kinds := filterAll
	if len(which.Kinds) > 0 {
		kinds = 0
		for _, k := range which.Kinds {
			kinds |= kindBit(k)
		}
	}
	k := &call{c: c, name: "list operations", version: c.version}
	outcome, err := c.run(ctx, k, func(ctx context.Context) (Outcome, error) {
		l, err := k.list(ctx, kinds, filterActive, uuid.UUID{})
		var ops []Operation
		if err == nil && fills(l) {
			full, err = k.listEach(ctx, kinds, filterActive, uuid.UUID{}, func(l *opdecode.List) bool {
				ops = append(ops, operations(l)...)
				return true
			})
		} else if err == nil {
			ops = operations(l)
		}
		if err != nil {
			return Outcome{}, k.giveUp(purposeRead, err)
		}
		return Outcome{Operations: ops}, nil
	})
	return outcome.Operations, full, err
}

// age is how old an operation is at least. Its error is one of the ledger.
func (c *Client) age(ctx context.Context, op Operation) (time.Duration, error) {
	k := &call{c: c, id: op.ID, known: belief{state: op.State, kind: op.Kind}}
	err := k.learn(ctx)
	began := k.known.began
	if made, ok := madeAt(op.ID); ok {
		return time.Since(later(made, began)), nil // an id that is used again is older than the operation
	}
	if err == nil && began.IsZero() {
		err = k.enter(ctx, Entry{Action: actionSeen})
	}
	return time.Since(sooner(began)), err
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
