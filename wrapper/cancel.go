package wrapper

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
)

// CancelOptions are the options of one graceful cancel. The zero value is right.
type CancelOptions struct {
	// APIVersion of the requests; "" means the client's.
	APIVersion generated.APIVersion
	// Timeout is how long the server may take for each request, in whole seconds from
	// 1 to 4294967295. 0 means what is left of the context, 60 seconds at most. It
	// needs api-version 6.0; an explicit one with an earlier version is an error.
	Timeout time.Duration
	// Reason is noted in the ledger.
	Reason string
	// Target is where the operation is asked for if it turns out to be over, which costs less than the list,
	// and tells the Cause. The zero value means the target that the ledger knows, if any.
	Target Target
}

// Cancel stops an operation gracefully: the cluster ends it and cleans up after it.
// It returns as soon as the cancel is in effect; the operation ends some time later.
//
// A graceful cancel may be repeated, so a lost answer is asked for again. An
// operation that is over or unknown is a verdict, not an error. The error is an
// [*Error]: [ErrInvalidArgument], [ErrNotSent], [ErrServerRefused] or [ErrOutcomeUnknown].
// If a server finds nothing to cancel ([generated.ErrorCodeKeyNotFound]) and the list, which tells whether the
// operation is over or never was, cannot be read, the outcome is unknown: something on the way
// may have sent the request twice.
func (c *Client) Cancel(ctx context.Context, id uuid.UUID, options CancelOptions) (Result, error) {
	k, err := c.newCall("cancel", id, options.APIVersion, options.Timeout)
	if err != nil {
		return Result{}, err
	}
	if err := k.aim(options.Target); err != nil {
		return Result{}, err
	}
	k.reason = options.Reason
	return k.do(ctx, func(ctx context.Context, k *call) (Result, error) {
		_ = k.learn(ctx) // without it "already stopping" is called "accepted"
		result, err := k.pursue(ctx, purposeGraceful, nil)
		return k.note(ctx, actionGraceful, k.reason, result, err)
	})
}

// ForceOptions are the options of one force cancel. The zero value is right.
type ForceOptions struct {
	// APIVersion, Timeout and Reason are as in [CancelOptions].
	APIVersion generated.APIVersion
	Timeout    time.Duration
	Reason     string
	// Policy decides whether the force may go out; nil means the client's. Whatever it
	// decides, the ledger must be readable and writable; see [Ledger].
	Policy ForcePolicy
}

// ForceCancel abandons an operation that a graceful cancel did not end. Internal
// state may be left behind, so the policy is asked first, and by default it wants
// to know of a graceful cancel.
//
// A force is accepted once: repeated blindly after a lost answer it would come back
// as an error although it worked. ForceCancel asks instead. It sends a graceful
// cancel, which cannot do harm any more, as a probe: if that is accepted, the force
// did not arrive and is sent again; if it is refused, the force is in effect; if
// the operation is not active any more, the list says how it ended. An operation that
// this call has not seen RollingBack is looked up first, and not probed while Running. A
// force that is refused because of the state is treated alike: something on the way may have
// sent it twice, and its copy be in effect.
//
// The error is an [*Error]: besides those of [Client.Cancel] it may be
// [ErrForceRefused], from the policy or because the ledger cannot be read or written, and
// then no force was sent.
func (c *Client) ForceCancel(ctx context.Context, id uuid.UUID, options ForceOptions) (Result, error) {
	k, err := c.newCall("force cancel", id, options.APIVersion, options.Timeout)
	if err != nil {
		return Result{}, err
	}
	k.force, k.reason = true, options.Reason
	policy := options.Policy
	if policy == nil {
		policy = c.policy
	}
	if err := policy.check(); err != nil {
		return Result{}, k.fail(ErrInvalidArgument, err)
	}
	return k.do(ctx, func(ctx context.Context, k *call) (Result, error) {
		result, over, err := policy.prepare(ctx, k, k.learn(ctx))
		if over || err != nil {
			return result, refusedBy(policy, err)
		}
		result, err = k.pursue(ctx, purposeForce, nil)
		if !k.announced {
			return result, refusedBy(policy, err) // there was no force to tell of
		}
		return k.note(ctx, actionForce, k.reason, result, err)
	})
}
