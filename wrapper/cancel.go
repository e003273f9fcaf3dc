package wrapper

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// CancelOptions are the options of one graceful cancel. The zero value is right.
type CancelOptions struct {
	// APIVersion of the requests; "" means the client's.
	APIVersion APIVersion
	// Timeout is how long the server may take for each request, in whole seconds from
	// 1 to 4294967295. 0 means what is left of the context, 60 seconds at most. It
	// needs api-version 6.0; an explicit one with an earlier version is an error.
	Timeout time.Duration
	// Reason is noted in the ledger.
	Reason string
}

// Cancel stops an operation gracefully: the cluster ends it and cleans up after it.
// It returns as soon as the cancel is in effect; the operation ends some time later.
//
// A graceful cancel may be repeated, so a lost answer is asked for again. An
// operation that is over or unknown is a verdict, not an error. The error is an
// [*Error]: [ErrInvalidArgument], [ErrNotSent], [ErrServerRefused] or [ErrOutcomeUnknown].
// If a server finds nothing to cancel ([CodeKeyNotFound]) and the list, which tells whether the
// operation is over or never was, cannot be read, the outcome is unknown: something on the way
// may have sent the request twice.
func (c *Client) Cancel(ctx context.Context, id uuid.UUID, options CancelOptions) (Result, error) {
	k, err := c.newCall("cancel", id, options.APIVersion, options.Timeout)
	if err != nil {
		return Result{}, err
	}
	return k.do(ctx, func(ctx context.Context) (Result, error) {
		_ = k.learn(ctx) // without it "already stopping" is called "accepted"
		result, err := k.pursue(ctx, PurposeGraceful, nil)
		return k.note(ctx, ActionGraceful, options.Reason, result, err)
	})
}
