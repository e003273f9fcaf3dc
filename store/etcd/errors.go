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
// will, and would be refused again: the caller is told. All others leave open what
// became of a transaction. The reasons are in the sources of etcd 3.7, under
// server/etcdserver.
var refusals = []error{
	// Looked at before anything is proposed to the cluster: api/v3rpc/key.go.
	rpctypes.ErrEmptyKey,
	rpctypes.ErrTooManyOps,
	rpctypes.ErrDuplicateKey,
	rpctypes.ErrRequestTooLarge, // processInternalRaftRequestOnce in v3_server.go
	// All members refuse alike in place of applying anything (apply/apply.go). It is
	// not so with ErrNoSpace, although it reads as if it were: the transaction that
	// crosses the quota is applied, and answered with that error (quotaApplierV3
	// in apply/quota.go). See commit.once.
	rpctypes.ErrCorrupt,
	// Not let in: before it is proposed, or by all members alike in place of
	// applying it (apply/apply_auth.go).
	rpctypes.ErrUserEmpty,
	rpctypes.ErrUserNotFound,
	rpctypes.ErrAuthFailed,
	rpctypes.ErrPermissionDenied,
	// Refused by the interceptor in front of everything (api/v3rpc/interceptor.go).
	rpctypes.ErrNotCapable,
}

// delays are the answers after which a request has certainly not happened and never
// will, but that may be different the next time.
var delays = []error{
	// Before it is proposed: too many proposals are waiting.
	rpctypes.ErrTooManyRequests,
	// From the interceptor, to which every request of the store says that it wants a
	// member with a leader (clientv3.WithRequireLeader), or that is no learner.
	rpctypes.ErrNoLeader,
	rpctypes.ErrGRPCNotSupportedForLearner,
	// The token has expired, before it is proposed, or rights were changed
	// meanwhile, which is noticed in place of applying it. etcd's client fetches
	// another token on the way.
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

// callerErr is the error of the caller's context, if that is why ctx has ended.
func callerErr(ctx context.Context) error {
	if errors.Is(context.Cause(ctx), errOwnTimeout) {
		return nil
	}
	return ctx.Err()
}

// unavailable is the error of a call that has not reached the cluster before the end
// of ctx. last is why the last attempt that had its time failed, or nil. Its own
// errors stay out of the chain: they may be of the context of that attempt alone.
func unavailable(ctx context.Context, last error) error {
	ended := callerErr(ctx)
	switch {
	case last == nil && errors.Is(ended, context.Canceled):
		return ended // too early to tell
	case ended != nil && last != nil:
		return fmt.Errorf("%w: %w: %s", store.ErrUnavailable, ended, last.Error())
	case ended != nil:
		return fmt.Errorf("%w: %w", store.ErrUnavailable, ended)
	case last != nil:
		return fmt.Errorf("%w: %s", store.ErrUnavailable, last.Error())
	}
	return fmt.Errorf("%w: no answer in time", store.ErrUnavailable)
}
