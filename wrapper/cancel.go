package wrapper

import (
	"context"
	"errors"
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
// A refusal with [CodeKeyNotFound] means that the operation is not active and that the
// list, which knows whether it is over or never was, could not be read.
func (c *Client) Cancel(ctx context.Context, id uuid.UUID, options CancelOptions) (Result, error) {
	k, err := c.newCall("cancel", PurposeGraceful, id, options.APIVersion, options.Timeout)
	if err != nil {
		return Result{}, err
	}
	return k.do(ctx, func(ctx context.Context) (Result, error) {
		// A ledger that cannot be read costs the difference between "accepted" and
		// "already stopping", never the cancel.
		known, _ := c.evidence(ctx, id)
		result, err := k.graceful(ctx, known)
		return k.note(ctx, ActionGraceful, options.Reason, result, err)
	})
}

// newCall checks what every call has in common.
func (c *Client) newCall(name string, asks Purpose, id uuid.UUID, version APIVersion, timeout time.Duration) (*call, error) {
	k := &call{c: c, name: name, asks: asks, id: id, version: orDefault(version, c.version), timeout: timeout}
	if id == (uuid.UUID{}) {
		return nil, k.fail(ErrInvalidArgument, errNoID)
	}
	if err := k.version.check(); err != nil {
		return nil, k.fail(ErrInvalidArgument, err)
	}
	if err := checkTimeout(timeout, k.version); err != nil {
		return nil, k.fail(ErrInvalidArgument, err)
	}
	return k, nil
}

var errNoID = errors.New("the operation id is all zeros, which is none")

// graceful sends Force=false until the answer is definite.
func (k *call) graceful(ctx context.Context, known evidence) (Result, error) {
	for {
		if err := k.ready(ctx); err != nil {
			return Result{}, k.giveUp(err)
		}
		if k.moved() {
			if result, settled, err := k.over(ctx); settled || err != nil {
				return result, err
			}
			continue
		}
		a := k.cancel(ctx, PurposeGraceful)
		switch {
		case a.Class == Done:
			if known.graceful.IsZero() {
				return k.result(Accepted, false), nil
			}
			return k.result(AlreadyStopping, false), nil
		case a.refusedWith(CodeInvalidTestCommandState):
			// The only state that refuses a graceful cancel is "being forced" (§5.2).
			k.state = StateRollingBack
			return k.result(AlreadyForced, false), nil
		case a.refusedWith(CodeKeyNotFound):
			if result, settled, err := k.over(ctx); settled || err != nil {
				return result, err
			}
		case !retryable(a):
			return Result{}, k.giveUp(nil)
		}
	}
}

// over reads whether there is anything left to cancel. It finds out what a 404 means,
// because Cancel answers alike for an operation that is over and for one that never was
// (runtime §5.2), and settles nothing if the operation is active after all.
func (k *call) over(ctx context.Context) (result Result, settled bool, err error) {
	op, found, err := k.lookUp(ctx)
	k.wroteAt = ""
	switch {
	case err != nil:
		return Result{}, false, k.giveUp(k.unread(err))
	case !found:
		k.state = ""
		return k.result(NotFound, true), true, nil
	case op.State.Final():
		return k.result(Finished, true), true, nil
	}
	return Result{}, false, nil
}

// ledgerTime bounds how long the ledger may hold up a call, or an answer that is
// already there.
const ledgerTime = 5 * time.Second

// evidence reads the ledger. There is none beside an error.
func (c *Client) evidence(ctx context.Context, id uuid.UUID) (evidence, error) {
	limit := ledgerTime
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)/2) // or a ledger that hangs would cost the cancel
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	entries, err := c.ledger.Entries(ctx, id)
	if err != nil {
		return evidence{}, err
	}
	return weigh(entries), nil
}

// note puts the end of the call into the ledger, even if the context has ended: it
// is the evidence for what comes next.
func (k *call) note(ctx context.Context, action Action, reason string, result Result, err error) (Result, error) {
	if len(k.attempts) == 0 {
		return result, err
	}
	noteErr := k.append(ctx, Entry{Action: action, Verdict: result.Verdict, State: k.state, Reason: reason})
	k.ledgerErr = errors.Join(k.ledgerErr, noteErr)
	var e *Error
	if errors.As(err, &e) {
		e.ledgerErr = k.ledgerErr
	} else {
		result.LedgerErr = k.ledgerErr
	}
	return result, err
}

// announce notes that a force is about to be sent. One that cannot be noted is refused.
func (k *call) announce(ctx context.Context) error {
	if err := k.write(ctx, Entry{Action: ActionForce, State: k.state, Reason: k.reason}); err != nil {
		return k.fail(ErrForceRefused, unwritable(err))
	}
	k.announced = true
	return nil
}

func (k *call) append(ctx context.Context, entry Entry) error {
	return k.write(context.WithoutCancel(ctx), entry)
}

func (k *call) write(ctx context.Context, entry Entry) error {
	ctx, cancel := context.WithTimeout(ctx, ledgerTime)
	defer cancel()
	entry.Time, entry.OperationID = time.Now(), k.id
	return k.c.ledger.Append(ctx, entry)
}
