package etcd

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/sfcancel/sfcancel/store"
)

// refusals are the answers after which a request has certainly not happened and never
// will, and a retry would be refused as well: the call returns them. All errors that are
// neither refusals nor delays leave the outcome of a transaction open. The reasons are in the
// sources of etcd 3.7, under server/etcdserver.
var refusals = []error{
	// Checked before anything is proposed to the cluster: api/v3rpc/key.go.
	rpctypes.ErrEmptyKey,
	rpctypes.ErrTooManyOps,
	rpctypes.ErrDuplicateKey,
	rpctypes.ErrRequestTooLarge, // processInternalRaftRequestOnce in v3_server.go
	// All members refuse it instead of applying it (apply/apply.go). ErrNoSpace is
	// different, although it reads the same: the transaction that
	// crosses the quota is applied, and answered with that error (quotaApplierV3
	// in apply/quota.go). See commit.once.
	rpctypes.ErrCorrupt,
	// Not authorized: refused before it is proposed, or by all members instead of
	// applying it (apply/apply_auth.go).
	rpctypes.ErrUserEmpty,
	rpctypes.ErrUserNotFound,
	rpctypes.ErrAuthFailed,
	rpctypes.ErrPermissionDenied,
	// Refused by the interceptor, which comes first (api/v3rpc/interceptor.go).
	rpctypes.ErrNotCapable,
}

// delays are the answers after which a request has certainly not happened and never
// will, but a retry may succeed.
var delays = []error{
	// Before it is proposed: too many proposals are waiting.
	rpctypes.ErrTooManyRequests,
	// From the interceptor: the member has no leader, which every request of the store
	// requires (clientv3.WithRequireLeader), or is a learner.
	rpctypes.ErrNoLeader,
	rpctypes.ErrGRPCNotSupportedForLearner,
	// The token had expired before the request was proposed, or permissions were changed
	// meanwhile, which members detect instead of applying it. etcd's client then fetches
	// a new token.
	rpctypes.ErrInvalidAuthToken,
	rpctypes.ErrAuthOldRevision,
}

func isRefusal(err error) bool { return isOneOf(err, refusals) }

func isDelay(err error) bool { return isOneOf(err, delays) }

func isOneOf(err error, known []error) bool {
	err = rpctypes.Error(err)
	return slices.ContainsFunc(known, func(one error) bool { return errors.Is(err, rpctypes.Error(one)) })
}

// errOwnTimeout is the cause of a context that ends because of a timeout of the
// store, not of the caller.
var errOwnTimeout = errors.New("timeout of the store")

func withTimeout(ctx context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d, errOwnTimeout)
}

// callerErr returns ctx's error, or nil if ctx ended because of a timeout of the store.
func callerErr(ctx context.Context) error {
	if errors.Is(context.Cause(ctx), errOwnTimeout) {
		return nil
	}
	return ctx.Err()
}

// unavailable returns the error of a call that has not reached the cluster before the end
// of ctx. last is the error of the last attempt that ended before ctx, or nil. It is not
// wrapped, because it may wrap the error of that attempt's own context.
func unavailable(ctx context.Context, last error) error {
	ended := callerErr(ctx)
	switch {
	case last == nil && errors.Is(ended, context.Canceled):
		return ended // canceled before any attempt failed: the cluster may be available
	case ended != nil && last != nil:
		return fmt.Errorf("%w: %w: %s", store.ErrUnavailable, ended, last.Error())
	case ended != nil:
		return fmt.Errorf("%w: %w", store.ErrUnavailable, ended)
	case last != nil:
		return fmt.Errorf("%w: %s", store.ErrUnavailable, last.Error())
	}
	return fmt.Errorf("%w: no answer in time", store.ErrUnavailable)
}
