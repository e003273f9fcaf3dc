package wrapper

import (
	"context"
	"errors"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
)

// WaitOptions are the options of a Wait and a Watch. The zero value has the defaults.
type WaitOptions struct {
	// Interval is the longest time between two polls of the operation; the first polls come
	// sooner. 0 means 2 s; less than a millisecond means a millisecond.
	Interval time.Duration
	// APIVersion of the requests; "" means the client's.
	APIVersion generated.APIVersion
	// Target is as in [CancelOptions].
	Target Target
}

// Wait polls an operation until it is over. The verdict is [Finished], with the state, or
// [NotFound]. Wait changes nothing, so it may be abandoned and begun again at any time.
//
// If the cluster stops answering, Wait goes on until the context ends; if it has never
// answered, Wait gives up like a read. The error is an [*Error]: [ErrNotFinished] if the
// context ended after the operation was seen, or those of [Client.Operations]. Attempts has the
// requests of the last poll.
func (c *Client) Wait(ctx context.Context, id uuid.UUID, options WaitOptions) (Result, error) {
	k, err := c.newWait("wait", id, options)
	if err != nil {
		return Result{}, err
	}
	return k.do(ctx, func(ctx context.Context, k *call) (Result, error) {
		if _, err := k.await(ctx, time.Time{}, options.Interval, anything); err != nil {
			return Result{}, k.unfinished(ctx, err)
		}
		return k.ended(false), nil
	})
}

// Watch yields an operation now and after each change of its state, until it is over. The
// last one is final, or not [Operation.Found] if the cluster does not know the operation, or no
// longer. An error is yielded once and ends the loop; the errors are those of [Client.Wait].
//
// Watch starts no goroutine, and leaving the loop leaves nothing behind. It may miss a state that
// lasts for less than the interval.
func (c *Client) Watch(ctx context.Context, id uuid.UUID, options WaitOptions) iter.Seq2[Operation, error] {
	return func(yield func(Operation, error) bool) {
		k, err := c.newWait("watch", id, options)
		if err != nil {
			yield(Operation{}, err)
			return
		}
		left := false
		outcome, err := c.run(ctx, k, func(ctx context.Context) (Outcome, error) {
			var last []Operation
			_, err := k.await(ctx, time.Time{}, options.Interval, func(op Operation) bool {
				if len(last) == 0 || last[0] != op {
					last = []Operation{op}
					left = !yield(op, nil)
				}
				return !left
			})
			switch {
			case err != nil:
				err = k.unfinished(ctx, err)
			case k.known.state == "":
				return Outcome{Result: k.result(NotFound, false), Operations: last}, nil
			}
			return Outcome{Operations: last}, err
		})
		switch {
		case left:
		case err != nil:
			yield(Operation{}, err)
		case outcome.Result.Verdict == NotFound:
			yield(Operation{ID: id}, nil)
		}
	}
}

func (c *Client) newWait(name string, id uuid.UUID, options WaitOptions) (*call, error) {
	k, err := c.newCall(name, id, options.APIVersion, 0)
	if err == nil && options.Interval < 0 {
		err = k.fail(ErrInvalidArgument, nonNegativeInterval(options.Interval))
	}
	if err == nil {
		err = k.aim(options.Target)
	}
	return k, err
}

func nonNegativeInterval(d time.Duration) error {
	if d < 0 {
		return errors.New("the interval must not be negative")
	}
	return nil
}

// unfinished returns the error of a wait that did not see the end: ErrNotFinished if the operation was seen.
func (k *call) unfinished(ctx context.Context, cause error) error {
	if k.known.state != "" && (ctx.Err() != nil || !fits(ctx, time.Until(k.spent.latest().notBefore()))) {
		return k.fail(ErrNotFinished, k.unread(cause))
	}
	return k.giveUp(purposeRead, cause)
}

// await polls the operation until it is over or gone, until the given instant unless that is zero, or until
// see returns false. over reports that the operation is over or gone; the state of the call tells which.
func (k *call) await(ctx context.Context, until time.Time, interval time.Duration, see func(Operation) bool) (over bool, err error) {
	forceAt := until // which is what all who wait so long do then
	interval = max(orDefault(interval, 2*time.Second), shortest)
	pause := interval / 16
	s := &k.spent
	before, answered := len(s.attempts), k.known.state != ""
	used := before - s.round
	defer func() { s.round = len(s.attempts) - used }() // looks do not count for what comes next
	for {
		last := len(s.attempts)
		op, found, err := k.look(ctx, until)
		if err == nil && found {
			if op.State.Final() {
				forceAt = time.Time{}
			}
			k.show(ctx, shown{op.State, forceAt})
		}
		if len(s.attempts) > last {
			s.attempts = slices.Delete(s.attempts, before, last)
		}
		switch {
		case err != nil && ctx.Err() == nil && !fits(ctx, 0):
			<-ctx.Done()
			return false, ended(ctx)
		case err != nil && (ctx.Err() != nil || !fits(ctx, time.Until(s.latest().notBefore()))):
			return false, err
		case err != nil && until.IsZero() && (!answered || !passing(err)):
			return false, err
		case err != nil: // the cluster may answer again
		case found && !see(op):
			return false, nil
		case !found, op.State.Final():
			k.noteEnd(ctx)
			return true, nil
		default:
			answered = true
		}
		pause += min(pause, interval-pause) // twice as long, up to the interval
		if over, err := rest(ctx, until, pause-spread(pause)); over || err != nil {
			return false, err
		}
	}
}

// passing reports whether a poll failed for a reason that may pass.
func passing(err error) bool {
	return errors.Is(err, errAttemptsSpent) || errors.Is(err, errNoTimeLeft)
}

// spread returns by how much a pause is shortened, so that many callers do not poll at the same time.
// Short pauses need none.
func spread(pause time.Duration) time.Duration {
	if pause < 100*time.Millisecond {
		return 0
	}
	return rand.N(pause / 8)
}

// rest waits for d, or until the given instant; over reports that the instant has come. If the context ends
// sooner, rest waits for half of the time that is left, so that polls go on until the end.
func rest(ctx context.Context, until time.Time, d time.Duration) (over bool, err error) {
	if !until.IsZero() {
		left := time.Until(until)
		over = left <= d
		d = max(min(d, left), 0)
	}
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		if left <= 2*shortest {
			<-ctx.Done()
			return false, ended(ctx)
		}
		if left/2 < d {
			d, over = left/2, false
		}
	}
	return over, sleep(ctx, d)
}

// look polls the operation in a round of its own, until the given instant unless that is zero. An operation
// that was active is looked up among the active ones first, because ten thousand may be over.
func (k *call) look(ctx context.Context, until time.Time) (op Operation, found bool, err error) {
	if !until.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadlineCause(ctx, until, errLookOver)
		defer cancel()
	}
	k.spent.begin()
	if bits := kindBit(k.known.kind); bits != 0 && k.known.state != "" && !k.known.state.Final() {
		l, err := k.list(ctx, bits, filterActive, k.id)
		if err != nil {
			return Operation{}, false, err
		}
		if op, found := first(l); found {
			k.see(ctx, op, true)
			return op, true, nil
		}
	}
	return k.lookUp(ctx)
}

// shortest is the shortest pause between two polls.
const shortest = time.Millisecond

func anything(Operation) bool { return true }

// grace waits until an instant, and says whether the operation was over before.
func (k *call) grace(ctx context.Context, until time.Time, interval time.Duration) (over bool, err error) {
	if time.Until(until) <= 0 {
		return false, ended(ctx)
	}
	return k.await(ctx, until, interval, anything)
}

// ended is the result of a wait that saw the end.
func (k *call) ended(resolved bool) Result {
	return k.result(k.end(), resolved)
}

func (k *call) end() Verdict {
	if k.known.state == "" {
		return NotFound
	}
	return Finished
}
