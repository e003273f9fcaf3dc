package wrapper

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"time"

	"github.com/sfcancel/sfcancel/generated"
)

// The bounds of what is read and of what is kept of an answer. The largest honest
// one is a list of 10 000 operations, about 1.2 MB.
const (
	maxBody  = 16 << 20
	keptBody = 2 << 10
)

// request builds one request with the generated code.
type request func(base string, timeout *int64) (*http.Request, error)

// success is what an attempt has to bring: one status, and a body that is what it should
// be. What the body says passes through shown before anybody gets to see it.
type success struct {
	status int
	body   func(body []byte, shown func(string) string) error
}

// attempt sends once and classifies what came of it.
func (k *call) attempt(ctx context.Context, info Request, cred *credential, wanted success, build request) (a Attempt) {
	c := k.c
	a = Attempt{Purpose: info.Purpose, Endpoint: info.Endpoint, Start: time.Now()}
	defer func() { a.Duration = time.Since(a.Start) }()

	timeout := serverTimeout(ctx, k.timeout, c.retry.AttemptTimeout, k.version)
	r, err := build(info.Endpoint, timeout)
	if err != nil {
		a.Class, a.Err, a.hopeless, a.local = NotSent, fmt.Errorf("%w: %w", ErrInvalidArgument, err), true, true
		return a
	}
	limit := attemptTimeout(c.retry.AttemptTimeout, timeout)
	limited, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer within %v", limit))
	defer cancel()
	var asked, got atomic.Bool // the hooks may run after the answer is there
	traced := httptrace.WithClientTrace(limited, &httptrace.ClientTrace{
		GetConn: func(string) { asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { got.Store(true) },
	})
	traced = context.WithValue(context.WithValue(traced, requestKey{}, info), credentialKey{}, cred)
	response, err := c.http.Do(r.WithContext(traced))
	if err != nil {
		a.Err, a.hopeless = cred.hideError(reason(ctx, limited, err)), hopeless(err)
		a.local = ctx.Err() != nil || errors.Is(err, errNoToken)
		if !got.Load() && (asked.Load() || neverConnected(err)) {
			a.Class = NotSent
		}
		return a
	}
	body, err := readBody(response)
	plain := cred.hide(string(body)) // hidden before anything is cut off: half a token is one, too
	a.Status, a.Header = response.StatusCode, cred.hideHeader(response.Header)
	a.RetryAfter = retryAfter(response.Header)
	switch {
	case err != nil:
		a.Err = reason(ctx, limited, fmt.Errorf("%w: the body was cut off: %w", ErrBadAnswer, err))
		a.Body = kept(plain)
	case a.Status == wanted.status:
		if err := wanted.body(body, cred.hide); err != nil {
			// A server that sees us hang up may still end its body as if it were whole.
			a.Err, a.Body = reason(ctx, limited, fmt.Errorf("%w: %w: %.80q", ErrBadAnswer, err, plain)), kept(plain)
		} else {
			a.Class = Done
		}
	default:
		a.readError(body, plain)
		a.Code, a.Message = Code(cred.hide(string(a.Code))), cred.hide(a.Message)
		a.Class = judge(a).class
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
		return asForeign(err)
	}
}

// readError takes the FabricError out of the body of a failure. A body that is none
// is kept, and so is the status: neither is lost because the other is rubbish.
func (a *Attempt) readError(body []byte, plain string) {
	if a.Status < 300 {
		a.Err = fmt.Errorf("%w: an unexpected status", ErrBadAnswer)
		a.Body = kept(plain)
		return
	}
	var fabric generated.FabricError
	err := json.Unmarshal(body, &fabric)
	switch {
	case len(body) == 0 && (a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden):
		// Failed authentication has no body (runtime §7).
		a.Err = errors.New("the credentials are missing or not accepted")
	case a.Status < 400:
		a.Err = fmt.Errorf("%w: a redirect, which is never followed", ErrBadAnswer)
		a.Body = kept(plain)
	case len(body) == 0:
		a.Err = fmt.Errorf("%w: an empty body", ErrBadAnswer)
	case err != nil:
		a.Err = fmt.Errorf("%w: the body is not JSON: %.80q", ErrBadAnswer, plain)
		a.Body = kept(plain)
	case fabric.Error.Code == "":
		a.Err = fmt.Errorf("%w: the body has no error code: %.80q", ErrBadAnswer, plain)
		a.Body = kept(plain)
	default:
		a.Code, a.Message = Code(fabric.Error.Code), fabric.Error.Message
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
	var handshake *handshakeError
	return errors.Is(err, http.ErrSchemeMismatch) || errors.As(err, &handshake) || errors.Is(err, errNoToken) || errors.As(err, &cert)
}

// readBody reads to the end, within bounds, and closes: only then is the
// connection free for the next call.
func readBody(response *http.Response) ([]byte, error) {
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	if err == nil && len(body) > maxBody {
		err = fmt.Errorf("longer than %d bytes", maxBody)
	}
	return body, err
}

func kept(plain string) []byte {
	if plain == "" {
		return nil
	}
	return []byte(plain[:min(len(plain), keptBody)])
}
