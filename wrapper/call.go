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
	"github.com/sfcancel/sfcancel/internal/gateways"
)

// call is one call of a caller. It lives as long as the call and belongs to one goroutine.
// The subject of the call is fixed. The fields after the blank line change.
type call struct {
	c       *Client
	name    string
	id      uuid.UUID
	starts  Kind   // of a start
	target  string // of a start, for the ledger
	version generated.APIVersion
	timeout time.Duration
	reason  string   // the caller's words for the ledger
	per     *perCall // nil for nothing
	at      *address // where the caller says that its progress is; nil if he does not

	force     bool // it forces, or a Stop has begun to
	announced bool // the ledger was told that a force is about to be sent
	known     belief
	spent     session
	unnoted   error  // what could not be noted in the ledger
	shown     *shown // nil before the first, and without observers
}

// newCall checks what every call about an operation has in common.
func (c *Client) newCall(name string, id uuid.UUID, version generated.APIVersion, timeout time.Duration) (*call, error) {
	k := &call{c: c, name: name, id: id, version: orDefault(version, c.version), timeout: timeout}
	if id == (uuid.UUID{}) {
		return nil, k.fail(ErrInvalidArgument, errNoID)
	}
	if err := errors.Join(checkVersion(k.version), checkTimeout(timeout, k.version)); err != nil {
		return nil, k.fail(ErrInvalidArgument, err)
	}
	return k, nil
}

var errNoID = errors.New("the operation id is all zeros, which is none")

// public is the call as seams see it.
func (k *call) public() Call {
	return Call{Name: k.name, OperationID: k.id, Kind: k.starts, Force: k.force}
}

// tell tells observers of an attempt.
func (k *call) tell(ctx context.Context, name string, of Attempt, pause time.Duration, to string) {
	if k.c.observers != nil {
		k.c.tell(ctx, Event{Name: name, Call: k.public(), Attempt: of, Pause: pause, To: to})
	}
}

// shown is what observers know of the operation while the call waits.
type shown struct {
	state   State
	forceAt time.Time
}

// show tells observers how the operation looks, if that is new to them.
func (k *call) show(ctx context.Context, now shown) {
	if k.c.observers != nil && (k.shown == nil || *k.shown != now) {
		k.shown = &now
		k.c.tell(ctx, Event{Name: "state", Call: k.public(), State: now.state, ForceAt: now.forceAt})
	}
}

// do makes the call, if its end is a result.
func (k *call) do(ctx context.Context, f func(context.Context, *call) (Result, error)) (Result, error) {
	outcome, err := k.c.run(ctx, k, func(ctx context.Context) (Outcome, error) {
		result, err := f(ctx, k)
		if err == nil {
			k.explain(ctx, &result)
		}
		return Outcome{Result: result}, err
	})
	return outcome.Result, err
}

// outcome completes what a call returned.
func (k *call) outcome(o Outcome, err error) (Outcome, error) {
	o.Attempts, o.Requests = slices.Clip(k.spent.attempts), k.spent.sent
	return o, err
}

// fail ends the call without a verdict.
func (k *call) fail(kind, cause error) error {
	return &Error{
		call: k.name, id: k.id, force: k.force,
		kind: kind, cause: cause, state: k.known.state,
		attempts: slices.Clip(k.spent.attempts), sent: k.spent.sent, ledgerErr: k.unnoted,
	}
}

// giveUp ends the call without a verdict, with what its requests leave us knowing. It
// claims that nothing happened only if nothing can have. Probes and reads tell about
// the operation; what became of the call is told by the requests that asked for what
// was wanted, the last of them that reached a server if any did.
func (k *call) giveUp(want purpose, cause error) error {
	last := Attempt{class: classNotSent}
	for _, a := range slices.Backward(k.spent.attempts) {
		if a.purpose != want {
			continue
		}
		if last = a; a.class != classNotSent {
			break
		}
	}
	switch {
	case k.known.open() && last.class == classRefused && last.Code != "" && cause != nil:
		return k.fail(ErrOutcomeUnknown, fmt.Errorf("it was refused with %d %w, perhaps because it was sent twice on the way: %w", last.Status, last.Code, cause))
	case k.known.open():
		return k.fail(ErrOutcomeUnknown, cause)
	case errors.Is(last.Err, ErrInvalidArgument):
		return k.fail(ErrInvalidArgument, cause)
	case last.class == classRefused:
		return k.fail(ErrServerRefused, cause)
	case last.class == classAmbiguous, last.class == classDone, want == purposeRead && k.spent.sent > len(k.spent.attempts):
		return k.fail(ErrUnavailable, cause) // a read, and perhaps an answer that did not tell enough
	default:
		return k.fail(ErrNotSent, cause)
	}
}

// result ends the call with a verdict about the state last seen.
func (k *call) result(v Verdict, resolved bool) Result {
	return Result{
		OperationID: k.id, Force: k.force,
		Verdict: v, State: k.known.state, Kind: k.known.kind,
		Resolved: resolved,
		Attempts: slices.Clip(k.spent.attempts), LedgerErr: k.unnoted,
	}
}

// take takes the options of the call out of the caller's context.
func (k *call) take(ctx context.Context) error {
	p := perCallOf(ctx)
	if p == nil {
		return nil
	}
	own := *p // the context may be that of other calls, of other clients, too
	k.per = &own
	var errs []error
	if own.Retry != nil {
		errs = append(errs, own.Retry.check())
	}
	if own.Endpoint != "" {
		if own.at = k.c.endpoints.Find(own.Endpoint); own.at == nil {
			errs = append(errs, errors.New("the endpoint of the call is none of the client's"))
		}
	}
	for name, values := range own.Header {
		if !isToken(name) || strings.ContainsFunc(strings.Join(values, ""), isControl) {
			errs = append(errs, fmt.Errorf("header %.64q cannot be sent", name))
		}
	}
	return errors.Join(errs...)
}

// isToken reports whether a text can be the name of a header (RFC 9110 §5.6.2).
func isToken(name string) bool {
	const others = "!#$%&'*+-.^_`|~"
	return name != "" && !strings.ContainsFunc(name, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && !strings.ContainsRune(others, c)
	})
}

func isControl(c rune) bool { return c < ' ' && c != '\t' || c == 0x7f }

// retry are the settings of the call.
func (k *call) retry() *Retry {
	if k.per != nil && k.per.Retry != nil {
		return k.per.Retry
	}
	return &k.c.retry
}

// pick is where the next request goes.
func (k *call) pick() *gateways.Gateway {
	if k.per != nil && k.per.at != nil {
		return k.per.at
	}
	return k.c.endpoints.Pick()
}

// elsewhere reports whether there is another endpoint than the one that a request goes to.
func (k *call) elsewhere() bool { return k.c.endpoints.Several() && (k.per == nil || k.per.at == nil) }

// own puts the headers of the call into a request.
func (k *call) own(h http.Header) {
	if k.per != nil {
		for name, values := range k.per.Header {
			h[http.CanonicalHeaderKey(name)] = values
		}
	}
}
