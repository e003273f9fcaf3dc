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
