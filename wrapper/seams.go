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
//	state        State, ForceAt: a call that waits, as [Client.Stop] and [Client.Wait] do, sees the operation: at
//	             first, and when one of the two is another than before
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
	State   State
	ForceAt time.Time // when a force will go out unless the operation ends; zero if none will, or one did
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

// WithLogger logs what the client does: every request, pause and state seen at Debug, a
// failover and files of [WithTLS] that cannot be used at Warn, the end of a call at Info,
// or at Warn if it failed.
//
// Only what is listed here is ever logged: names, ids, verdicts, states, classes,
// statuses, error codes, counts, times, the host of the endpoint, the kind of a
// transport error, and what is wrong with which certificate file. No header, no query, no
// body, no text that a server or a token source wrote.
//
// net/http has lines of its own for the standard logger of package log, which repeat what a
// server sent on a connection that was not in use. A program that minds calls log.SetOutput.
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

// logged is a name that a server sent if it looks like one, and what is known of it
// otherwise: a log is no place for whatever a server likes to write.
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

// failure is the kind of a transport error, without a text that others wrote.
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
