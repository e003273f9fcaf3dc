package wrapper

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// ForceOptions are the options of one force cancel. The zero value is right.
type ForceOptions struct {
	// APIVersion, Timeout and Reason are as in [CancelOptions].
	APIVersion APIVersion
	Timeout    time.Duration
	Reason     string
	// Policy decides whether the force may go out; nil means the client's.
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
// the operation is not active any more, the list says how it ended.
//
// The error is an [*Error]: besides those of [Client.Cancel] it may be
// [ErrForceRefused], from the policy, and then no force was sent.
func (c *Client) ForceCancel(ctx context.Context, id uuid.UUID, options ForceOptions) (Result, error) {
	k, err := c.newCall("force cancel", PurposeForce, id, options.APIVersion, options.Timeout)
	if err != nil {
		return Result{}, err
	}
	k.force = true
	policy := options.Policy
	if policy == nil {
		policy = c.policy
	}
	if err := policy.check(); err != nil {
		return Result{}, k.fail(ErrInvalidArgument, err)
	}
	known, ledgerErr := c.evidence(ctx, id)
	result, over, err := policy.prepare(ctx, k, known, ledgerErr)
	if over || err != nil {
		return result, err
	}
	result, err = k.forced(ctx, known)
	return k.note(ctx, ActionForce, options.Reason, result, err)
}

// forced sends Force=true, and probes instead of sending it again whenever it may
// have arrived.
func (k *call) forced(ctx context.Context, known evidence) (Result, error) {
	purpose := PurposeForce
	for {
		a := k.cancel(ctx, purpose)
		switch {
		case a.Class == Done && purpose == PurposeForce:
			k.state = StateRollingBack
			if known.forced { // the documents let a force be repeated
				return k.result(AlreadyForced, false), nil
			}
			return k.result(Accepted, false), nil

		case a.Class == Done:
			// The probe was accepted: no force is in effect, and one is legal now.
			k.state = StateRollingBack
			_ = k.append(ctx, Entry{Action: ActionGraceful, Verdict: Accepted, State: k.state, Reason: "probe"})
			purpose = PurposeForce

		case a.refusedWith(CodeInvalidTestCommandState) && purpose == PurposeProbe:
			k.state = StateRollingBack
			if k.pending {
				return k.result(Accepted, true), nil
			}
			return k.result(AlreadyForced, true), nil

		case a.refusedWith(CodeInvalidTestCommandState):
			if result, settled, err := k.forceRefused(ctx); settled || err != nil {
				return result, err
			}
			purpose = PurposeProbe

		case a.refusedWith(CodeKeyNotFound):
			if result, settled, err := k.notActive(ctx); settled || err != nil {
				return result, err
			}

		case !retryable(a):
			return Result{}, k.giveUp(nil)

		case a.Class == Ambiguous:
			purpose = PurposeProbe
		}
		if err := k.again(ctx); err != nil {
			return Result{}, k.giveUp(err)
		}
	}
}

// forceRefused finds out why a force was refused. If an earlier one may have
// arrived, or if the operation is RollingBack, it may be because a force is in
// effect already, and only a probe can tell: a rollback after a failure looks the
// same from outside (runtime-behaviour §5.2).
func (k *call) forceRefused(ctx context.Context) (result Result, settled bool, err error) {
	if k.pending {
		return Result{}, false, nil
	}
	op, found, err := k.lookUp(ctx)
	switch {
	case err != nil:
		return Result{}, false, k.fail(ErrOutcomeUnknown, err)
	case !found:
		k.state = ""
		return k.result(NotFound, true), true, nil
	case op.State.Final():
		return k.result(Finished, true), true, nil
	case op.State == StateRollingBack:
		return Result{}, false, nil
	}
	return Result{}, false, k.fail(ErrServerRefused, errNoGracefulYet)
}
