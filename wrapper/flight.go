package wrapper

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"

	"github.com/sfcancel/sfcancel/internal/clienttls"
)

// flight is one request on its way: what it is for, and what is learnt below net/http. It
// travels in the context of the request. Its hooks may run after the answer is there.
type flight struct {
	Request
	credential
	fresh bool            // it must not go over a connection that was used before
	limit context.Context // of the attempt
	left  bool            // it was left behind, and the credential is not ours to read any more

	asked, got atomic.Bool // for a connection
	first13    atomic.Bool // the connection is new, and speaks TLS 1.3
	multiplex  atomic.Bool // it speaks HTTP/2
	wrote      atomic.Bool // the header of the request was written
}

type flightKey struct{}

func flightOf(ctx context.Context) *flight {
	f, _ := ctx.Value(flightKey{}).(*flight)
	return f
}

// RequestFrom returns what the request with this context is sent for; false if it is none
// of a [Client].
func RequestFrom(ctx context.Context) (Request, bool) {
	if f := flightOf(ctx); f != nil {
		return f.Request, true
	}
	return Request{}, false
}

// errSentAgain ends a request that net/http was about to send a second time.
var errSentAgain = errors.New("the connection ended without an answer")

// bounded is beneath all middleware. It ends a request with its attempt, also if middleware
// gave it another context, and lets none be sent twice. net/http sends some again by itself: a
// GET when a kept connection ends, and over HTTP/2 any when the server gives it back or goes
// away. Whether a request is repeated is for the call to decide, so it is stopped when it has got
// a second connection, before a header is written there: HTTP/2 looks at the context then, and
// HTTP/1.1 finds the connection closed. A POST over HTTP/1.1 is repeated only if nothing was
// written.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	f := flightOf(r.Context())
	if f == nil {
		return b.next.RoundTrip(r)
	}
	ctx, stop := context.WithCancelCause(r.Context())
	if f.limit.Done() != r.Context().Done() {
		context.AfterFunc(f.limit, func() { stop(context.Cause(f.limit)) }) // at the latest when the answer was read
	}
	response, err := b.next.RoundTrip(r.WithContext(f.trace(ctx, stop)))
	if err != nil && errors.Is(context.Cause(ctx), errSentAgain) {
		err = errSentAgain
	}
	return response, err
}

func (f *flight) trace(ctx context.Context, stop context.CancelCauseFunc) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { f.asked.Store(true) },
		GotConn: func(info httptrace.GotConnInfo) {
			f.got.Store(true)
			switch {
			case !f.wrote.Load():
			case f.multiplex.Load():
				stop(errSentAgain)
			case f.Purpose == PurposeRead:
				stop(errSentAgain)
				_ = info.Conn.Close()
			}
			conn, ok := info.Conn.(*tls.Conn)
			f.first13.Store(ok && !info.Reused && conn.ConnectionState().Version == tls.VersionTLS13)
		},
		WroteHeaderField: func(name string, _ []string) {
			if strings.HasPrefix(name, ":") {
				f.multiplex.Store(true)
			}
		},
		WroteHeaders: func() { f.wrote.Store(true) },
	})
}

// unread reports whether an error proves that the server has read nothing of the request.
// With TLS 1.3 a client learns that its certificate is refused only when it has written its
// request; a server that sends such an alert has not finished the handshake (RFC 8446 §4.4).
func (f *flight) unread(err error) bool {
	return f.first13.Load() && clienttls.RefusesHandshake(err)
}
