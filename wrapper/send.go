package wrapper

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/answer"
	"github.com/sfcancel/sfcancel/internal/clienttls"
)

// builder builds one request of a call with the generated code.
type builder func(ctx context.Context, k *call, s sending) (*http.Request, error)

// sending is what a builder has to know of one request.
type sending struct {
	to      generated.Base
	purpose purpose
	timeout *int64
}

// success is what an attempt has to bring: one status, and a body that is what it should
// be, or none. What the body says passes through shown before anybody gets to see it.
type success struct {
	status int // 0 is any from 200 to 299
	body   func(body io.Reader, shown func(string) string) error
}

func (s success) is(status int) bool { return status == s.status || s.status == 0 && status/100 == 2 }

// attempt sends once and classifies what came of it. The one attempt that it returns is nobody else's.
func (k *call) attempt(ctx context.Context, f *flight, at generated.Base, wanted success, build builder) []Attempt {
	c := k.c
	a := f.attempt()
	limit := k.limit(ctx, f.endpoint)
	if fits(ctx, limit) { // else the context ends it, and says so
		f.Context, f.stop = context.WithTimeoutCause(ctx, limit, noAnswer(limit))
	} else {
		f.Context, f.stop = context.WithCancel(ctx)
	}
	defer f.stop()
	carried := context.Context(f)
	if c.bare { // else the hooks come beneath the middleware
		f.hooks = f.watch(f.stop)
		carried = httptrace.WithClientTrace(f, &f.hooks)
	}
	r, err := build(carried, k, sending{at, f.purpose, serverTimeout(limit, k.timeout, k.version)})
	if err != nil {
		a.class, a.Err, a.hopeless, a.local = classNotSent, fmt.Errorf("%w: %w", ErrInvalidArgument, err), true, true
		return []Attempt{a}
	}
	f.header[0] = f.id.String()
	k.own(r.Header)
	r.Header["User-Agent"], r.Header[requestIDHeader] = c.agent, f.header[:]
	if f.fresh && c.own == nil {
		(&http.Client{Transport: c.brought}).CloseIdleConnections() // the next one is new, if the transport can
	}
	judged := []Attempt{a} // what is left behind must not share a with us
	to := &judged[0]
	if c.prompt {
		f.fly(ctx, c, r, to, wanted)
	} else if !f.Within(f, f.stop, func() { f.fly(ctx, c, r, to, wanted) }) { // and it may still be sent
		f.left = true
		a.Err, a.local = f.reason(ctx, nil), ctx.Err() != nil
		judged = []Attempt{a}
	}
	judged[0].Duration = time.Since(a.Start)
	return judged
}

// requestIDHeader is X-ServiceFabricRequestId as net/http has it in its maps.
const requestIDHeader = "X-Servicefabricrequestid"

// noAnswer is the cause of an attempt that took longer than it may.
type noAnswer time.Duration

func (n noAnswer) Error() string { return fmt.Sprintf("no answer within %v", time.Duration(n)) }

// exchange is Do of the http.Client, less what it does for redirects, which are gone before.
func (c *Client) exchange(f *flight, r *http.Request) (*http.Response, error) {
	if !c.bare {
		return c.http.Do(r)
	}
	response, err := c.http.Transport.RoundTrip(r)
	switch {
	case err == nil && response.Body == nil && response.ContentLength > 0:
		err = errors.New("an answer without its body")
	case err == nil && response.Body == nil:
		response.Body = http.NoBody
	case err == nil:
	case f.again.Load():
		err = errSentAgain
	default:
		var record tls.RecordHeaderError
		if errors.As(err, &record) && string(record.RecordHeader[:]) == "HTTP/" {
			err = http.ErrSchemeMismatch
		}
	}
	if err != nil {
		return nil, &url.Error{Op: r.Method[:1] + strings.ToLower(r.Method[1:]), URL: r.URL.String(), Err: err}
	}
	return response, nil
}

// fly sends, and takes in the answer. After a 101 net/http hands over the connection, which no
// context closes, and middleware may bring a body of its own: what ends with the context is
// ended by it, and the rest is left behind.
func (f *flight) fly(ctx context.Context, c *Client, r *http.Request, a *Attempt, wanted success) {
	response, err := c.exchange(f, r)
	if err != nil {
		a.local = ctx.Err() != nil || errors.Is(err, errNoToken)
		unread := f.unread(err)
		if unread || !f.got.Load() && (f.asked.Load() || neverConnected(err)) {
			a.class = classNotSent
		}
		a.Err, a.hopeless = f.used.Error(f.reason(ctx, err)), hopeless(err) || unread
		return
	}
	defer response.Body.Close()
	if f.Body.Store(&response.Body); f.Err() != nil { // else it is shut when that changes
		f.Shut()
	}
	f.classify(ctx, a, response, wanted)
}

// classify reads the body and finds the class.
func (f *flight) classify(ctx context.Context, a *Attempt, response *http.Response, wanted success) {
	a.Status, a.cut = response.StatusCode, false
	if answer.Size(response.Header) > maxHeader {
		a.Err = fmt.Errorf("%w: a header of more than %d KiB", ErrBadAnswer, maxHeader>>10)
		return
	}
	a.Header = f.used.Header(response.Header)
	a.RetryAfter = retryAfter(response.Header)
	if a.Status < http.StatusOK {
		a.Err = fmt.Errorf("%w: an unexpected status", ErrBadAnswer)
		return
	}
	if wanted.is(a.Status) && wanted.body == nil && response.Body == http.NoBody {
		a.class = classDone
		return
	}
	body := answer.New(response.Body, f.used, maxBody, keptBody)
	var err error
	switch {
	case !wanted.is(a.Status):
		err = a.readError(body, f.used.Hide)
	case wanted.body == nil:
		err = answer.Empty(body)
	default:
		err = wanted.body(body, f.used.Hide)
	}
	body.Drain()
	switch {
	case body.Err != nil:
		a.Code, a.Message = "", ""
		// A server that sees us hang up may still end its body as if it were whole.
		a.cut = true
		a.Err = f.reason(ctx, fmt.Errorf("%w: the body was cut off: %w", ErrBadAnswer, body.Err))
	case !wanted.is(a.Status):
		a.Err, a.class = err, classOf(*a).class
	case err != nil:
		a.Err = f.reason(ctx, fmt.Errorf("%w: %w: %.80q", ErrBadAnswer, err, body.Kept()))
	default:
		a.class = classDone
		return
	}
	if a.Code == "" {
		a.Body = body.Kept()
	}
}

// reason is why an attempt has no complete answer: a context that ended comes first,
// because whatever net/http says then is only a consequence of it.
func (f *flight) reason(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ended(ctx)
	case f.again.Load() && err == nil:
		return errSentAgain
	case !f.again.Load() && f.Err() != nil:
		return context.Cause(f.Context)
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
	var proxy *clienttls.ProxyError
	return errors.As(err, &dns) || errors.As(err, &cert) || errors.As(err, &proxy)
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
func newFlight(k *call, purpose purpose, refused string) *flight {
	s := &k.spent
	return &flight{
		request: request{
			call: k.public(), purpose: purpose, number: s.sent + 1, endpoint: s.at.Address, id: newRequestID(),
		},
		credential: credential{refused: refused},
		fresh:      s.broken(),
	}
}

// newRequestID makes an id of version 4. It has to be one of its kind, and may be guessed.
func newRequestID() (id uuid.UUID) {
	binary.LittleEndian.PutUint64(id[:], rand.Uint64())
	binary.LittleEndian.PutUint64(id[8:], rand.Uint64())
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id
}
