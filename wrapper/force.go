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
// nobody is known to have cancelled is looked up first, and not probed while Running.
//
// The error is an [*Error]: besides those of [Client.Cancel] it may be
// [ErrForceRefused], from the policy or because the ledger cannot be read or written, and
// then no force was sent.
func (c *Client) ForceCancel(ctx context.Context, id uuid.UUID, options ForceOptions) (Result, error) {
	k, err := c.newCall("force cancel", PurposeForce, id, options.APIVersion, options.Timeout)
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
	return k.do(ctx, func(ctx context.Context) (Result, error) {
		known, ledgerErr := c.evidence(ctx, id)
		result, over, err := policy.prepare(ctx, k, known, ledgerErr)
		if over || err != nil {
			return result, err
		}
		result, err = k.forced(ctx, known)
		if !k.announced {
			return result, err // there was no force to tell of
		}
		return k.note(ctx, ActionForce, options.Reason, result, err)
	})
}

// forced sends Force=true, and finds out instead of sending it again whenever it may
// have arrived.
func (k *call) forced(ctx context.Context, known evidence) (Result, error) {
	k.stopping = k.stopping || known.stopping()
	purpose := PurposeForce
	for {
		if err := k.ready(ctx); err != nil {
			return Result{}, k.giveUp(err)
		}
		if k.moved() {
			next, result, settled, err := k.inEffect(ctx, true)
			if settled || err != nil {
				return result, err
			}
			purpose = next
			continue
		}
		if purpose == PurposeForce && !k.announced {
			if err := k.announce(ctx); err != nil {
				return Result{}, err
			}
			continue // the context may have ended meanwhile
		}
		a := k.cancel(ctx, purpose)
		switch {
		case a.Class == Done && purpose == PurposeForce:
			if known.forced { // the documents let a force be repeated
				return k.result(AlreadyForced, false), nil
			}
			return k.result(Accepted, false), nil

		case a.Class == Done:
			// The probe was accepted: no force is in effect, and one is legal now.
			_ = k.append(ctx, Entry{Action: ActionGraceful, Verdict: Accepted, State: k.state, Reason: "probe"})
			purpose = PurposeForce

		case a.refusedWith(CodeInvalidTestCommandState) && purpose == PurposeProbe:
			k.state = StateRollingBack
			if k.pending && !known.forced {
				return k.result(Accepted, true), nil
			}
			return k.result(AlreadyForced, true), nil

		case a.refusedWith(CodeKeyNotFound):
			if result, settled, err := k.over(ctx); settled || err != nil {
				return result, err
			}

		case purpose == PurposeForce && (a.Class == Ambiguous || a.refusedWith(CodeInvalidTestCommandState)):
			next, result, settled, err := k.inEffect(ctx, a.Class == Ambiguous)
			if settled || err != nil {
				return result, err
			}
			purpose = next

		case !retryable(a):
			return Result{}, k.giveUp(nil)
		}
	}
}

// inEffect decides what follows a force that may be in effect: one that was lost, or
// one that was refused, perhaps because an earlier one is. An operation that is
// RollingBack is probed: it may be forced, cancelled, or failing by itself, which looks
// the same from outside (runtime §5.2). Unless that is known, the list is
// asked first, because a probe would be the very graceful cancel without which the
// server has to refuse: a force cannot be in effect while the operation is Running.
func (k *call) inEffect(ctx context.Context, lost bool) (next Purpose, result Result, settled bool, err error) {
	if k.pending && k.stopping && !k.moved() {
		return PurposeProbe, Result{}, false, nil
	}
	op, found, err := k.lookUp(ctx)
	k.wroteAt = ""
	switch {
	case err != nil:
		return "", Result{}, false, k.giveUp(k.unread(err))
	case !found:
		k.state = ""
		return "", k.result(NotFound, true), true, nil
	case op.State.Final():
		return "", k.result(Finished, true), true, nil
	case op.State == StateRollingBack:
		return PurposeProbe, Result{}, false, nil
	case !lost:
		return "", Result{}, false, k.giveUp(errNoGracefulYet)
	}
	return PurposeForce, Result{}, false, nil
}
