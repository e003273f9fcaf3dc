package wrapper

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Call is what a caller asked for, as middleware and observers see it.
type Call struct {
	// Name says which: "cancel", "force cancel", "stop", "wait", "watch", "list operations",
	// "read operation", "progress", one of the four that begin with "start", or what
	// a [Client.Do] is called.
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

// Event is something that an observer hears of. Name says what happened, and so which fields beside Call
// are set:
//
//	request      Attempt: a request is over, and its answer, or the lack of one, was judged
//	pause        Attempt, Pause: the call will ask again, after what, and in how long
//	failover     Attempt, To: the client leaves the endpoint of the attempt because it failed
//	call         Outcome, Err, Took: a call is over. One that ended before it began is none: with arguments
//	             that make no sense, or on a client that is closed.
//	certificate  Err: the files of [WithTLS] changed into something that cannot be used, and why, once for
//	             each change: what they held before stays in use. Call is the zero value.
type Event struct {
	Name    string
	Call    Call
	Attempt Attempt
	Pause   time.Duration
	To      string // an endpoint, with a slash at the end
	Outcome Outcome
	Err     error
	Took    time.Duration
}

// WithObserver adds a function that hears of every [Event]. It is called in the goroutine of the call, by
// several at once, and holds it up; it must not call the client. More events may come: what it does not
// know, it ignores. [WithLogger] and package wrapper/otel are made of observers.
func WithObserver(observe func(ctx context.Context, e Event)) Option {
	return func(c *Client) error {
		if observe == nil {
			return errors.New("the observer is nil")
		}
		c.observers = append(c.observers, observe)
		return nil
	}
}

func (c *Client) tell(ctx context.Context, e Event) {
	for _, observe := range c.observers {
		observe(ctx, e)
	}
}
