package wrapper

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Selector says which operations a CancelAll is about. The zero value selects every
// operation that is not over.
type Selector struct {
	// Kinds to select; none means all.
	Kinds []Kind
	// States to select, Running or RollingBack; none means both.
	States []State
	// MinAge selects only what is known to be at least this old; 0 means any age. A
	// cluster does not tell when an operation began. What is known is when its id was made,
	// if the id says so (versions 1 and 7; the starts of this package make 7), else when the
	// ledger first heard of it. Of an operation that has neither, the ledger notes
	// that it was seen, so that a later CancelAll can tell.
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

// CancelAllOptions are the options of a CancelAll. The zero value is right.
type CancelAllOptions struct {
	// Concurrency is how many operations are dealt with at once. 0 means 8.
	Concurrency int
	// Each is what is done to each operation; nil means a graceful [Client.Cancel].
	// [Client.Stop] in it ends them all.
	Each func(ctx context.Context, op Operation) (Result, error)
	// Reason is noted in the ledger for each operation; it goes with the default Each.
	Reason string
}

// CancelAll cancels every operation that the selector wants, gracefully unless the options say
// otherwise, and yields each result when it is there. One that fails is yielded as an
// error, an [*Error] that names the operation, and stops none of the others. If the
// operations cannot be listed, that is the only thing yielded.
//
// Leaving the loop begins no more cancels; those under way are waited for, because ending
// them would leave their outcome unknown. The end of ctx ends them too. What is selected
// is what the cluster lists at the beginning.
func (c *Client) CancelAll(ctx context.Context, which Selector, options CancelAllOptions) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		selected, each, err := c.prepareAll(ctx, which, options)
		if err != nil {
			yield(Result{}, err)
			return
		}
		type ending struct {
			result Result
			err    error
		}
		todo, ended, left := make(chan Operation), make(chan ending), make(chan struct{})
		go func() {
			defer close(todo)
			for _, op := range selected {
				select {
				case todo <- op:
				case <-left:
					return
				}
			}
		}()
		var workers sync.WaitGroup
		for range min(orDefault(options.Concurrency, 8), len(selected)) {
			workers.Go(func() {
				for op := range todo {
					result, err := each(ctx, op)
					select {
					case ended <- ending{result, err}:
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
		}
	}
}

func (c *Client) prepareAll(ctx context.Context, which Selector, options CancelAllOptions) ([]Operation, func(context.Context, Operation) (Result, error), error) {
	err := which.check()
	if options.Concurrency < 0 {
		err = errors.Join(err, errors.New("the concurrency must not be negative"))
	}
	if err != nil {
		return nil, nil, &Error{call: "cancel all", kind: ErrInvalidArgument, cause: err}
	}
	ops, err := c.active(ctx, which)
	if err != nil {
		return nil, nil, err
	}
	each := options.Each
	if each == nil {
		each = func(ctx context.Context, op Operation) (Result, error) {
			return c.Cancel(ctx, op.ID, CancelOptions{Reason: options.Reason})
		}
	}
	var selected []Operation
	for _, op := range ops {
		if which.matches(op) && (which.MinAge == 0 || c.age(ctx, op) >= which.MinAge) {
			selected = append(selected, op)
		}
	}
	return selected, func(ctx context.Context, op Operation) (Result, error) {
		return each(context.WithValue(ctx, captureKey{}, nil), op) // one capture is for one call
	}, nil
}

// active lists what is not over, of the kinds that are wanted.
func (c *Client) active(ctx context.Context, which Selector) ([]Operation, error) {
	kinds := filterAll
	if len(which.Kinds) > 0 {
		kinds = 0
		for _, k := range which.Kinds {
			kinds |= kindBit(k)
		}
	}
	k := &call{c: c, name: "list operations", asks: PurposeRead, version: c.version}
	outcome, err := c.run(ctx, k, func(ctx context.Context) (Outcome, error) {
		ops, err := k.list(ctx, kinds, filterActive)
		if err != nil {
			return Outcome{}, k.giveUp(err)
		}
		return Outcome{Operations: ops}, nil
	})
	return outcome.Operations, err
}

// age is how old an operation is at least.
func (c *Client) age(ctx context.Context, op Operation) time.Duration {
	if at, ok := madeAt(op.ID); ok {
		return time.Since(at)
	}
	ctx, cancel := context.WithTimeout(ctx, ledgerTime)
	defer cancel()
	entries, err := c.ledger.Entries(ctx, op.ID)
	if err == nil && len(entries) == 0 {
		_ = c.ledger.Append(ctx, Entry{Time: time.Now(), OperationID: op.ID, Action: ActionSeen, State: op.State})
	}
	if err != nil || len(entries) == 0 {
		return 0
	}
	return time.Since(entries[0].Time)
}

// madeAt reads the time that some ids carry (RFC 9562 §5).
func madeAt(id uuid.UUID) (time.Time, bool) {
	switch id.Version() {
	case 1, 7:
		seconds, nanos := id.Time().UnixTime()
		return time.Unix(seconds, nanos), true
	default:
		return time.Time{}, false
	}
}
