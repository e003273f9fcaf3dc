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
	// Grace is the time between the graceful cancel and the force. 0 means a minute. For a
	// force without delay use [Client.ForceCancel].
	Grace time.Duration
	// NeverForce waits for the end of the graceful cancel, however long it takes, and
	// ignores Grace.
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

// Stop ends an operation and returns how it ended. It cancels gracefully, polls the operation
// during the grace, forces it if it has not ended by then, and waits for the end. The
// verdict is [Finished], with the state, or [NotFound]; Force reports whether a force was
// sent.
//
// Stop is a policy of its own and does not ask the client's [ForcePolicy]. The grace counts
// from the first graceful cancel in the ledger. If another client has forced the operation,
// Stop only waits. A graceful cancel does not stop a node transition (runtime §5.3): it ends by
// itself within the grace, or is forced. If the ledger is unreachable, the graceful cancel and the
// polls still go out; the force is not sent.
//
// The error is an [*Error]. Before the graceful cancel is in effect, the errors are those of
// [Client.Cancel]. After that, the error is [ErrNotFinished], with the last state seen, if the
// context ended, if a server refused the force or a poll, or if the ledger could not be read or
// written for the force (the error then wraps a [Refusal]); it is [ErrOutcomeUnknown] if it is
// unknown whether the force took effect. While no gateway is reachable, Stop keeps trying. To
// resume, call Stop again. Attempts has all requests except polls, and the last poll of each wait.
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

// forceAfter sends the force when the grace is over. While no server is reachable, it retries until the
// context ends.
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

// neverLeft reports whether a force failed because no request got through, which may pass.
func (k *call) neverLeft(before int, err error) bool {
	if !errors.Is(err, ErrNotSent) || len(k.spent.attempts) == before {
		return false
	}
	last := k.spent.latest()
	return last.class == classNotSent && !last.hopeless
}
