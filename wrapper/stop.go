package wrapper

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// StopOptions are the options of a Stop. The zero value is right.
type StopOptions struct {
	// Grace is how long the graceful cancel gets before the force. 0 means a minute; a
	// force at once has to be asked for, with [Client.ForceCancel].
	Grace time.Duration
	// NeverForce waits for the end of the graceful cancel, however long it takes.
	NeverForce bool
	// Interval is as in [WaitOptions].
	Interval time.Duration
	// APIVersion, Timeout and Reason are as in [CancelOptions].
	APIVersion APIVersion
	Timeout    time.Duration
	Reason     string
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
//
// The error is an [*Error]: before the graceful cancel has its effect, those of
// [Client.Cancel]. After that it is [ErrNotFinished], with the state as seen last, when the
// context ended, the force could not be sent, or a server refused the force or the looks; and
// [ErrOutcomeUnknown] when it is not known whether the force has its effect. Call it again to go
// on where it ended.
// Attempts are all requests but the looks, and the last look of each time it waited.
func (c *Client) Stop(ctx context.Context, id uuid.UUID, options StopOptions) (Result, error) {
	k, err := c.newCall("stop", PurposeGraceful, id, options.APIVersion, options.Timeout)
	if err != nil {
		return Result{}, err
	}
	if err := errors.Join(nonNegative(options.Grace), nonNegativeInterval(options.Interval)); err != nil {
		return Result{}, k.fail(ErrInvalidArgument, err)
	}
	return k.do(ctx, func(ctx context.Context) (Result, error) { return k.stop(ctx, options) })
}

func (k *call) stop(ctx context.Context, options StopOptions) (Result, error) {
	known, _ := k.c.evidence(ctx, k.id) // as in Cancel
	result, err := k.graceful(ctx, known)
	result, err = k.note(ctx, ActionGraceful, options.Reason, result, err)
	if err != nil || result.Verdict == Finished || result.Verdict == NotFound {
		return result, err
	}
	resolved := result.Resolved
	if !options.NeverForce && result.Verdict != AlreadyForced {
		over, err := k.grace(ctx, since(known).Add(orDefault(options.Grace, time.Minute)), options.Interval)
		switch {
		case err != nil:
			return Result{}, k.fail(ErrNotFinished, fmt.Errorf("in the grace, before a force: %w", k.unread(err)))
		case over:
			return k.ended(resolved), nil
		}
		k.asks, k.force, k.round = PurposeForce, true, len(k.attempts)
		known, _ = k.c.evidence(ctx, k.id)
		result, err = k.forced(ctx, known)
		result, err = k.note(ctx, ActionForce, options.Reason, result, err)
		if errors.Is(err, ErrNotSent) || errors.Is(err, ErrServerRefused) {
			k.force = false
			return Result{}, k.fail(ErrNotFinished, fmt.Errorf("there was no force after the grace: %w", asForeign(err)))
		}
		if err != nil || result.Verdict == Finished || result.Verdict == NotFound {
			return result, err
		}
		resolved = resolved || result.Resolved
	}
	if _, err := k.await(ctx, time.Time{}, options.Interval, anything); err != nil {
		return Result{}, k.fail(ErrNotFinished, k.unread(err))
	}
	return k.ended(resolved), nil
}

// since is when the grace of an operation began: now, unless an earlier cancel is known.
func since(known evidence) time.Time {
	if known.graceful.IsZero() {
		return time.Now()
	}
	return known.graceful
}
