package wrapper

import (
	"context"
	"errors"
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
	c        *Client
	name     string
	asks     Purpose // what the caller asked for, or a policy before that
	id       uuid.UUID
	force    bool
	asksKind Kind // of a start
	version  APIVersion
	timeout  time.Duration

	attempts []Attempt
	round    int    // where in attempts the requests begin that MaxAttempts counts
	sent     int    // requests in all
	at       string // the endpoint of the next request once it may be sent, else ""
	renewed  bool   // the credentials were renewed after a refusal
	state    State  // last seen in this call
	kind     Kind   // "" until it was learnt

	reason string // the caller's words for the ledger
	// announced says that the ledger knows that a force is about to be sent.
	announced bool
	// ledgerErr is what of the call the ledger could not note.
	ledgerErr error
	// notBefore is when the server wants to be asked again at the earliest, by a Retry-After.
	notBefore time.Time
	// wroteAt is the endpoint of the last write whose outcome was ambiguous.
	wroteAt string

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
	// errNoBody and errNoList are what is wrong with a success.
	errNoBody = errors.New("a body where none belongs")
	errNoList = errors.New("not a list of operations")
	// errReadRefused ends a read that was refused: asking again would not help.
	errReadRefused = errors.New("the state could not be read")
)

// send makes one attempt and notes it. One that was refused for its credentials is
// made again at once with others, if there are others: a refusal has done nothing.
func (k *call) send(ctx context.Context, purpose Purpose, wanted success, build request) Attempt {
	a, used := k.try(ctx, purpose, wanted, build, "")
	if k.renewed || !k.renew(a) || len(k.attempts)-k.round >= k.c.retry.maxAttempts() {
		return a
	}
	k.renewed = true
	a, _ = k.try(ctx, purpose, wanted, build, used)
	return a
}

// try sends once, with another token than the one that was refused.
func (k *call) try(ctx context.Context, purpose Purpose, wanted success, build request, refused string) (a Attempt, token string) {
	if k.at == "" {
		k.at = k.c.endpoints.pick()
	}
	k.sent++
	info := Request{Call: k.public(), Purpose: purpose, Number: k.sent, Endpoint: k.at}
	k.at = ""
	cred := credential{refused: refused}
	a = k.attempt(ctx, info, &cred, wanted, build)
	k.attempts = append(k.attempts, a)
	k.notBefore = time.Now().Add(a.RetryAfter)
	tell(k.c, func(o AttemptObserver) { o.ObserveAttempt(ctx, info, a) })
	if left := k.c.endpoints.report(a.Endpoint, !blames(a)); left {
		if to := k.c.endpoints.pick(); to != a.Endpoint {
			tell(k.c, func(o EndpointObserver) { o.ObserveFailover(ctx, a.Endpoint, to) })
		}
	}
	return a, cred.used
}

// public is the call as seams see it.
func (k *call) public() Call {
	return Call{Name: k.name, OperationID: k.id, Kind: k.asksKind, Force: k.force}
}

// cancel sends one Cancel. The success of this call is an empty 200; a body means
// that something else than the API answered.
func (k *call) cancel(ctx context.Context, purpose Purpose) Attempt {
	a := k.send(ctx, purpose, success{http.StatusOK, empty}, func(base string, timeout *int64) (*http.Request, error) {
		return generated.NewCancelOperationRequest(base, &generated.CancelOperationParams{
			APIVersion:  generated.APIVersion(k.version),
			OperationID: k.id,
			Force:       purpose == PurposeForce,
			Timeout:     timeout,
		})
	})
	switch {
	case a.Class == Done:
		k.state, k.stopping, k.unsure = StateRollingBack, true, false
	case a.Class == Ambiguous && purpose == PurposeForce:
		k.pending, k.wroteAt = true, a.Endpoint
	case a.Class == Ambiguous:
		k.unsure, k.wroteAt = true, a.Endpoint
	}
	return a
}

// empty accepts the body of a success that has none.
func empty(body []byte, _ func(string) string) error {
	if strings.TrimSpace(string(body)) != "" {
		return errNoBody
	}
	return nil
}

// ready says whether the next request may be sent, and waits until then. There is
// nothing to wait for after an attempt that brought something.
func (k *call) ready(ctx context.Context) error {
	if err := ended(ctx); err != nil || k.at != "" {
		return err
	}
	if len(k.attempts)-k.round >= k.c.retry.maxAttempts() {
		return errAttemptsSpent
	}
	k.at = k.c.endpoints.pick()
	err := k.pause(ctx)
	if err != nil {
		k.at = ""
	}
	return err
}

// pause waits as long as the attempt before wants it, and the server.
func (k *call) pause(ctx context.Context) error {
	if len(k.attempts) == k.round || !retryable(k.attempts[len(k.attempts)-1]) {
		return sleep(ctx, max(time.Until(k.notBefore), 0))
	}
	last := k.attempts[len(k.attempts)-1]
	pause := k.c.retry.pause(k.failures(), last)
	if k.at != last.Endpoint && last.RetryAfter == 0 && k.c.endpoints.fresh(k.at) {
		pause = 0 // nobody has failed there
	}
	pause = max(pause, k.c.retry.token(&k.c.budget))
	if fits(ctx, pause) {
		tell(k.c, func(o PauseObserver) { o.ObservePause(ctx, k.public(), last, pause) })
	} else {
		k.c.budget.giveBack()
	}
	return sleep(ctx, pause)
}

// moved reports whether the next request would go to another endpoint than a write that
// may or may not have been carried out. Before anything is written there, the list is
// read there.
func (k *call) moved() bool {
	return (k.pending || k.unsure) && k.wroteAt != "" && k.at != "" && k.at != k.wroteAt
}

// failures counts the attempts at the end of the round that all have to be made again.
func (k *call) failures() int {
	n := 0
	for _, a := range slices.Backward(k.attempts[k.round:]) {
		if !retryable(a) {
			break
		}
		n++
	}
	return n
}

// do makes the call, if its end is a result.
func (k *call) do(ctx context.Context, f func(context.Context) (Result, error)) (Result, error) {
	outcome, err := k.c.run(ctx, k, func(ctx context.Context) (Outcome, error) {
		result, err := f(ctx)
		return Outcome{Result: result}, err
	})
	return outcome.Result, err
}

// fail ends the call without a verdict.
func (k *call) fail(kind, cause error) error {
	return &Error{
		call: k.name, id: k.id, force: k.force,
		kind: kind, cause: cause, state: k.state,
		attempts: slices.Clip(k.attempts), sent: k.sent, ledgerErr: k.ledgerErr,
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
		Attempts: slices.Clip(k.attempts), LedgerErr: k.ledgerErr,
	}
}

// refusedWith reports whether the server said no with this code.
func (a Attempt) refusedWith(code Code) bool {
	return a.Class == Refused && a.Code == code
}
