package wrapper_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// TLS 1.2 and 1.3 are spoken, and nothing older.
func TestTLSVersions(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "the root")
	cert := ca.issue(t, "cluster")
	for version, spoken := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			endpoint := serveTLS(t, cert, "HTTP/1.1", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if r.TLS.Version != version {
					t.Errorf("spoke %s", tls.VersionName(r.TLS.Version))
				}
			}), func(s *httptest.Server) { s.TLS.MinVersion, s.TLS.MaxVersion = version, version })
			_, err := newClient(t, endpoint, wrapper.WithTLS(wrapper.TLS{RootCAs: ca.pool()})).Cancel(t.Context(), opID, wrapper.CancelOptions{})
			if spoken {
				must(t, err)
				return
			}
			wantHopeless(t, asError(t, err, wrapper.ErrNotSent), "protocol version", "TLS 1.2")
		})
	}
	// A server that knows of nothing newer answers with what it speaks.
	t.Run("an old server", func(t *testing.T) {
		endpoint := "https://" + accept(t, func(c net.Conn) {
			_, _ = c.Read(make([]byte, 4096))
			hello := append([]byte{22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2}, make([]byte, 36)...)
			hello[44] = 0x2f // TLS_RSA_WITH_AES_128_CBC_SHA
			_, _ = c.Write(hello)
			_, _ = c.Read(make([]byte, 4096))
		})
		err := cancelWith(t.Context(), newClient(t, endpoint), false)
		wantHopeless(t, asError(t, err, wrapper.ErrNotSent), "unsupported protocol version", "TLS 1.2 is the oldest")
	})
}

// accept serves raw connections, each in its own goroutine.
func accept(tb testing.TB, serve func(net.Conn)) (addr string) {
	tb.Helper()
	l, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	must(tb, err)
	ctx, cancel := context.WithCancel(context.Background())
	tb.Cleanup(func() { cancel(); _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			context.AfterFunc(ctx, func() { _ = c.Close() })
			go func() {
				defer func() { _ = c.Close() }()
				serve(c)
			}()
		}
	}()
	return l.Addr().String()
}

// What is no judgement of a server is tried again: it may be over in a moment.
func TestTLSHandshakeBroken(t *testing.T) {
	t.Parallel()
	endpoint := "https://" + accept(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 10)) })
	e := asError(t, cancelWith(t.Context(), newClient(t, endpoint, fastWith(3)), false), wrapper.ErrNotSent)
	if n := len(e.Attempts()); n != 3 {
		t.Errorf("%d attempts: %v", n, e)
	}
	// A server that does not speak TLS at all.
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	err := cancelWith(t.Context(), newClient(t, strings.Replace(plain.URL, "http:", "https:", 1)), false)
	wantHopeless(t, asError(t, err, wrapper.ErrNotSent))
	if !errors.Is(err, http.ErrSchemeMismatch) {
		t.Errorf("got %v", err)
	}
}

// untilTold is a context whose deadline comes when the test says so: after what has to come
// before it, however long that takes.
type untilTold struct {
	context.Context
	over chan struct{}
}

func newUntilTold(t *testing.T) (ctx untilTold, end func()) {
	t.Helper()
	ctx = untilTold{t.Context(), make(chan struct{})}
	return ctx, sync.OnceFunc(func() { close(ctx.over) })
}

func (u untilTold) Done() <-chan struct{} { return u.over }

func (u untilTold) Err() error {
	select {
	case <-u.over:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// A server that accepts connections and says nothing does not hold a call up.
func TestTLSHandshakeStuck(t *testing.T) {
	t.Parallel()
	ctx, end := newUntilTold(t)
	endpoint := "https://" + accept(t, func(c net.Conn) {
		for {
			if _, err := c.Read(make([]byte, 4096)); err != nil {
				return
			}
			end() // in the handshake
		}
	})
	start := time.Now()
	err := cancelWith(ctx, newClient(t, endpoint), false)
	e := asError(t, err, wrapper.ErrNotSent)
	wantKind(t, err, context.DeadlineExceeded)
	if n := len(e.Attempts()); n != 1 {
		t.Errorf("%d attempts: %v", n, err)
	}
	if d := time.Since(start); d > time.Minute {
		t.Errorf("it took %v", d)
	}
	if testing.Short() {
		return
	}
	start = time.Now()
	err = cancelWith(t.Context(), newClient(t, endpoint, fastWith(1)), false)
	if e := asError(t, err, wrapper.ErrNotSent); errors.Is(err, context.DeadlineExceeded) || !strings.Contains(e.Error(), "no TLS handshake within 10s") {
		t.Errorf("got %v", err)
	}
	if d := time.Since(start); d > time.Minute {
		t.Errorf("it took %v", d)
	}
}

// The cluster knows its clients by their certificates.
func TestTLSClientCertificate(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t, "the root"), newAuthority(t, "another root")
	cert, admin, stranger := ca.issue(t, "cluster"), ca.issue(t, "admin"), ca.issue(t, "stranger")
	f, foreign := newFiles(t, admin, ca), newFiles(t, stranger, ca)
	errAway := errors.New("the token is not plugged in")
	from := func(c *tls.Certificate, err error) wrapper.TLS {
		return wrapper.TLS{RootCAs: ca.pool(), GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return c, err }}
	}
	for _, tc := range []struct {
		name string
		tls  wrapper.TLS
		kind error // nil if the client is let in
	}{
		{"from files", f.tls(), nil},
		{"from a function", from(&admin, nil), nil},
		{"none", wrapper.TLS{RootCAs: ca.pool()}, wrapper.ErrServerRefused},
		{"a stranger's", foreign.tls(), wrapper.ErrServerRefused},
		{"none from the function", from(nil, nil), wrapper.ErrServerRefused},
		{"an error from the function", from(nil, errAway), errAway},
	} {
		t.Run(tc.name, func(t *testing.T) {
			eachProtocol(t, func(t *testing.T, proto string) {
				c := newCluster(t, server.Runtime)
				makeRunning(t, c)
				h, err := server.New(c.engine, server.WithClientCertificates(server.ClientCertificates{Admin: []string{ofSHA1(admin)}}))
				must(t, err)
				endpoint := serveTLS(t, cert, proto, h, func(s *httptest.Server) { s.TLS.ClientCAs = other.pool() })
				err = cancelWith(t.Context(), newClient(t, endpoint, fastWith(3), wrapper.WithTLS(tc.tls)), false)
				switch {
				case tc.kind == nil:
					must(t, err)
				case errors.Is(tc.kind, errAway):
					wantKind(t, err, errAway)
					wantKind(t, err, wrapper.ErrNotSent)
				default:
					e := asError(t, err, tc.kind)
					if e.Status() != http.StatusForbidden || len(e.Attempts()) != 1 || !strings.Contains(e.Error(), "credentials") {
						t.Errorf("got %v", e)
					}
				}
			})
		})
	}
}

// A server that ends the handshake over the client certificate, as proxies do, is
// not asked again: nothing was sent, and the error says what it was shown. With TLS 1.2 the
// handshake fails; with TLS 1.3 the alert comes when the request is written, and proves that
// nothing of it was read (RFC 8446 §4.4).
func TestTLSClientCertificateRefused(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t, "the root"), newAuthority(t, "another root")
	cert, admin := ca.issue(t, "cluster"), other.issue(t, "the admin")
	f := newFiles(t, admin, ca)
	source := func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &admin, nil }
	cases := []struct {
		name  string
		tls   wrapper.TLS
		shown []string
	}{
		{"a certificate from elsewhere", f.tls(), []string{`common name "the admin"`, ofSHA1(admin)}},
		{"none", wrapper.TLS{CAFile: f.ca}, []string{"no client certificate is set"}},
		{"one from a function", wrapper.TLS{CAFile: f.ca, GetClientCertificate: source}, []string{"what GetClientCertificate gives"}},
	}
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for _, tc := range cases {
			t.Run(tls.VersionName(version)+", "+tc.name, func(t *testing.T) {
				eachProtocol(t, func(t *testing.T, proto string) {
					var served atomic.Int32
					handler := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served.Add(1) })
					endpoint := serveTLS(t, cert, proto, handler, func(s *httptest.Server) {
						s.TLS.ClientAuth, s.TLS.ClientCAs = tls.RequireAndVerifyClientCert, ca.pool()
						s.TLS.MinVersion, s.TLS.MaxVersion = version, version
					})
					client := newClient(t, endpoint, wrapper.WithTLS(tc.tls), wrapper.WithForcePolicy(wrapper.ServerDecides{}))
					for range 20 { // the alert races with a reset
						for _, force := range []bool{false, true} {
							wantHopeless(t, asError(t, cancelWith(t.Context(), client, force), wrapper.ErrNotSent), append(tc.shown, "remote error")...)
						}
					}
					if n := served.Load(); n != 0 {
						t.Errorf("the server handled %d requests, want none", n)
					}
				})
			})
		}
	}
}

// A caller that changes its settings later changes nothing.
func TestTLSSettingsAreCopied(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "the root")
	cert := ca.issue(t, "cluster", namedElsewhere)
	f := newFiles(t, ca.issue(t, "admin"), ca)
	endpoint := serveTLS(t, cert, "HTTP/1.1", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	names, roots := []string{"cluster"}, ca.pool()
	byName := newClient(t, endpoint, wrapper.WithTLS(wrapper.TLS{CertFile: f.cert, KeyFile: f.key, RootCAs: roots, ServerCommonNames: names}))
	empty := newClient(t, endpoint, wrapper.WithTLS(wrapper.TLS{RootCAs: newAuthority(t, "x").pool(), ServerCommonNames: []string{"cluster"}}))
	names[0], *roots = "another", *x509.NewCertPool()
	f.putPair(t, ca.issue(t, "admin")) // begins anew with the settings
	awaitLook()
	must(t, cancelWith(t.Context(), byName, false))
	wantUntrusted(t, cancelWith(t.Context(), empty, false))
}
