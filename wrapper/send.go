package wrapper

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/clienttls"
)

// builder builds one request of a call with the generated code.
type builder func(ctx context.Context, k *call, base generated.Base, timeout *int64) (*http.Request, error)

// success is what an attempt has to bring: one status, and a body that is what it should
// be. What the body says passes through shown before anybody gets to see it.
type success struct {
	status int
	body   func(body io.Reader, shown func(string) string) error
}

// attempt sends once and classifies what came of it.
func (k *call) attempt(ctx context.Context, f *flight, wanted success, build builder) (a Attempt) {
	c := k.c
	a = Attempt{Purpose: f.Purpose, Endpoint: f.Endpoint, RequestID: f.RequestID, Start: time.Now(), cut: true}
	defer func() { a.Duration = time.Since(a.Start) }()

	limit := k.limit(ctx, f.Endpoint)
	r, err := build(ctx, k, c.endpoints.parsed(f.Endpoint), serverTimeout(limit, k.timeout, k.version))
	if err != nil {
		a.Class, a.Err, a.hopeless, a.local = NotSent, fmt.Errorf("%w: %w", ErrInvalidArgument, err), true, true
		return a
	}
	r.Header.Set("User-Agent", c.agent)
	r.Header.Set("X-ServiceFabricRequestId", f.RequestID.String())
	limited, stop := context.WithCancel(ctx)
	defer stop()
	if fits(ctx, limit) { // else the context ends it, and says so
		limited, stop = context.WithTimeoutCause(limited, limit, fmt.Errorf("no answer within %v", limit))
		defer stop()
	}
	f.limit = limited
	if f.fresh && c.own == nil {
		(&http.Client{Transport: c.brought}).CloseIdleConnections() // the next one is new, if the transport can
	}
	request := r.WithContext(context.WithValue(limited, flightKey{}, f))
	sent := a // what is left behind must not share a with us
	judged, returned := within(limited, func() Attempt { return f.fly(ctx, limited, c.http, request, sent, wanted) })
	if !returned { // and it may still be sent
		f.left = true
		a.Err, a.local = reason(ctx, limited, nil), ctx.Err() != nil
		return a
	}
	return judged
}

// fly sends, and takes in the answer. After a 101 net/http hands over the connection, which no
// context closes, and middleware may bring a body of its own: what ends with the context is
// ended by it, and the rest is left behind.
func (f *flight) fly(ctx, limited context.Context, h *http.Client, r *http.Request, a Attempt, wanted success) Attempt {
	response, err := h.Do(r)
	if err != nil {
		a.local = ctx.Err() != nil || errors.Is(err, errNoToken)
		unread := f.unread(err)
		if unread || !f.got.Load() && (f.asked.Load() || neverConnected(err)) {
			a.Class = NotSent
		}
		a.Err, a.hopeless = f.hideError(reason(ctx, limited, err)), hopeless(err) || unread
		return a
	}
	defer response.Body.Close()
	defer context.AfterFunc(limited, func() { _ = response.Body.Close() })()
	return f.judge(ctx, limited, a, response, wanted)
}

// judge reads the body and finds the class.
func (f *flight) judge(ctx, limited context.Context, a Attempt, response *http.Response, wanted success) Attempt {
	a.Status, a.cut = response.StatusCode, false
	if size(response.Header) > maxHeader {
		a.Err = fmt.Errorf("%w: a header of more than %d KiB", ErrBadAnswer, maxHeader>>10)
		return a
	}
	a.Header = f.hideHeader(response.Header)
	a.RetryAfter = retryAfter(response.Header)
	if a.Status < http.StatusOK {
		a.Err = fmt.Errorf("%w: an unexpected status", ErrBadAnswer)
		return a
	}
	body := newBody(response.Body, f.used)
	var err error
	if a.Status == wanted.status {
		err = wanted.body(body, f.hide)
	} else {
		err = body.readError(&a, f.hide)
	}
	body.drain()
	switch {
	case body.err != nil:
		a.Code, a.Message = "", ""
		// A server that sees us hang up may still end its body as if it were whole.
		a.cut = true
		a.Err = reason(ctx, limited, fmt.Errorf("%w: the body was cut off: %w", ErrBadAnswer, body.err))
	case a.Status != wanted.status:
		a.Err, a.Class = err, classOf(a).class
	case err != nil:
		a.Err = reason(ctx, limited, fmt.Errorf("%w: %w: %.80q", ErrBadAnswer, err, body.kept()))
	default:
		a.Class = Done
		return a
	}
	if a.Code == "" {
		a.Body = body.kept()
	}
	return a
}

// reason is why an attempt has no complete answer: a context that ended comes first,
// because whatever net/http says then is only a consequence of it.
func reason(ctx, limited context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ended(ctx)
	case limited.Err() != nil:
		return context.Cause(limited)
	default:
		return asForeign(ctx, err)
	}
}

// neverConnected recognises the errors that come before a connection carries
// anything, for transports that do not speak httptrace.
func neverConnected(err error) bool {
	if errors.Is(err, ErrNotSent) || errors.Is(err, errNoToken) { // middleware vouches for it
		return true
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return true
	}
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	return errors.As(err, &dns) || errors.As(err, &cert)
}

// hopeless recognises what asking again cannot change: a server that does not speak
// TLS, whose certificate is not accepted or with which no handshake succeeds, and a
// token source that brings none.
func hopeless(err error) bool {
	var cert *tls.CertificateVerificationError
	var handshake *clienttls.HandshakeError
	return errors.Is(err, http.ErrSchemeMismatch) || errors.As(err, &handshake) || errors.Is(err, errNoToken) || errors.As(err, &cert)
}

// newFlight is the next request of a call.
func newFlight(k *call, purpose Purpose, refused string) *flight {
	s := &k.spent
	return &flight{
		Request: Request{
			Call: k.public(), Purpose: purpose, Number: s.sent + 1, Endpoint: s.at, RequestID: uuid.New(),
		},
		credential: credential{refused: refused},
		fresh:      s.broken(),
	}
}
