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
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/internal/plain"
)

// WithLogger logs what the client does: every request and every pause at Debug, a
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
		c.observers = append(c.observers, logging{l})
		return nil
	}
}

// logging is the observer that logs.
type logging struct{ to *slog.Logger }

func (l logging) ObserveCall(ctx context.Context, call Call, outcome Outcome, err error, took time.Duration) {
	attrs := append(callAttrs(call), slog.Duration("took", took), slog.Int("requests", outcome.Requests))
	if err != nil {
		meaning := "an error of middleware"
		if e, ok := asError(err); ok {
			meaning = e.kind.Error()
			attrs = append(attrs, optional("state", logged(e.state)), optional("code", logged(e.Code())))
		}
		l.to.LogAttrs(ctx, slog.LevelWarn, "call failed", append(attrs, slog.String("error", meaning))...)
		return
	}
	attrs = append(attrs, optional("verdict", string(outcome.Result.Verdict)), optional("state", logged(outcome.Result.State)))
	l.to.LogAttrs(ctx, slog.LevelInfo, "call", attrs...)
}

func (l logging) ObserveAttempt(ctx context.Context, request Request, a Attempt) {
	attrs := append(callAttrs(request.Call),
		slog.String("purpose", string(request.Purpose)), slog.Int("number", request.Number), slog.String("host", host(request.Endpoint)),
		slog.String("class", a.Class.String()), slog.Int("status", a.Status), slog.Duration("took", a.Duration),
		optional("code", logged(a.Code)), optional("error", failure(a.Err)), optional("request_id", named(a.RequestID)))
	l.to.LogAttrs(ctx, slog.LevelDebug, "request", attrs...)
}

func (l logging) ObservePause(ctx context.Context, call Call, after Attempt, pause time.Duration) {
	attrs := append(callAttrs(call), slog.Duration("pause", pause), slog.String("after", after.Class.String()), slog.Int("status", after.Status))
	l.to.LogAttrs(ctx, slog.LevelDebug, "asking again", attrs...)
}

func (l logging) ObserveFailover(ctx context.Context, from, to string) {
	l.to.LogAttrs(ctx, slog.LevelWarn, "failover", slog.String("from", host(from)), slog.String("to", host(to)))
}

// ObserveCertificate logs what this package says of the files: their names, and what is
// wrong with them, but nothing that is in them.
func (l logging) ObserveCertificate(ctx context.Context, err error) {
	l.to.LogAttrs(ctx, slog.LevelWarn, "certificate files cannot be used, what they held before is", slog.String("error", plain.Text(err.Error())))
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
