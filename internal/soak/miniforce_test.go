package soak

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/wrapper"
)

// ForceCancel asks the policy, and then forces.
func (m *miniature) ForceCancel(ctx context.Context, id uuid.UUID, options wrapper.ForceOptions) (wrapper.Result, error) {
	if options.Timeout != 0 && m.version == generated.APIVersion30 {
		return wrapper.Result{}, &miniError{wrapper.ErrInvalidArgument, errTimed}
	}
	k := m.call(ctx, id, force)
	known, err := k.known()
	if err != nil && !m.wrong.noLedger {
		r, _, err := k.refuse()
		return r, err
	}
	policy := options.Policy
	if policy == nil {
		policy = m.policy
	}
	if r, over, err := k.allowed(policy, known); over {
		return r, err
	}
	if err := k.append("force", "intent", "", ""); err != nil && !m.wrong.noLedger {
		r, _, err := k.refuse()
		return r, err
	}
	r, err := k.force()
	return k.note("force", r, err), err
}

func (k *miniCall) refuse() (wrapper.Result, bool, error) {
	return wrapper.Result{}, true, &miniError{wrapper.ErrForceRefused, errNo}
}

// allowed returns when the force may go out, or ends the call.
func (k *miniCall) allowed(policy wrapper.ForcePolicy, known proofs) (r wrapper.Result, over bool, err error) {
	since := known.graceful
	if k.wrong.noEvidence {
		return r, false, nil
	}
	switch p := policy.(type) {
	case wrapper.RequireGraceful:
		if since.IsZero() {
			since = known.rolling
		}
		if since.IsZero() || time.Since(since) < p.MinGrace {
			return k.refuse()
		}
	case wrapper.GracefulFirst:
		if since.IsZero() {
			k.asked = graceful
			r, err := k.graceful()
			k.asked, k.refused = force, false
			if err != nil || r.Verdict != wrapper.Accepted {
				return r, true, err
			}
			since = time.Now()
		}
		left := time.Until(since.Add(p.Grace))
		if until, ok := k.ctx.Deadline(); ok && time.Until(until) <= left {
			return k.refuse()
		}
		select {
		case <-k.ctx.Done():
			return k.refuse()
		case <-time.After(left):
		case <-after(k.wrong.noGrace):
		}
	}
	return r, false, nil
}

// after is now, or never.
func after(now bool) <-chan time.Time {
	if now {
		return time.After(0)
	}
	return nil
}

func (k *miniCall) force() (wrapper.Result, error) {
	known, _ := k.known()
	forced := known.forced && !k.wrong.ownsForce
	k.stopping = k.stopping || known.stopping()
	next := force
	for {
		if k.moved {
			if r, settled, err := k.over(); settled {
				return r, err
			}
			if next = force; k.stopping {
				next = graceful
			}
		}
		a, err := k.cancel(next)
		lost := a.class == classAmbiguous
		switch {
		case err != nil:
			return k.fail(err)
		case a.class == classDone && next == force && forced:
			return k.result(wrapper.AlreadyForced, wrapper.Operation{}, false)
		case a.class == classDone && next == force:
			return k.result(wrapper.Accepted, wrapper.Operation{}, false)
		case k.wrong.ignoresProbe && next == graceful && !a.again():
			return k.result(wrapper.Accepted, wrapper.Operation{}, true)
		case a.class == classDone:
			_ = k.append("graceful", "done", wrapper.Accepted, wrapper.StateRollingBack)
			// It has not landed yet, and may do so any time.
			k.pending, next = k.pending && !k.wrong.forgetsLate, force
		case next == graceful && a.code(wrapper.Code(generated.ErrorCodeInvalidTestCommandState)):
			if (k.pending || k.copied && !k.wrong.modest) && !forced {
				return k.result(wrapper.Accepted, wrapper.Operation{}, true)
			}
			return k.result(wrapper.AlreadyForced, wrapper.Operation{}, true)
		case a.code(wrapper.Code(generated.ErrorCodeKeyNotFound)):
			if r, settled, err := k.over(); settled {
				return r, err
			}
		case next == force && lost && (k.wrong.blind || k.wrong.elsewhere):
		case next == force && k.pending && k.stopping && (lost || a.code(wrapper.Code(generated.ErrorCodeInvalidTestCommandState))):
			next = graceful
		case next == force && (lost || a.code(wrapper.Code(generated.ErrorCodeInvalidTestCommandState))):
			o, found, err := k.look()
			switch {
			case err != nil:
				return k.fail(err)
			case !found:
				return k.result(wrapper.NotFound, o, true)
			case o.State.Final():
				return k.result(wrapper.Finished, o, true)
			case o.State == wrapper.StateRollingBack:
				next = graceful
			case !lost:
				return k.fail(errNo)
			}
		case !a.again():
			return k.fail(errNo)
		}
	}
}
