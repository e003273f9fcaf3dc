package wrapper

import (
	"context"
	"errors"
	"time"

	"github.com/sfcancel/sfcancel/internal/guard"
)

// trail is what a call has noted in the ledger.
type trail struct {
	announced bool  // that a force is about to be sent
	err       error // what could not be noted
}

// note puts the end of the call into the ledger, even if the context has ended: it
// is the evidence for what comes next.
func (k *call) note(ctx context.Context, action Action, reason string, result Result, err error) (Result, error) {
	if k.spent.sent == 0 {
		return result, err
	}
	entry := Entry{Action: action, Outcome: outcomeDone, Verdict: result.Verdict, RequestID: k.spent.latest().RequestID, Reason: reason}
	e, failed := asError(err)
	if failed {
		entry.Outcome, entry.Code = outcomes[e.kind], e.Code()
		if errors.Is(e.kind, ErrOutcomeUnknown) {
			entry.RequestID = e.RequestID()
		}
	}
	k.trail.err = errors.Join(k.trail.err, k.append(ctx, entry))
	if failed {
		e.ledgerErr = k.trail.err
	} else {
		result.LedgerErr = k.trail.err
	}
	return result, err
}

// outcomes are those of the errors of calls that change something.
var outcomes = map[error]EntryOutcome{
	ErrInvalidArgument: outcomeNotSent,
	ErrForceRefused:    outcomeNotSent,
	ErrNotSent:         outcomeNotSent,
	ErrServerRefused:   outcomeRefused,
	ErrOutcomeUnknown:  outcomeUnknown,
}

// announce notes that a force is about to be sent. One that cannot be noted is refused.
func (k *call) announce(ctx context.Context) error {
	if err := k.enter(ctx, Entry{Action: actionForce, Outcome: outcomeIntent, Reason: k.reason}); err != nil {
		return k.fail(ErrForceRefused, unwritable(err))
	}
	k.trail.announced = true
	return nil
}

// noteSeen notes that the operation was seen RollingBack, unless that is known by a clock
// that is not ahead of ours: who looks at an operation for an hour must not fill the ledger.
func (k *call) noteSeen(ctx context.Context) {
	if since := k.known.since(); !since.IsZero() && !since.After(time.Now()) {
		return
	}
	if ev, err := k.c.evidence(ctx, k); err == nil {
		k.known.rolling = sooner(ev.since()) // what others do meanwhile is no evidence of before
		if since := ev.since(); since.IsZero() || since.After(time.Now()) {
			_ = k.append(ctx, Entry{Action: actionSeen, RequestID: k.spent.latest().RequestID})
		}
	}
}

// noteEnd notes that the end of the operation was seen, if the ledger knows anything of this
// life of its id: it proves nothing of the next one.
func (k *call) noteEnd(ctx context.Context) {
	// If the end is of an earlier life, no more is lost than evidence.
	if err := k.learn(ctx); err != nil || k.known.unproved || !k.known.began.IsZero() {
		k.trail.err = errors.Join(k.trail.err, k.append(ctx, Entry{Action: actionSeen, Verdict: k.end(), RequestID: k.spent.latest().RequestID}))
	}
}

// append notes an entry even if the context has ended.
func (k *call) append(ctx context.Context, entry Entry) error {
	if _, ok := k.c.ledger.(*MemoryLedger); !ok {
		ctx = context.WithoutCancel(ctx)
	}
	return k.enter(ctx, entry)
}

func (k *call) enter(ctx context.Context, entry Entry) error {
	entry.Time, entry.OperationID, entry.Cluster, entry.Life = time.Now(), k.id, k.c.cluster, k.known.life
	entry.Kind, entry.Target, entry.State = orDefault(k.known.kind, k.starts), k.target, k.known.state
	if own, ok := k.c.ledger.(*MemoryLedger); ok { // which waits for nothing
		return own.Append(ctx, entry)
	}
	noted := entry
	return reach(ctx, ledgerTime, func(ctx context.Context) error { return k.c.ledger.Append(ctx, noted) })
}

// reach asks a ledger of the caller, which may hang. What ask writes is not to be read after an error.
func reach(ctx context.Context, limit time.Duration, ask func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var err error
	if !new(guard.Guard).Within(limited, cancel, func() { err = ask(limited) }) {
		return errStuck
	}
	return asForeign(ctx, err)
}

// errStuck is what a ledger is called that does not heed its context.
var errStuck = errors.New("the ledger does not answer")
