package wrapper

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
)

// call is one call of a caller: everything it sends, and what it has learnt so far.
// It lives as long as the call and belongs to one goroutine.
type call struct {
	c       *Client
	name    string
	asks    Purpose // what the caller asked for, or a policy before that
	id      uuid.UUID
	force   bool
	version APIVersion
	timeout time.Duration

	attempts []Attempt
	state    State // last seen in this call
	kind     Kind  // "" until it was learnt

	// pending says that a request that must not be repeated blindly, a force or a
	// start, may have been carried out, or may still be: what was lost on the way can
	// arrive late. Only a verdict ends that.
	pending bool
	// unsure says the same of a graceful cancel, until one is answered.
	unsure bool
	// stopping says that the operation is known to be on its way out, so that a graceful
	// cancel changes nothing but perhaps how its end is called.
	stopping bool
}

var (
	// errAttemptsSpent ends a call that has sent as many requests as Retry allows.
	errAttemptsSpent = errors.New("as many requests as the retry settings allow were sent")
	// errReadRefused ends a read that was refused: asking again would not help.
	errReadRefused = errors.New("the state could not be read")
)

// send makes one attempt and notes it.
func (k *call) send(ctx context.Context, purpose Purpose, wanted int, do request) (Attempt, []byte) {
	a, body := k.c.attempt(ctx, purpose, serverTimeout(ctx, k.timeout, k.version), wanted, do)
	k.attempts = append(k.attempts, a)
	return a, body
}

// cancel sends one Cancel. The success of this call is an empty 200; a body means
// that something else than the API answered.
func (k *call) cancel(ctx context.Context, purpose Purpose) Attempt {
	a, body := k.send(ctx, purpose, http.StatusOK, func(timeout *int64) (*http.Request, error) {
		return generated.NewCancelOperationRequest(k.c.base, &generated.CancelOperationParams{
			APIVersion:  generated.APIVersion(k.version),
			OperationID: k.id,
			Force:       purpose == PurposeForce,
			Timeout:     timeout,
		})
	})
	a = k.mustBeEmpty(a, body)
	switch {
	case a.Class == Done:
		k.state, k.stopping, k.unsure = StateRollingBack, true, false
	case a.Class == Ambiguous && purpose == PurposeForce:
		k.pending = true
	case a.Class == Ambiguous:
		k.unsure = true
	}
	return a
}

// mustBeEmpty demotes a success that carries a body.
func (k *call) mustBeEmpty(a Attempt, body []byte) Attempt {
	if a.Class != Done || strings.TrimSpace(string(body)) == "" {
		return a
	}
	a.Err = fmt.Errorf("%w: a body where none belongs: %.80q", ErrBadAnswer, body)
	a.Body = kept(body)
	return k.demote(a)
}

// demote turns the attempt just noted into an ambiguous one.
func (k *call) demote(a Attempt) Attempt {
	a.Class = Ambiguous
	k.attempts[len(k.attempts)-1] = a
	return a
}

// ready says whether the next request may be sent, and waits until then. There is
// nothing to wait for after an attempt that brought something.
func (k *call) ready(ctx context.Context) error {
	if err := ended(ctx); err != nil || len(k.attempts) == 0 {
		return err
	}
	if len(k.attempts) >= k.c.retry.maxAttempts() {
		return errAttemptsSpent
	}
	last := k.attempts[len(k.attempts)-1]
	if !retryable(last) {
		return nil
	}
	return sleep(ctx, k.c.retry.pause(k.failures(), last))
}

// failures counts the attempts at the end of the call that all have to be made again.
func (k *call) failures() int {
	n := 0
	for _, a := range slices.Backward(k.attempts) {
		if !retryable(a) {
			break
		}
		n++
	}
	return n
}

// retryable: everything but a definite no, and the no that only means "not now".
func retryable(a Attempt) bool {
	return a.Class == NotSent && !a.hopeless || a.Class == Ambiguous || a.Status == http.StatusTooManyRequests
}

// fail ends the call without a verdict.
func (k *call) fail(kind, cause error) error {
	return &Error{
		call: k.name, id: k.id, force: k.force,
		kind: kind, cause: cause, state: k.state,
		attempts: slices.Clip(k.attempts),
	}
}

// giveUp ends the call without a verdict, with what its requests leave us knowing. It
// claims that nothing happened only if nothing can have. Probes and reads tell about
// the operation; what became of the call is told by the requests that asked for what
// the caller asked for, the last of them that reached a server if any did.
func (k *call) giveUp(cause error) error {
	last := Attempt{Class: NotSent}
	for _, a := range slices.Backward(k.attempts) {
		if a.Purpose != k.asks {
			continue
		}
		if last = a; a.Class != NotSent {
			break
		}
	}
	switch {
	case k.pending || k.unsure:
		return k.fail(ErrOutcomeUnknown, cause)
	case errors.Is(last.Err, ErrInvalidArgument):
		return k.fail(ErrInvalidArgument, cause)
	case last.Class == Refused:
		return k.fail(ErrServerRefused, cause)
	case last.Class == Ambiguous, last.Class == Done:
		return k.fail(ErrUnavailable, cause) // a read, and perhaps an answer that did not tell enough
	default:
		return k.fail(ErrNotSent, cause)
	}
}

// result ends the call with a verdict about the state last seen.
func (k *call) result(v Verdict, resolved bool) Result {
	return Result{
		OperationID: k.id, Force: k.force,
		Verdict: v, State: k.state, Kind: k.kind,
		Resolved: resolved,
		Attempts: slices.Clip(k.attempts),
	}
}

// refusedWith reports whether the server said no with this code.
func (a Attempt) refusedWith(code Code) bool {
	return a.Class == Refused && a.Code == code
}
