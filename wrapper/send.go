package wrapper

import (
	"bytes"
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
type request func(timeout *int64) (*http.Request, error)

// attempt sends once and classifies what came of it. On success, and only then, the
// body is returned; wanted is the one status that is a success.
func (c *Client) attempt(ctx context.Context, purpose Purpose, timeout *int64, wanted int, build request) (a Attempt, body []byte) {
	a = Attempt{Purpose: purpose, Start: time.Now()}
	defer func() { a.Duration = time.Since(a.Start) }()

	r, err := build(timeout)
	if err != nil {
		a.Class, a.Err, a.hopeless = NotSent, fmt.Errorf("%w: %w", ErrInvalidArgument, err), true
		return a, nil
	}
	limit := attemptTimeout(timeout)
	limited, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer within %v", limit))
	defer cancel()
	var asked, got atomic.Bool // the hooks may run after the answer is there
	traced := httptrace.WithClientTrace(limited, &httptrace.ClientTrace{
		GetConn: func(string) { asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { got.Store(true) },
	})
	response, err := c.http.Do(r.WithContext(traced))
	if err != nil {
		a.Err, a.hopeless = reason(ctx, limited, err), hopeless(err)
		if !got.Load() && (asked.Load() || neverConnected(err)) {
			a.Class = NotSent
		}
		return a, nil
	}
	body, err = readBody(response)
	a.Status = response.StatusCode
	a.RetryAfter = retryAfter(response.Header)
	if err != nil {
		a.Err = reason(ctx, limited, fmt.Errorf("%w: the body was cut off: %w", ErrBadAnswer, err))
		a.Body = kept(body)
		return a, nil
	}
	if a.Status == wanted {
		a.Class = Done
		return a, body
	}
	a.readError(body)
	a.Class = classify(a)
	return a, nil
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
		return err
	}
}

// readError takes the FabricError out of the body of a failure. A body that is none
// is kept, and so is the status: neither is lost because the other is rubbish.
func (a *Attempt) readError(body []byte) {
	if a.Status < 300 {
		a.Err = fmt.Errorf("%w: an unexpected status", ErrBadAnswer)
		a.Body = kept(body)
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
		a.Body = kept(body)
	case len(body) == 0:
		a.Err = fmt.Errorf("%w: an empty body", ErrBadAnswer)
	case err != nil:
		a.Err = fmt.Errorf("%w: the body is not JSON: %.80q", ErrBadAnswer, body)
		a.Body = kept(body)
	case fabric.Error.Code == "":
		a.Err = fmt.Errorf("%w: the body has no error code: %.80q", ErrBadAnswer, body)
		a.Body = kept(body)
	default:
		a.Code, a.Message = Code(fabric.Error.Code), fabric.Error.Message
	}
}

// classify judges an answer that was read to its end and is not the success that
// was wanted (runtime §4). A 503 may come from a primary that stepped down
// while its write went on, and a 504 is ambiguous by its meaning; so is everything
// else a server says of itself, unless it says that it cannot do this at all.
func classify(a Attempt) Class {
	switch {
	case a.Status < 300, a.Status == http.StatusRequestTimeout:
		return Ambiguous
	case a.Status < 500,
		a.Status == http.StatusNotImplemented,
		a.Status == http.StatusHTTPVersionNotSupported,
		a.Code == codeFaultServiceNotInstalled:
		return Refused
	}
	return Ambiguous
}

// neverConnected recognises the errors that come before a connection carries
// anything, for transports that do not speak httptrace.
func neverConnected(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "dial" {
		return true
	}
	var dns *net.DNSError
	var cert *tls.CertificateVerificationError
	return errors.As(err, &dns) || errors.As(err, &cert)
}

// hopeless recognises what asking again cannot change: a server that does not speak
// TLS, or whose certificate is not accepted.
func hopeless(err error) bool {
	var cert *tls.CertificateVerificationError
	return errors.Is(err, http.ErrSchemeMismatch) || errors.As(err, &cert)
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

func kept(body []byte) []byte {
	if len(body) == 0 {
		return nil
	}
	return bytes.Clone(body[:min(len(body), keptBody)])
}
