package clienttls

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Transport carries requests over connections of the settings. It is safe for concurrent use. What
// its files hold is one [generation] for the time they hold it, with connections of
// its own. To close idle connections when the files change would not be enough: those
// that are busy then would be used again, with the old client certificate.
type Transport struct {
	settings Settings
	pins     *pins // nil if there are none

	latest atomic.Pointer[generation]
	stale  atomic.Pointer[error] // why the files as they are now are of no use

	made func(Dial) *http.Transport
	tell func(context.Context, error)

	before atomic.Pointer[http.Transport] // of the last generation but one; nil at first

	// looking is held while the files are looked at. The request that is due waits for the look, for as
	// long as its context lasts; the others go on with what there is.
	looking sync.Mutex
	began   time.Time    // when they were first looked at, by the monotonic clock
	looked  atomic.Int64 // how long after that the last look began, in nanoseconds
}

// lookEvery is how often the files are looked at. A change is used by the requests that begin so
// long after it, or later.
const lookEvery = 50 * time.Millisecond

// generation is one state of the files.
type generation struct {
	material
	config    *tls.Config
	transport *http.Transport
	fresh     *http.Transport // uses each connection once
	owner     *Transport
}

// New reads the files for the first time. Its errors say which of them is of no use. made makes
// the transports beneath, with a function that dials over TLS; tell hears of files that changed into
// something of no use. Neither may be nil.
func New(t Settings, made func(dialTLS Dial) *http.Transport, tell func(context.Context, error)) (*Transport, error) {
	if t.RootCAs != nil {
		t.RootCAs = t.RootCAs.Clone()
	}
	p, err := newPins(t)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	m, err := t.read(t.stamps(), began)
	if err != nil {
		return nil, err
	}
	o := &Transport{settings: t, pins: p, made: made, tell: tell, began: began}
	o.begin(m)
	return o, nil
}

// Dial makes a connection, as in [http.Transport].
type Dial = func(ctx context.Context, network, addr string) (net.Conn, error)

// begin makes a new generation the latest one.
func (o *Transport) begin(m material) {
	g := &generation{material: m, config: o.settings.config(m, o.pins), owner: o}
	g.transport, g.fresh = o.made(g.dial), o.made(g.dial)
	g.fresh.DisableKeepAlives = true
	o.latest.Store(g)
}

// Send sends with what the files held at most 50 ms ago, or hold now; fresh makes it a connection of its own. unread says
// of an error whether the server has read nothing of the request, which makes it a
// [HandshakeError] with what the server was shown.
func (o *Transport) Send(r *http.Request, fresh bool, unread func(error) bool) (*http.Response, error) {
	g := o.latest.Load()
	if len(g.stamps) > 0 && o.due() && o.looking.TryLock() {
		if err := o.look(r.Context()); err != nil {
			return nil, err
		}
		g = o.latest.Load()
	}
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

// name adds to an error what the server was shown, if that may be why.
func (g *generation) name(err error, host string, unread func(error) bool) error {
	if _, ok := errors.AsType[*HandshakeError](err); ok {
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

// due reports that it is time to look at the files.
func (o *Transport) due() bool {
	return time.Since(o.began)-time.Duration(o.looked.Load()) >= lookEvery
}

// look looks at the files if that is still due, and gives looking back. A disk may hang: the error is that
// of the context, which has ended before the look.
func (o *Transport) look(ctx context.Context) error {
	if !o.due() { // another has looked since
		o.looking.Unlock()
		return nil
	}
	o.looked.Store(int64(time.Since(o.began))) // before the look, which may miss what happens during it
	seen := make(chan error, 1)
	go func() {
		defer o.looking.Unlock()
		seen <- o.renew(time.Now())
	}()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-seen:
		if err == nil {
			o.stale.Store(nil)
		} else if last := o.stale.Swap(&err); last == nil || (*last).Error() != err.Error() {
			o.tell(ctx, err)
		}
		return nil
	}
}

// renew finds out whether the files have changed, which is a stat each, and begins a new generation if they
// have. The error is why they cannot be used; the next look tries again.
func (o *Transport) renew(now time.Time) error {
	g := o.latest.Load()
	stamps := o.settings.stamps()
	if g.current(stamps) {
		return nil
	}
	m, err := o.settings.read(stamps, now)
	switch {
	case err != nil:
		return err
	case m.digest == g.digest: // with new dates, or not settled before
		m.pair, m.roots = g.pair, g.roots
		o.latest.Store(&generation{m, g.config, g.transport, g.fresh, o})
	default:
		o.begin(m)
		o.CloseIdleConnections()
		o.before.Store(g.transport)
		g.transport.CloseIdleConnections()
	}
	return nil
}

// CloseIdleConnections closes those of the generation before too: one that was busy
// when the files changed is idle now.
func (o *Transport) CloseIdleConnections() {
	o.latest.Load().transport.CloseIdleConnections()
	if before := o.before.Load(); before != nil {
		before.CloseIdleConnections()
	}
}

// dial makes a TLS connection. net/http would do the same, but its errors do not
// tell a failed handshake from a failed connection.
func (g *generation) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	raw, err := g.transport.DialContext(ctx, network, addr)
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
			// Not the context's error, which would look as if the call had ended.
			return nil, errors.New("no TLS handshake within " + g.transport.TLSHandshakeTimeout.String())
		}
		return nil, g.explain(err, addr)
	}
	told.waits.Store(conn.ConnectionState().Version == tls.VersionTLS13)
	return conn, nil
}

// toldByRead leaves it to a read to tell that a connection has ended, until the server has
// sent something after the handshake. With TLS 1.3 the alert that refuses a client certificate
// arrives together with a reset; the failure of a write would hide it.
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
