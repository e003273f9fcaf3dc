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

// WaitOptions are the options of a Wait and a Watch. The zero value is right.
type WaitOptions struct {
	// Interval is the longest time between two looks at the operation; the first ones
	// come sooner. 0 means 2 s, and less than a millisecond means one.
	Interval time.Duration
	// APIVersion of the requests; "" means the client's.
	APIVersion generated.APIVersion
	// Target is as in [CancelOptions].
	Target Target
}

// Wait looks at an operation until it is over, and says how it ended: the verdict is
// [Finished], with the state, or [NotFound]. It asks for nothing, so that it may be given
// up and begun again at any time.
//
// A cluster that does not answer ends the wait only if it has not answered at all yet;
// after that the context alone does. The error is an [*Error]: [ErrNotFinished] if the
// context ended after the operation was seen, or those of [Client.Operations]. Attempts are
// those of the last look.
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

// Watch yields an operation as it is now, and again whenever its state has changed, until
// it is over; the last one is final, or not [Operation.Found] if there is no such operation, or no
// longer. An error is yielded once, and ends it: those of [Client.Wait].
//
// Nothing runs between two steps of the loop, and leaving it leaves nothing behind. A
// state that lasts for less than the interval may be missed.
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

// unfinished is the error of a wait that did not see the end: if the operation was seen
// at all, that is what is known.
func (k *call) unfinished(ctx context.Context, cause error) error {
	if k.known.state != "" && (ctx.Err() != nil || !fits(ctx, time.Until(k.spent.latest().notBefore()))) {
		return k.fail(ErrNotFinished, k.unread(cause))
	}
	return k.giveUp(purposeRead, cause)
}

// await looks at the operation until it is over or gone, until the instant given if it
// is one, or until see says no. over says that it is over or gone; the state of the call
// says which.
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

// passing says that a look brought nothing, and that a later one may.
func passing(err error) bool {
	return errors.Is(err, errAttemptsSpent) || errors.Is(err, errNoTimeLeft)
}

// spread is how much sooner a look comes, so that many that wait do not look together.
// Where the pauses are short, nobody minds.
func spread(pause time.Duration) time.Duration {
	if pause < 100*time.Millisecond {
		return 0
	}
	return rand.N(pause / 8)
}

// rest waits for d, or until the instant is there; over says that it is. A context
// that does not last so long is used to its end: there is a look after half of what is
// left of it, and so on.
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

// look reads the operation in a round of its own, until the instant given if it is one. One
// that was seen active is looked for among the active ones first: what has ended may
// be ten thousand.
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

// shortest is the least that is waited between two looks.
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
