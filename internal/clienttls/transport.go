package clienttls

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"

	"github.com/sfcancel/sfcancel/internal/certfiles"
)

// Transport sends requests over TLS connections with the settings. It is safe for concurrent use. Each
// state of the files is a [generation] with its own
// connections. Closing idle connections when the files change would not be enough: connections
// that are busy then would be reused with the old client certificate.
type Transport struct {
	settings Settings
	pins     *pins // nil if there are none
	proxy    Proxy // nil for none

	files  *certfiles.Watched
	latest atomic.Pointer[generation]

	made func(Dial) *http.Transport

	before atomic.Pointer[http.Transport] // of the previous generation; nil at first
}

// generation is one state of the files.
type generation struct {
	*certfiles.Material
	config    *tls.Config
	transport *http.Transport
	fresh     *http.Transport // uses each connection once
	owner     *Transport
}

// New reads the files. Its error names the file that cannot be used. made makes
// the underlying transports, with a function that dials over TLS; tell is called if the files change
// and cannot be used. Neither may be nil. proxy may be nil. TLS connections go through a tunnel of the
// proxy, so that the server, not the proxy, is verified and gets the client certificate.
func New(t Settings, made func(dialTLS Dial) *http.Transport, proxy Proxy, tell func(context.Context, error)) (*Transport, error) {
	if t.RootCAs != nil {
		t.RootCAs = t.RootCAs.Clone()
	}
	p, err := newPins(t)
	if err != nil {
		return nil, err
	}
	o := &Transport{settings: t, pins: p, proxy: proxy, made: made}
	o.files, err = certfiles.Watch(t.files(), o.begin, tell)
	if err != nil {
		return nil, err
	}
	return o, nil
}

// Dial makes a connection, as in [http.Transport].
type Dial = func(ctx context.Context, network, addr string) (net.Conn, error)

// begin makes a new generation the latest one.
func (o *Transport) begin(m *certfiles.Material) error {
	g := &generation{Material: m, config: o.settings.config(m, o.pins), owner: o}
	g.transport, g.fresh = o.made(g.dial), o.made(g.dial)
	g.fresh.DisableKeepAlives = true
	if o.proxy != nil {
		g.transport.Proxy, g.fresh.Proxy = inTheOpen(o.proxy), inTheOpen(o.proxy)
	}
	before := o.latest.Load()
	o.latest.Store(g)
	if before != nil {
		o.CloseIdleConnections()
		o.before.Store(before.transport)
		before.transport.CloseIdleConnections()
	}
	return nil
}

// Send sends a request with contents of the files that are at most 50 ms old. With fresh it uses a new
// connection. unread reports whether an error means that the server has read nothing of the request. Then the
// error is a [HandshakeError] that describes the client certificate.
func (o *Transport) Send(r *http.Request, fresh bool, unread func(error) bool) (*http.Response, error) {
	if err := o.files.Look(r.Context()); err != nil {
		return nil, err
	}
	g := o.latest.Load()
	through := g.transport
	if fresh {
		through = g.fresh
	}
	response, err := through.RoundTrip(r)
	if err != nil {
		return nil, g.name(err, r.URL.Host, unread)
	}
	return response, nil
}

// name adds the client certificate to an error that it may have caused.
func (g *generation) name(err error, host string, unread func(error) bool) error {
	var failed *HandshakeError
	if errors.As(err, &failed) {
		return err
	}
	switch {
	case unread(err):
		return &HandshakeError{err, fmt.Sprintf("; %s refused it, and has read nothing: %s%s", host, g.showing(), g.note())}
	case isAlert(err):
		return fmt.Errorf("%w; if that is about a certificate: %s%s", err, g.showing(), g.note())
	}
	return err
}

// CloseIdleConnections also closes those of the previous generation: a connection that was busy
// when the files changed may be idle now.
func (o *Transport) CloseIdleConnections() {
	o.latest.Load().transport.CloseIdleConnections()
	if before := o.before.Load(); before != nil {
		before.CloseIdleConnections()
	}
}

// dial makes a TLS connection. net/http would do the same, but its errors do not
// distinguish a failed handshake from a failed connection.
func (g *generation) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	raw, err := g.owner.connect(ctx, g.transport.DialContext, network, addr)
	if err != nil {
		return nil, err
	}
	config := g.config.Clone()
	config.ServerName = host
	told := &toldByRead{Conn: raw}
	conn := tls.Client(told, config)
	limited, cancel := context.WithTimeout(ctx, g.transport.TLSHandshakeTimeout)
	defer cancel()
	if err := conn.HandshakeContext(limited); err != nil {
		_ = raw.Close()
		if limited.Err() != nil && ctx.Err() == nil {
			// Not the context's error, which would mean that the call had ended.
			return nil, errors.New("no TLS handshake within " + g.transport.TLSHandshakeTimeout.String())
		}
		return nil, g.explain(err, addr)
	}
	told.waits.Store(conn.ConnectionState().Version == tls.VersionTLS13)
	return conn, nil
}

// toldByRead hides write errors until the server has
// sent something after the handshake, so that a read reports the end of the connection. With TLS 1.3 the alert
// that refuses a client certificate arrives together with a reset; a write error would hide it.
type toldByRead struct {
	net.Conn
	waits atomic.Bool
}

func (c *toldByRead) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 {
		c.waits.Store(false)
	}
	return n, err
}

func (c *toldByRead) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if err != nil && c.waits.Load() {
		return len(p), nil
	}
	return n, err
}
