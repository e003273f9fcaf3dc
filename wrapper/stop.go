package wrapper

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
)

// StopOptions are the options of a Stop. The zero value is right.
type StopOptions struct {
	// Grace is how long the graceful cancel gets before the force. 0 means a minute; a
	// force at once has to be asked for, with [Client.ForceCancel].
	Grace time.Duration
	// NeverForce waits for the end of the graceful cancel, however long it takes; Grace
	// means nothing then.
	NeverForce bool
	// Interval is as in [WaitOptions].
	Interval time.Duration
	// APIVersion, Timeout and Reason are as in [CancelOptions].
	APIVersion generated.APIVersion
	Timeout    time.Duration
	Reason     string
	// Target is as in [CancelOptions].
	Target Target
}

// Stop ends an operation and says how it ended: it cancels gracefully, looks at the
// operation for as long as the grace lasts, forces if it has not ended by then, and waits
// for the end. The verdict is [Finished], with the state, or [NotFound]; Force tells
// whether a force was needed.
//
// It is a policy of its own: the client's [ForcePolicy] is not asked. The grace counts
// from the first graceful cancel that the ledger knows of. An operation that somebody
// else has forced already is only waited for. A node transition is not stopped by a
// graceful cancel (runtime §5.3): it goes on to its end within the grace, or is forced.
// A ledger that cannot be reached holds up neither the graceful cancel nor the looks; the
// force, when its time comes, is not sent.
//
// The error is an [*Error]: before the graceful cancel has its effect, those of
// [Client.Cancel]. After that it is [ErrNotFinished], with the state as seen last, when the
// context ended, a server refused the force or the looks, or the ledger could not be read or
// written for the force (a [Refusal] is behind that one); and [ErrOutcomeUnknown] when it is
// not known whether the force has its effect. While no gateway can be reached it goes on
// trying. Call it again to go on where it ended.
// Attempts are all requests but the looks, and the last look of each time it waited.
func (c *Client) Stop(ctx context.Context, id uuid.UUID, options StopOptions) (Result, error) {
	k, err := c.newCall("stop", id, options.APIVersion, options.Timeout)
	if err != nil {
		return Result{}, err
	}
	if err := errors.Join(nonNegative(options.Grace), nonNegativeInterval(options.Interval)); err != nil {
		return Result{}, k.fail(ErrInvalidArgument, err)
	}
	if err := k.aim(options.Target); err != nil {
		return Result{}, err
	}
	k.reason = options.Reason
	return k.do(ctx, func(ctx context.Context, k *call) (Result, error) { return k.stop(ctx, options) })
}

func (k *call) stop(ctx context.Context, options StopOptions) (Result, error) {
	_ = k.learn(ctx) // as in Cancel
	known := k.known.graceful
	result, err := k.pursue(ctx, purposeGraceful, nil)
	result, err = k.note(ctx, actionGraceful, k.reason, result, err)
	if err != nil || result.Verdict == Finished || result.Verdict == NotFound {
		return result, err
	}
	resolved := result.Resolved
	if !options.NeverForce && result.Verdict != AlreadyForced {
		over, err := k.grace(ctx, sooner(known).Add(orDefault(options.Grace, time.Minute)), options.Interval)
		switch {
		case err != nil:
			return Result{}, k.fail(ErrNotFinished, fmt.Errorf("in the grace, before a force: %w", k.unread(err)))
		case over:
			return k.ended(resolved), nil
		}
		result, err = k.forceAfter(ctx, options)
		if err != nil || result.Verdict == Finished || result.Verdict == NotFound {
			return result, err
		}
		resolved = resolved || result.Resolved
	}
	if _, err := k.await(ctx, time.Time{}, options.Interval, anything); err != nil {
		if k.force {
			err = fmt.Errorf("after the force: %w", err)
		}
		return Result{}, k.fail(ErrNotFinished, k.unread(err))
	}
	return k.ended(resolved), nil
}

// forceAfter sends the force when the grace is over, and tries for as long as the context
// lasts if it does not get through to a server at all.
func (k *call) forceAfter(ctx context.Context, options StopOptions) (result Result, err error) {
	if err := k.learn(ctx); err != nil {
		return Result{}, k.fail(ErrNotFinished, fmt.Errorf("%w: %w", errNoForce, unreadable(err)))
	}
	k.force = true
	before := len(k.spent.attempts)
	for {
		k.spent.begin()
		result, err = k.pursue(ctx, purposeForce, nil)
		if !k.neverLeft(before, err) || ctx.Err() != nil {
			break
		}
		if _, stop := rest(ctx, time.Time{}, orDefault(options.Interval, 2*time.Second)); stop != nil {
			break
		}
		k.spent.attempts = k.spent.attempts[:before] // of many tries only the last is kept
	}
	if k.announced {
		result, err = k.note(ctx, actionForce, k.reason, result, err)
	}
	if errors.Is(err, ErrNotSent) || errors.Is(err, ErrServerRefused) || errors.Is(err, ErrForceRefused) {
		k.force = false
		cause := errNoForce
		if e, ok := asError(err); ok && e.cause != nil {
			cause = fmt.Errorf("%w: %w", errNoForce, e.cause)
		}
		return Result{}, k.fail(ErrNotFinished, cause)
	}
	return result, err
}

var errNoForce = errors.New("there was no force after the grace")

// neverLeft says that a force failed because nothing got through, and that this may pass.
func (k *call) neverLeft(before int, err error) bool {
	if !errors.Is(err, ErrNotSent) || len(k.spent.attempts) == before {
		return false
	}
	last := k.spent.latest()
	return last.class == classNotSent && !last.hopeless
}
