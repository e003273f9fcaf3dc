package wrapper

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/internal/clienttls"
	"github.com/sfcancel/sfcancel/internal/guard"
)

// flight is one request on its way: what it is for, and what is learnt below net/http. It is in the
// context of the request, and ends with the attempt. Its hooks may run after the answer is there.
type flight struct {
	context.Context // of the attempt
	request
	credential
	guard.Guard
	stop  context.CancelFunc // ends it
	fresh bool               // it must not go over a connection that was used before
	left  bool               // it was left behind, and the credential is not ours to read any more

	asked, got atomic.Bool // for a connection
	first13    atomic.Bool // the connection is new, and speaks TLS 1.3
	multiplex  atomic.Bool // it speaks HTTP/2
	wrote      atomic.Bool // the header of the request was written
	again      atomic.Bool // and net/http was about to write it again

	hooks  httptrace.ClientTrace
	header [1]string // that has the id
}

// Value has the flight itself besides what the context has.
func (f *flight) Value(key any) any {
	if key == (flightKey{}) {
		return f
	}
	return f.Context.Value(key)
}

type flightKey struct{}

func flightOf(ctx context.Context) *flight {
	f, _ := ctx.Value(flightKey{}).(*flight)
	return f
}

// request is what is fixed of a request before it is sent.
type request struct {
	call     Call
	purpose  purpose
	number   int
	endpoint string
	id       uuid.UUID
}

// attempt is one that begins now.
func (r *request) attempt() Attempt {
	return Attempt{Number: r.number, RequestID: r.id, Endpoint: r.endpoint, Start: time.Now(), purpose: r.purpose, cut: true}
}

// AttemptFrom returns, for attempt middleware, the call that the request with this context belongs to, and the
// number, the purpose, the endpoint and the id of the attempt. It returns false if the request is not one of a
// [Client].
func AttemptFrom(ctx context.Context) (Call, Attempt, bool) {
	f := flightOf(ctx)
	if f == nil {
		return Call{}, Attempt{}, false
	}
	return f.call, Attempt{Number: f.number, RequestID: f.id, Endpoint: f.endpoint, purpose: f.purpose}, true
}

// errSentAgain ends a request that net/http was about to send a second time.
var errSentAgain = errors.New("the connection ended without an answer")

// bounded is beneath all middleware, which may ask for other things with the context that it is
// given. It ends a request with its attempt, also if middleware gave it another context.
type bounded struct{ next http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	f := flightOf(r.Context())
	if f == nil {
		return b.next.RoundTrip(r)
	}
	ctx, stop := r.Context(), f.stop
	if f.Done() != ctx.Done() {
		within, end := context.WithCancelCause(ctx)
		context.AfterFunc(f.Context, func() { end(context.Cause(f.Context)) }) // at the latest when the answer was read
		ctx, stop = within, func() { end(errSentAgain) }
	}
	hooks := f.watch(stop)
	response, err := b.next.RoundTrip(r.WithContext(httptrace.WithClientTrace(ctx, &hooks)))
	if err != nil && f.again.Load() {
		err = errSentAgain
	}
	return response, err
}

// watch learns what becomes of a request, and lets it not be sent twice. net/http sends some again
// by itself: a GET when a kept connection ends, and over HTTP/2 any when the server gives it back or
// goes away. Whether a request is repeated is for the call to decide, so it is stopped when it has got
// a second connection, before a header is written there: HTTP/2 looks at the context then, and
// HTTP/1.1 finds the connection closed. A POST over HTTP/1.1 is repeated only if nothing was
// written.
func (f *flight) watch(stop func()) httptrace.ClientTrace {
	return httptrace.ClientTrace{
		GetConn: func(string) { f.asked.Store(true) },
		GotConn: func(info httptrace.GotConnInfo) {
			f.got.Store(true)
			if f.wrote.Load() && (f.multiplex.Load() || f.purpose == purposeRead || f.purpose == purposeDo) {
				f.again.Store(true)
				stop()
				if !f.multiplex.Load() {
					_ = info.Conn.Close()
				}
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
	}
}

// unread reports whether an error proves that the server has read nothing of the request.
// With TLS 1.3 a client learns that its certificate is refused only when it has written its
// request; a server that sends such an alert has not finished the handshake (RFC 8446 §4.4).
func (f *flight) unread(err error) bool {
	return f.first13.Load() && clienttls.RefusesHandshake(err)
}
