package wrapper

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ForcePolicy decides whether a force may go out. The policies are
// [RequireGraceful], [GracefulFirst] and [ServerDecides]. Each of them refuses if the
// [Ledger] cannot be read, and so does the call if the ledger cannot be written.
type ForcePolicy interface {
	check() error
	// prepare returns when the force may be sent. It may end the call itself: with a
	// refusal, or because no force is needed any more (over).
	prepare(ctx context.Context, k *call, ledgerErr error) (result Result, over bool, err error)
}

// Refusal is behind every [ErrForceRefused]: what a force is still missing.
type Refusal struct {
	// Missing says in a sentence what the policy wanted and did not find.
	Missing string
	// NotBefore is when the same call will be allowed if nothing else changes; zero if
	// waiting alone will not help.
	NotBefore time.Time
	// Policy is the one that refused, also where the ledger is why; nil of a [Client.Stop].
	Policy ForcePolicy
	// Grace is what the policy wants a graceful cancel to have had, if that is what is missing; 0
	// otherwise. Ran is how much of it is over, 0 if none has begun.
	Grace, Ran time.Duration
	// Cause is the error of a ledger that could not be read or written, or of a context
	// that ended in the grace; usually nil.
	Cause error
}

// Error returns what is missing, and from when on the force will be allowed.
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

// RequireGraceful lets a force out only on evidence that a graceful cancel came
// first: one that the ledger knows of, or a RollingBack that this client has seen.
// Without evidence the refusal is local, and nothing is sent. It is the default.
//
// The documents accept RollingBack as evidence; the runtime does not if a failure
// brought it about. [Client.ForceCancel] gets past that by itself.
type RequireGraceful struct {
	// MinGrace is how long the graceful cancel must have had. 0 means any time.
	MinGrace time.Duration
	// Look asks the cluster if the ledger knows nothing: for a process that starts with
	// an empty ledger. An operation that is over or unknown is then a verdict, and one
	// that is RollingBack is evidence from that moment on.
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

// GracefulFirst makes ForceCancel do the whole sequence: a graceful cancel, unless
// one is known, then the grace, then the force. A call whose context cannot last
// that long is refused before anything is sent. If the operation turns out to be
// over or forced already, or ends within the grace, no force is sent. If the ledger cannot
// be read, the graceful cancel goes out, and the force is refused without waiting.
// [Client.Stop] also waits for the end.
type GracefulFirst struct {
	// Grace is how long the graceful cancel gets. 0 means no time at all.
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

// ServerDecides sends every force and leaves the judgement to the server; no evidence is
// asked for, only a ledger that can be read and written. An operation
// that a failure made RollingBack may be forced by the documents, but not by the
// runtime: if that refuses, a graceful cancel goes first, as with [RequireGraceful].
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

// early is the refusal of a force before its time.
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
