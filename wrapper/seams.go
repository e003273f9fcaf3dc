package wrapper

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Call is what a caller asked for, as middleware and observers see it.
type Call struct {
	// Name says which: "cancel", "force cancel", "stop", "wait", "watch", "list operations",
	// "read operation", or one of the four that begin with "start".
	Name string
	// OperationID is what the call is about; all zeros for a list.
	OperationID uuid.UUID
	// Kind is that of a start, "" otherwise.
	Kind Kind
	// Force says that the caller asked for a force.
	Force bool
}

// Outcome is what a call returned, as middleware and observers see it.
type Outcome struct {
	// Result is that of a call that asks for something, and of a Wait; of a read or a Watch that did
	// not find the operation, the verdict [NotFound].
	Result Result
	// Operations are those that a read found, and the last state that a Watch saw.
	Operations []Operation
	// Attempts are those of the result or the error.
	Attempts []Attempt
	// Requests is how many were sent, also where Attempts leaves out looks.
	Requests int
}

// CallFunc makes a call. Its error is an [*Error] unless middleware made another.
type CallFunc func(ctx context.Context, call Call) (Outcome, error)

// WithCallMiddleware puts functions around every call, the first one outermost: policy,
// retries and resolution are inside. They may refuse a call by not going on, bound its
// context, or look at what came of it; the arguments of the call they cannot change, and
// they must not go on twice.
//
// An error that middleware returns without going on comes to the caller as
// [ErrNotSent], with the error behind it; so does the lack of error and outcome. One that it returns after going on comes as it
// is. [Client.CancelAll] is made of calls, and is none itself.
func WithCallMiddleware(around ...func(CallFunc) CallFunc) Option {
	return func(c *Client) error {
		c.aroundCall = append(c.aroundCall, around...)
		return noNil(slices.ContainsFunc(around, func(f func(CallFunc) CallFunc) bool { return f == nil }))
	}
}

// WithAttemptMiddleware puts round trippers around every request, the first one
// outermost: they see each try, probe and read as it goes out, and the raw answer. The
// bearer token is added beneath them, and the body of the answer is theirs to replace,
// but not to keep.
//
// An error that says [ErrNotSent] vouches that nothing left; any other counts as
// ambiguous unless net/http reports that no connection was made. Middleware must not
// send a request twice: that decision belongs to the call.
func WithAttemptMiddleware(around ...func(http.RoundTripper) http.RoundTripper) Option {
	return func(c *Client) error {
		c.aroundAttempt = append(c.aroundAttempt, around...)
		return noNil(slices.ContainsFunc(around, func(f func(http.RoundTripper) http.RoundTripper) bool { return f == nil }))
	}
}

func noNil(found bool) error {
	if found {
		return errors.New("a middleware is nil")
	}
	return nil
}

// Request is what attempt middleware may know of the request it sees.
type Request struct {
	Call     Call
	Purpose  Purpose
	Number   int    // of the request within the call, from 1
	Endpoint string // as it was given, with a slash at the end
	// RequestID is what the request carries as X-ServiceFabricRequestId.
	RequestID uuid.UUID
}

type captureKey struct{}

// Capture makes the call with the returned context put its requests, with what each
// brought, where attempts points to, as [Result].Attempts has them: for calls whose result carries none. It is written
// when the call returns, also with an error. Use the context for one call at a time.
func Capture(ctx context.Context, attempts *[]Attempt) context.Context {
	return context.WithValue(ctx, captureKey{}, attempts)
}

// The observers: implement those that you need, and hand the value to [WithObserver].
// Their methods are called in the goroutine of the call, by several at once, and hold it
// up; they must not call the client. More interfaces may come.
type (
	// CallObserver hears of every call that is over, but not of one that ended before it
	// began: with arguments that make no sense, or on a client that is closed.
	CallObserver interface {
		ObserveCall(ctx context.Context, call Call, outcome Outcome, err error, took time.Duration)
	}
	// AttemptObserver hears of every request when its answer, or the lack of one, was judged.
	AttemptObserver interface {
		ObserveAttempt(ctx context.Context, request Request, attempt Attempt)
	}
	// PauseObserver hears that a call will ask again, after what, and in how long.
	PauseObserver interface {
		ObservePause(ctx context.Context, call Call, after Attempt, pause time.Duration)
	}
	// EndpointObserver hears that the client leaves an address because it failed.
	EndpointObserver interface {
		ObserveFailover(ctx context.Context, from, to string)
	}
	// CertificateObserver hears when the files of [WithTLS] changed into something that
	// cannot be used, and why, once for each change: what they held before stays in use.
	CertificateObserver interface {
		ObserveCertificate(ctx context.Context, err error)
	}
)

// WithObserver adds an observer: a value with at least one of the methods of
// [CallObserver], [AttemptObserver], [PauseObserver], [EndpointObserver] and
// [CertificateObserver].
func WithObserver(o any) Option {
	return func(c *Client) error {
		switch o.(type) {
		case CallObserver, AttemptObserver, PauseObserver, EndpointObserver, CertificateObserver:
			c.observers = append(c.observers, o)
			return nil
		default:
			return fmt.Errorf("a %T observes nothing: it has none of the methods", o)
		}
	}
}

// tell calls the observers of one kind.
func tell[O any](c *Client, say func(O)) {
	for _, o := range c.observers {
		if o, ok := o.(O); ok {
			say(o)
		}
	}
}
