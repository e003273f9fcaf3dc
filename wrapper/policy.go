package wrapper

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ForcePolicy decides whether a force may go out. The policies are
// [RequireGraceful], [GracefulFirst] and [ServerDecides]. Each refuses if the [Ledger]
// cannot be read; the call refuses if the ledger cannot be written.
type ForcePolicy interface {
	check() error
	// prepare returns when the force may be sent. It may end the call itself: with a
	// refusal, or because no force is needed any more (over).
	prepare(ctx context.Context, k *call, ledgerErr error) (result Result, over bool, err error)
}

// Refusal says what a force is missing. Every [ErrForceRefused] wraps one.
type Refusal struct {
	// Missing says in words what the policy requires and did not find.
	Missing string
	// NotBefore is when the same call will be allowed; zero if waiting alone does not
	// help.
	NotBefore time.Time
	// Policy is the policy of the call, also if the ledger is the reason; nil for a [Client.Stop].
	Policy ForcePolicy
	// Grace is the time that the policy requires after the graceful cancel, if that is what is missing; 0
	// otherwise. Ran is how much of it has passed; 0 if no graceful cancel is known.
	Grace, Ran time.Duration
	// Cause is the error of the ledger, or of a context that ended during the grace; usually nil.
	Cause error
}

// Error returns what is missing, and when the force will be allowed.
func (r *Refusal) Error() string {
	s := r.Missing
	if !r.NotBefore.IsZero() {
		s += ", allowed from " + r.NotBefore.UTC().Format(time.RFC3339)
	}
	if r.Cause != nil {
		s += fmt.Sprintf(": %v", r.Cause)
	}
	return s
}

// Unwrap returns the cause.
func (r *Refusal) Unwrap() error { return r.Cause }

var (
	errNoGracefulYet = errors.New("a force needs a graceful cancel first, and the operation is not RollingBack")
	errGrace         = errors.New("the grace must not be negative")
)

// RequireGraceful allows a force only with evidence of an earlier graceful cancel: one in the
// ledger, or a RollingBack that this client has seen. Without evidence it refuses locally, and no
// request is sent. It is the default.
//
// The documents accept RollingBack as evidence; the runtime does not if a failure caused
// it. [Client.ForceCancel] handles that by itself.
type RequireGraceful struct {
	// MinGrace is the least time since the graceful cancel. 0 means any time.
	MinGrace time.Duration
	// Look asks the cluster if the ledger has no evidence, for a process that starts with an
	// empty ledger. An operation that is over or unknown is then a verdict. One that is
	// RollingBack is evidence, and its grace begins when it is seen.
	Look bool
}

func (p RequireGraceful) check() error { return nonNegative(p.MinGrace) }

func (p RequireGraceful) prepare(ctx context.Context, k *call, ledgerErr error) (Result, bool, error) {
	if ledgerErr != nil {
		return refuse(k, unreadable(ledgerErr))
	}
	known := k.known
	since := known.graceful
	if since.IsZero() || since.After(time.Now()) {
		since = orDefault(known.rolling, since)
	}
	// What the ledger cannot prove, and a time that our clock has not reached, the cluster
	// tells; its RollingBack is then noted by our clock.
	ahead := p.MinGrace > 0 && since.After(time.Now())
	if since.IsZero() && (p.Look || known.unproved) || ahead {
		since = time.Time{}
		op, found, err := k.lookUp(ctx)
		switch {
		case err != nil:
			return Result{}, true, k.giveUp(purposeForce, err)
		case !found:
			return k.result(NotFound, false), true, nil
		case op.State.Final():
			return k.result(Finished, false), true, nil
		case op.State == StateRollingBack:
			since = time.Now()
		}
	}
	if since.IsZero() { // a force alone is no evidence of when the graceful cancel came
		return refuse(k, &Refusal{Missing: "no graceful cancel of this operation is known: cancel it gracefully first"})
	}
	if allowed := sooner(since).Add(p.MinGrace); time.Now().Before(allowed) {
		return refuse(k, early(fmt.Sprintf("the graceful cancel has not had its %v yet", p.MinGrace), p.MinGrace, allowed))
	}
	return Result{}, false, nil
}

// GracefulFirst makes ForceCancel do the whole sequence: a graceful cancel, unless the ledger
// has one, then the grace, then the force. If the context ends before the grace does, the call
// is refused before any request is sent. If the operation is over or forced already, or ends
// during the grace, no force is sent. If the ledger cannot be read, the graceful cancel goes out, and
// the force is refused without waiting. [Client.Stop] also waits for the end.
type GracefulFirst struct {
	// Grace is the time between the graceful cancel and the force. 0 means none.
	Grace time.Duration
}

func (p GracefulFirst) check() error { return nonNegative(p.Grace) }

func (p GracefulFirst) prepare(ctx context.Context, k *call, ledgerErr error) (Result, bool, error) {
	allowed := time.Now().Add(p.Grace)
	known := k.known.graceful
	if !known.IsZero() {
		allowed = sooner(known).Add(p.Grace)
	}
	if deadline, ok := ctx.Deadline(); ok && !deadline.After(allowed) {
		r := early(fmt.Sprintf("the context ends before the %v of grace are over", p.Grace), p.Grace, allowed)
		if known.IsZero() {
			r.NotBefore = time.Time{} // no grace is running that waiting would use up
		}
		return refuse(k, r)
	}
	if known.IsZero() {
		result, err := k.pursue(ctx, purposeGraceful, nil)
		result, err = k.note(ctx, actionGraceful, "before a force", result, err)
		if err != nil || result.Verdict != Accepted {
			return result, true, err
		}
		if ledgerErr != nil {
			return refuse(k, unreadable(ledgerErr))
		}
		allowed = time.Now().Add(p.Grace)
	}
	over, err := k.grace(ctx, allowed, 0)
	if err != nil {
		r := early(fmt.Sprintf("the %v of grace are not over", p.Grace), p.Grace, allowed)
		r.Cause = err
		return refuse(k, r)
	}
	return k.ended(false), over, nil
}

// ServerDecides sends every force and leaves the decision to the server. It requires no evidence,
// but a ledger that can be read and written. The documents allow a force on an operation that is
// RollingBack because of a failure; the runtime does not. If the server refuses for that reason, a
// graceful cancel is sent first, as with [RequireGraceful].
type ServerDecides struct{}

func (ServerDecides) check() error { return nil }

func (ServerDecides) prepare(_ context.Context, k *call, ledgerErr error) (Result, bool, error) {
	if ledgerErr != nil {
		return refuse(k, unreadable(ledgerErr))
	}
	return Result{}, false, nil
}

func refuse(k *call, r *Refusal) (Result, bool, error) {
	return Result{}, true, k.fail(ErrForceRefused, r)
}

// refusedBy names the policy in the refusal of a force.
func refusedBy(policy ForcePolicy, err error) error {
	if r := (*Refusal)(nil); errors.As(err, &r) {
		r.Policy = policy
	}
	return err
}

// early returns the refusal of a force before its grace is over.
func early(missing string, grace time.Duration, allowed time.Time) *Refusal {
	return &Refusal{Missing: missing, NotBefore: allowed, Grace: grace, Ran: max(grace-time.Until(allowed), 0)}
}

// unreadable and unwritable are why a ledger that cannot be reached stops a force.
func unreadable(err error) *Refusal {
	return &Refusal{Missing: "the ledger, which would hold the evidence of a graceful cancel, cannot be read", Cause: err}
}

func unwritable(err error) *Refusal {
	return &Refusal{Missing: "the ledger, which has to know of a force before it is sent, cannot be written", Cause: err}
}

func nonNegative(d time.Duration) error {
	if d < 0 {
		return errGrace
	}
	return nil
}
