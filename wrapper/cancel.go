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
	// 1 to 4294967295. 0 means the rest of the context, at most 60 seconds. It needs
	// api-version 6.0: a Timeout with an earlier version is an error.
	Timeout time.Duration
	// Reason is noted in the ledger.
	Reason string
	// Target is the partition or node of the operation. If the operation turns out to be over, a progress
	// request for it costs less than the list and tells the Cause. The zero value means the target in the
	// ledger, if there is one.
	Target Target
}

// Cancel stops an operation gracefully: the cluster ends it and cleans up after it.
// It returns as soon as the cancel is in effect; the operation ends some time later.
//
// A graceful cancel is idempotent, so it is retried if its answer is lost. An operation that is
// over or unknown is a verdict, not an error. The error is an [*Error]:
// [ErrInvalidArgument], [ErrNotSent], [ErrServerRefused] or [ErrOutcomeUnknown].
// If the server finds nothing to cancel ([generated.ErrorCodeKeyNotFound]) and the list cannot be
// read, which tells whether the operation is over or never existed, the outcome is unknown:
// a proxy may have sent the request twice.
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
	// Policy decides whether the force may go out; nil means the client's. With every
	// policy the ledger must be readable and writable; see [Ledger].
	Policy ForcePolicy
}

// ForceCancel abandons an operation that a graceful cancel did not end. It may leave
// internal state behind, so the policy is asked first. The default policy requires evidence
// of a graceful cancel.
//
// A cluster accepts a force once. If its answer is lost, sending it again comes back as an
// error although it worked. ForceCancel sends a graceful cancel as a probe instead, which does no
// harm after a force. If the probe is accepted, the force did not arrive and is sent again. If
// it is refused, the force is in effect. If the operation is over, the list says how it ended.
// An operation that this call has not seen RollingBack is looked up first, and not probed while
// Running. A force that is refused because of the state is handled in the same way: a proxy may
// have sent it twice, and the copy may be in effect.
//
// The error is an [*Error]: those of [Client.Cancel], or [ErrForceRefused] if the policy
// refuses or the ledger cannot be read or written; then no force was sent.
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
