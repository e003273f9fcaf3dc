package wrapper

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/internal/plain"
)

// Call describes a call to middleware and observers.
type Call struct {
	// Name is "cancel", "force cancel", "stop", "wait", "watch", "list operations",
	// "read operation", "progress", one of the four that begin with "start", or the name of
	// a [Client.Do].
	Name string
	// OperationID is the operation of the call; all zeros for a list.
	OperationID uuid.UUID
	// Kind is the kind of a start; "" for other calls.
	Kind Kind
	// Force reports whether the caller asked for a force.
	Force bool
}

// Outcome is what a call returned, for middleware and observers.
type Outcome struct {
	// Result is the result of a call that has one. For a read or a Watch that did not find the operation, its
	// verdict is [NotFound].
	Result Result
	// Operations are the operations that a read found, or the operation as a Watch saw it last.
	Operations []Operation
	// Attempts are the attempts of the result or the error.
	Attempts []Attempt
	// Requests is the number of requests sent, including polls that Attempts leaves out.
	Requests int
}

// CallFunc makes a call. Its error is an [*Error] unless middleware returned another.
type CallFunc func(ctx context.Context, call Call) (Outcome, error)

// WithCallMiddleware wraps every call in functions, the first one outermost. Policy, retries and
// probes are inside. Middleware may refuse a call by not calling next, change its context, or
// inspect its outcome. It cannot change the arguments, and must not call next twice.
//
// If middleware does not call next, its error reaches the caller as [ErrNotSent] that wraps it; a
// nil error without an outcome is [ErrNotSent], too. After next, its error reaches the caller
// unchanged. [Client.CancelAll] consists of several calls and is not a call itself.
func WithCallMiddleware(around ...func(CallFunc) CallFunc) Option {
	return func(c *Client) error {
		c.aroundCall = append(c.aroundCall, around...)
		return noNil(slices.ContainsFunc(around, func(f func(CallFunc) CallFunc) bool { return f == nil }))
	}
}

// WithAttemptMiddleware wraps every request in round trippers, the first one outermost. They see
// each attempt, probe and read as it goes out, and the raw answer, but not the bearer token, which
// is added later. They may replace the body of the answer, but must not keep it.
//
// An error that wraps [ErrNotSent] asserts that nothing was sent. Any other error is ambiguous
// unless net/http reports that no connection was made. Middleware must not send a request
// twice.
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

// Event is what an observer is told. Name says what happened and which fields beside Call are set:
//
//	request      Attempt: a request is over and its answer, or the lack of one, was classified
//	pause        Attempt, Pause: the call will retry after the attempt, and how long it waits
//	failover     Attempt, To: the client fails over from the endpoint of the attempt
//	state        State, ForceAt: a call that waits, such as [Client.Stop] or [Client.Wait], sees the operation
//	             for the first time, or one of the two fields has changed
//	call         Outcome, Err, Took: a call is over. Calls with invalid arguments and calls on a closed client
//	             have no event.
//	certificate  Err: the files of [WithTLS] changed and cannot be used, once for each change. The earlier
//	             certificates stay in use. Call is the zero value.
type Event struct {
	Name    string
	Call    Call
	Attempt Attempt
	Pause   time.Duration
	To      string // an endpoint, with a slash at the end
	State   State
	ForceAt time.Time // when a force will go out unless the operation ends; zero if no force will follow
	Outcome Outcome
	Err     error
	Took    time.Duration
}

// WithObserver adds a function that is called for every [Event], in the goroutine of the call, which waits for it.
// It must be safe for concurrent use and must not call the client. It should ignore names that it does not know,
// since later releases may add events. [WithLogger] and package wrapper/otel are observers.
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

// WithLogger logs requests, pauses and states at Debug, failovers and unusable files of
// [WithTLS] at Warn, the end of a call at Info, or at Warn if it failed.
//
// It logs names, ids, verdicts, states, classes, statuses, error codes, counts, times, the host
// of the endpoint, the kind of a transport error, and what is wrong with which certificate
// file. It never logs headers, queries, bodies, or text from a server or a token source.
//
// net/http itself writes to the standard logger of package log what a server sent on an idle
// connection. To suppress that, call log.SetOutput.
func WithLogger(l *slog.Logger) Option {
	return func(c *Client) error {
		if l == nil {
			return errors.New("the logger is nil")
		}
		c.observers = append(c.observers, logging{l}.observe)
		return nil
	}
}

// logging is the observer that logs.
type logging struct{ to *slog.Logger }

func (l logging) observe(ctx context.Context, e Event) {
	switch a := e.Attempt; e.Name {
	case "request":
		l.to.LogAttrs(ctx, slog.LevelDebug, "request", append(callAttrs(e.Call),
			slog.String("purpose", a.Purpose()), slog.Int("number", a.Number), slog.String("host", host(a.Endpoint)),
			slog.String("class", a.Class()), slog.Int("status", a.Status), slog.Duration("took", a.Duration),
			optional("code", logged(a.Code)), optional("error", failure(a.Err)), optional("request_id", named(a.RequestID)))...)
	case "pause":
		l.to.LogAttrs(ctx, slog.LevelDebug, "asking again", append(callAttrs(e.Call),
			slog.Duration("pause", e.Pause), slog.String("after", a.Class()), slog.Int("status", a.Status))...)
	case "state":
		attrs := append(callAttrs(e.Call), slog.String("state", logged(e.State)))
		if !e.ForceAt.IsZero() {
			attrs = append(attrs, slog.Time("force_at", e.ForceAt))
		}
		l.to.LogAttrs(ctx, slog.LevelDebug, "state", attrs...)
	case "failover":
		l.to.LogAttrs(ctx, slog.LevelWarn, "failover", slog.String("from", host(a.Endpoint)), slog.String("to", host(e.To)))
	case "certificate": // what this package says of the files: their names, and nothing that is in them
		l.to.LogAttrs(ctx, slog.LevelWarn, "certificate files cannot be used, what they held before is", slog.String("error", plain.Text(e.Err.Error())))
	case "call":
		l.call(ctx, e)
	}
}

func (l logging) call(ctx context.Context, e Event) {
	attrs := append(callAttrs(e.Call), slog.Duration("took", e.Took), slog.Int("requests", e.Outcome.Requests))
	if e.Err != nil {
		meaning := "an error of middleware"
		if ours, ok := asError(e.Err); ok {
			meaning = ours.kind.Error()
			attrs = append(attrs, optional("state", logged(ours.state)), optional("code", logged(ours.Code())))
		}
		l.to.LogAttrs(ctx, slog.LevelWarn, "call failed", append(attrs, slog.String("error", meaning))...)
		return
	}
	result := e.Outcome.Result
	l.to.LogAttrs(ctx, slog.LevelInfo, "call", append(attrs, optional("verdict", string(result.Verdict)), optional("state", logged(result.State)))...)
}

func callAttrs(call Call) []slog.Attr {
	attrs := []slog.Attr{slog.String("call", call.Name), optional("operation_id", named(call.OperationID))}
	if call.Force {
		attrs = append(attrs, slog.Bool("force", true))
	}
	return attrs
}

// named is an id, or "" for all zeros.
func named(id uuid.UUID) string {
	if id == (uuid.UUID{}) {
		return ""
	}
	return id.String()
}

// optional is an attribute that is left out if there is nothing to say: handlers ignore
// the zero Attr.
func optional(key, value string) slog.Attr {
	if value == "" {
		return slog.Attr{}
	}
	return slog.String(key, value)
}

// logged returns a name from a server if it looks like one, and otherwise a placeholder, so that a server
// cannot write text into the log.
func logged[T ~string](name T) string {
	const longest, letters = 64, "0123456789_ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	if len(name) > longest || strings.Trim(string(name), letters) != "" {
		return "not a name"
	}
	return string(name)
}

func host(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	return u.Host
}

// failure returns the kind of a transport error, without text from elsewhere.
func failure(err error) string {
	var op *net.OpError
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	if f := (foreign{}); errors.As(err, &f) {
		err = f.error
	}
	switch {
	case err == nil:
		return ""
	case errors.Is(err, context.DeadlineExceeded):
		return "deadline exceeded"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case errors.Is(err, ErrBadAnswer):
		return ErrBadAnswer.Error()
	case errors.As(err, &unknown), errors.As(err, &cert):
		return "the server's certificate is not accepted"
	case errors.As(err, &dns):
		return "no such host"
	case errors.As(err, &op):
		var number syscall.Errno // its texts are the system's own
		if errors.As(op.Err, &number) {
			return op.Op + ": " + number.Error()
		}
		return fmt.Sprintf("%s: %T", op.Op, op.Err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was lost"
	default:
		var at *url.Error // which net/http puts around whatever it was
		if errors.As(err, &at) {
			err = at.Err
		}
		return fmt.Sprintf("%T", err)
	}
}
