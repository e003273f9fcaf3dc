package wrapper_test

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// The client supports TLS 1.2 and 1.3, and no older version.
func TestTLSVersions(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "the root")
	cert := ca.issue(t, "cluster")
	for version, supported := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			endpoint := serveTLS(t, cert, "HTTP/1.1", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if r.TLS.Version != version {
					t.Errorf("got %s, want %s", tls.VersionName(r.TLS.Version), tls.VersionName(version))
				}
			}), func(s *httptest.Server) { s.TLS.MinVersion, s.TLS.MaxVersion = version, version })
			_, err := newClient(t, endpoint, wrapper.WithTLS(wrapper.TLS{RootCAs: ca.pool()})).Cancel(t.Context(), opID, wrapper.CancelOptions{})
			if supported {
				must(t, err)
				return
			}
			wantHopeless(t, asError(t, err, wrapper.ErrNotSent), "protocol version", "TLS 1.2")
		})
	}
	// A server that supports only old versions answers with one of those.
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

// A handshake that breaks off is retried, because the cause may be temporary. A handshake that the server refuses is
// not.
func TestTLSHandshakeBroken(t *testing.T) {
	t.Parallel()
	endpoint := "https://" + accept(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 10)) })
	e := asError(t, cancelWith(t.Context(), newClient(t, endpoint, fastWith(3)), false), wrapper.ErrNotSent)
	if n := len(e.Attempts()); n != 3 {
		t.Errorf("got %v after %d attempts, want 3", e, n)
	}
	// A server without TLS.
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	err := cancelWith(t.Context(), newClient(t, strings.Replace(plain.URL, "http:", "https:", 1)), false)
	wantHopeless(t, asError(t, err, wrapper.ErrNotSent))
	if !errors.Is(err, http.ErrSchemeMismatch) {
		t.Errorf("got %v, want %v", err, http.ErrSchemeMismatch)
	}
}

// endedByTest is a context that reports DeadlineExceeded once the test ends it, so that the test does not depend on
// how long anything takes.
type endedByTest struct {
	context.Context
	over chan struct{}
}

func newEndedByTest(t *testing.T) (ctx endedByTest, end func()) {
	t.Helper()
	ctx = endedByTest{t.Context(), make(chan struct{})}
	return ctx, sync.OnceFunc(func() { close(ctx.over) })
}

func (e endedByTest) Done() <-chan struct{} { return e.over }

func (e endedByTest) Err() error {
	select {
	case <-e.over:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// If a server accepts a connection and sends nothing, the call ends with its context, or after 10 s.
func TestTLSHandshakeStuck(t *testing.T) {
	t.Parallel()
	ctx, end := newEndedByTest(t)
	endpoint := "https://" + accept(t, func(c net.Conn) {
		for {
			if _, err := c.Read(make([]byte, 4096)); err != nil {
				return
			}
			end() // during the handshake
		}
	})
	start := time.Now()
	err := cancelWith(ctx, newClient(t, endpoint), false)
	e := asError(t, err, wrapper.ErrNotSent)
	wantKind(t, err, context.DeadlineExceeded)
	if n := len(e.Attempts()); n != 1 {
		t.Errorf("got %v after %d attempts, want 1", err, n)
	}
	if d := time.Since(start); d > time.Minute {
		t.Errorf("the call took %v, want a minute at most", d)
	}
	if testing.Short() {
		return
	}
	start = time.Now()
	err = cancelWith(t.Context(), newClient(t, endpoint, fastWith(1)), false)
	if e := asError(t, err, wrapper.ErrNotSent); errors.Is(err, context.DeadlineExceeded) || !strings.Contains(e.Error(), "no TLS handshake within 10s") {
		t.Errorf("got %v, want no TLS handshake within 10s, and no context error", err)
	}
	if d := time.Since(start); d > time.Minute {
		t.Errorf("the call took %v, want a minute at most", d)
	}
}

// The server authorises clients by their certificates.
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
		kind error // nil if the client is authorised
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
						t.Errorf("got %v with status %d after %d attempts, want credentials in it, and 403 after 1", e, e.Status(), len(e.Attempts()))
					}
				}
			})
		})
	}
}

// If a server, such as a proxy, ends the handshake because of the client certificate, the call is not retried: nothing
// was sent, and the error describes the certificate. With TLS 1.2 the handshake fails; with TLS 1.3 the alert arrives
// when the request is written, and proves that nothing of it was read (RFC 8446 §4.4).
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
		{"a certificate of another authority", f.tls(), []string{`common name "the admin"`, ofSHA1(admin)}},
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
						t.Errorf("got %d requests at the server, want none", n)
					}
				})
			})
		}
	}
}

// Later changes of the caller's TLS settings do not affect the client.
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
	f.putPair(t, ca.issue(t, "admin")) // makes the client apply its settings again
	awaitLook()
	must(t, cancelWith(t.Context(), byName, false))
	wantUntrusted(t, cancelWith(t.Context(), empty, false))
}

// The client trusts the servers that its settings allow. It sends no request to any other, and the error says what was
// expected, what the server presented, and how to trust it.
func TestTLSServer(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t, "the root"), newAuthority(t, "another root")
	var self *authority
	const name = "cluster.example"
	good := ca.issue(t, name)
	away := ca.issue(t, name, namedElsewhere)
	alone := self.issue(t, name, namedElsewhere)
	old, young := ca.issue(t, name, expired), ca.issue(t, name, notYetValid)
	oldAlone, youngAlone := self.issue(t, name, expired), self.issue(t, name, notYetValid)
	foreign, foreignHere, aloneHere := other.issue(t, name, namedElsewhere), other.issue(t, name), self.issue(t, name)
	clientOnly := ca.issue(t, name, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
	sanOnly := ca.issue(t, "a node", func(c *x509.Certificate) { c.DNSNames = []string{name} })
	local := ca.issue(t, "a node", func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"localhost"} })
	nameless := ca.issue(t, "", namedElsewhere)
	middle := &authority{ca.issue(t, "in between", func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	})}
	chained := middle.issue(t, name, namedElsewhere)
	chained.Certificate = append(chained.Certificate, middle.Certificate.Certificate[0])
	caFile := newFiles(t, good, ca).ca
	colons := func(digits string) string {
		var b strings.Builder
		for i, c := range strings.ToUpper(digits) {
			if i%2 == 0 && i > 0 {
				b.WriteString(": ")
			}
			b.WriteRune(c)
		}
		return b.String()
	}
	var (
		roots  = wrapper.TLS{RootCAs: ca.pool()}
		file   = wrapper.TLS{CAFile: caFile}
		named  = func(names ...string) wrapper.TLS { return wrapper.TLS{CAFile: caFile, ServerCommonNames: names} }
		pinned = func(prints ...string) wrapper.TLS { return wrapper.TLS{ServerThumbprints: prints} }
		wrong  = strings.Repeat("ab", 20)
		both   = func(print string, name string) wrapper.TLS {
			s := named(name)
			s.ServerThumbprints = []string{print}
			return s
		}
		pinnable  = []string{"ServerThumbprints"}
		dates2020 = []string{"expired", "2020-01-01", "2021-01-01T00:00:00Z", "clock"}
		dates2200 = []string{"not yet valid", "before 2200-01-01T00:00:00Z", "clock"}
	)
	for _, tc := range []struct {
		name   string
		server tls.Certificate
		tls    wrapper.TLS
		host   string   // "" for 127.0.0.1
		refuse []string // texts in the error; nil if the server is trusted
	}{
		{"roots in memory", good, roots, "", nil},
		{"roots in a file", good, file, "", nil},
		{"a host name", local, file, "localhost", nil},
		{"the system's roots", good, wrapper.TLS{}, "", append(pinnable, "unknown authority", "CAFile", `issuer "the root"`, ofSHA1(good), ofSHA256(good))},
		{"another root", foreignHere, file, "", append(pinnable, "unknown authority", "CAFile", `issuer "another root"`)},
		{"self-signed", aloneHere, file, "", append(pinnable, "unknown authority")},
		{"another address", away, file, "", append(pinnable, "127.0.0.1", "node.example", "ServerCommonNames", fmt.Sprintf("%q", name))},
		{"another host name", good, file, "localhost", append(pinnable, "localhost", "ServerCommonNames")},
		{"expired", old, file, "", dates2020},
		{"not yet valid", young, file, "", dates2200},
		{"not for servers", clientOnly, file, "", pinnable},

		{"SHA-1", alone, pinned(ofSHA1(alone)), "", nil},
		{"SHA-256", alone, pinned(ofSHA256(alone)), "", nil},
		{"upper case and colons", alone, pinned(colons(ofSHA1(alone))), "", nil},
		{"the second thumbprint", alone, pinned(wrong, ofSHA1(alone)), "", nil},
		{"another thumbprint", good, pinned(wrong), "", append(pinnable, "wanted a thumbprint of "+wrong, ofSHA1(good), ofSHA256(good), "renewed")},
		{"the thumbprint of the root", chained, pinned(ofSHA1(middle.Certificate)), "", append(pinnable, ofSHA1(chained))},
		{"a pinned certificate that expired", oldAlone, pinned(ofSHA1(oldAlone)), "", dates2020},
		{"a pinned certificate that is not yet valid", youngAlone, pinned(ofSHA1(youngAlone)), "", dates2200},

		{"a common name", away, named(name), "", nil},
		{"in another case", away, named("CLUSTER.example"), "", nil},
		{"with CN=", away, named("cn= " + name), "", nil},
		{"the second name", away, named("other", name), "", nil},
		{"over an intermediate", chained, named(name), "", nil},
		{"with roots in memory", away, wrapper.TLS{RootCAs: ca.pool(), ServerCommonNames: []string{name}}, "", nil},
		{"another common name", away, named("other.example"), "", append(pinnable, `"other.example"`, fmt.Sprintf("common name %q", name))},
		{"a letter that folds", away, named("clu\u017fter.example"), "", pinnable}, // a long s
		{"a name that is only a host name", sanOnly, named(name), "", append(pinnable, `common name "a node"`)},
		{"no name at all", nameless, named(name), "", append(pinnable, `common name ""`)},
		{"a name from an unknown root", foreign, named(name), "", append(pinnable, "unknown authority")},
		{"a name from the system's roots", away, wrapper.TLS{ServerCommonNames: []string{name}}, "", append(pinnable, "unknown authority")},
		{"a self-signed name", alone, named(name), "", append(pinnable, "unknown authority")},
		{"a name that expired", old, named(name), "", dates2020},
		{"a name that is not yet valid", young, named(name), "", dates2200},
		{"a name that is not for servers", clientOnly, named(name), "", append(pinnable, "key usage")},

		{"both, the thumbprint is right", alone, both(ofSHA1(alone), "other"), "", nil},
		{"both, the name is right", away, both(wrong, name), "", nil},
		{"both wrong", away, both(wrong, "other"), "", append(pinnable, wrong, `"other"`)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			eachProtocol(t, func(t *testing.T, proto string) {
				c := newCluster(t, server.Runtime)
				makeRunning(t, c)
				var got atomic.Int32
				endpoint := serveTLS(t, tc.server, proto, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					got.Add(1)
					if r.Proto != "HTTP/1.1" {
						t.Errorf("got %s, want HTTP/1.1", r.Proto)
					}
					c.handler.ServeHTTP(w, r)
				}))
				if tc.host != "" {
					endpoint = strings.Replace(endpoint, "127.0.0.1", tc.host, 1)
				}
				client := newClient(t, endpoint, wrapper.WithTLS(tc.tls))
				_, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
				if tc.refuse == nil {
					must(t, err)
					return
				}
				wantUntrusted(t, err, tc.refuse...)
				if got.Load() != 0 {
					t.Errorf("got %d requests, want 0", got.Load())
				}
				_, err = client.Operations(t.Context())
				wantUntrusted(t, err, tc.refuse...)
			})
		})
	}
}

// wantUntrusted checks the error of a call to a server that is not trusted.
func wantUntrusted(tb testing.TB, err error, say ...string) {
	tb.Helper()
	e := asError(tb, err, wrapper.ErrNotSent)
	var cert *tls.CertificateVerificationError
	if !errors.As(err, &cert) || len(cert.UnverifiedCertificates) == 0 {
		tb.Errorf("got %v, want a *tls.CertificateVerificationError with the certificate", err)
	}
	wantHopeless(tb, e, say...)
}

func wantHopeless(tb testing.TB, e *wrapper.Error, say ...string) {
	tb.Helper()
	attempts := e.Attempts()
	if len(attempts) != 1 || attempts[0].Class() != "not sent" {
		tb.Errorf("got %d attempts, the last of class %v, want one that was not sent", len(attempts), attempts[len(attempts)-1].Class())
	}
	for _, text := range say {
		if !strings.Contains(e.Error(), text) {
			tb.Errorf("got %v\nwant %q in it", e, text)
		}
	}
}

// A redirect to another host is not followed: that host gets neither a request nor the client certificate, nor even a
// connection.
func TestTLSRedirect(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "the root")
	cert, f := ca.issue(t, "cluster"), newFiles(t, ca.issue(t, "admin"), ca)
	eachProtocol(t, func(t *testing.T, proto string) {
		var came, asked atomic.Int32
		other := serveTLS(t, cert, proto, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { came.Add(1) }), func(s *httptest.Server) {
			next := s.Config.ConnState
			s.Config.ConnState = func(c net.Conn, state http.ConnState) {
				came.Add(1)
				if next != nil {
					next(c, state)
				}
			}
		})
		for _, status := range []int{301, 302, 303, 307, 308} {
			for _, plain := range []bool{false, true} {
				gate := serveTLS(t, cert, proto, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					asked.Add(1)
					to := other
					if plain {
						to = strings.Replace(other, "https:", "http:", 1)
					}
					w.Header().Set("Location", to+r.URL.RequestURI())
					w.WriteHeader(status)
				}))
				client := newClient(t, gate, wrapper.WithTLS(f.tls()), wrapper.WithForcePolicy(wrapper.ServerDecides{}), wrapper.WithRetry(wrapper.Retry{MaxAttempts: 1}))
				asked.Store(0)
				write, read := redirected(status)
				for _, force := range []bool{false, true} {
					if e := asError(t, cancelWith(t.Context(), client, force), write); e.Status() != status {
						t.Errorf("got %v with status %d, want %d", e, e.Status(), status)
					}
				}
				_, err := client.Operations(t.Context())
				wantKind(t, err, read)
				if asked.Load() != 3 {
					t.Errorf("%d: got %d requests, want 3", status, asked.Load())
				}
			}
		}
		if came.Load() != 0 {
			t.Errorf("got %d connections and requests at the other host, want 0", came.Load())
		}
	})
}

// The maximum that a client reads of an answer, and the maximum in buffers between it and the server.
const (
	bound  = 16 << 20
	onWire = 16 << 20
)

// An answer of 1 GiB is read up to the maximum, and then the connection is closed.
func TestTLSCapped(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "the root")
	cert := ca.issue(t, "cluster")
	eachProtocol(t, func(t *testing.T, proto string) {
		for _, status := range []int{200, 400, 503} {
			var written, ended atomic.Int64
			endpoint := serveTLS(t, cert, proto, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				defer ended.Add(1)
				w.WriteHeader(status)
				chunk := make([]byte, 64<<10)
				for written.Load() < 1<<30 {
					n, err := w.Write(chunk)
					written.Add(int64(n))
					if err != nil {
						return
					}
				}
			}))
			client := newClient(t, endpoint, fastWith(1), wrapper.WithTLS(wrapper.TLS{RootCAs: ca.pool()}))
			_, err := client.Operations(t.Context())
			if e := asError(t, err, wrapper.ErrUnavailable); !strings.Contains(e.Error(), fmt.Sprintf("longer than %d bytes", bound)) || len(e.Body()) > 2<<10 {
				t.Errorf("%d: got %v with %d bytes of body, want longer than %d bytes in it, and %d at most", status, e, len(e.Body()), bound, 2<<10)
			}
			wantKind(t, cancelWith(t.Context(), client, false), wrapper.ErrOutcomeUnknown)
			happens(func() bool { return ended.Load() == 2 })
			if n := written.Load(); ended.Load() != 2 || n > 2*(bound+onWire) {
				t.Errorf("%d: got %d answers ended and %d MiB written, want 2 and %d at most", status, ended.Load(), n>>20, 2*(bound+onWire)>>20)
			}
		}
	})
}

// The maximum applies to the decompressed size of an answer, here 1 GiB.
func TestTLSCappedWhenDecompressed(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "the root")
	endpoint := serveTLS(t, ca.issue(t, "cluster"), "HTTP/1.1", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			t.Errorf("got Accept-Encoding %q, want gzip, or this test is pointless", r.Header.Get("Accept-Encoding"))
		}
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		chunk := make([]byte, 1<<20)
		for range 1 << 10 {
			if _, err := z.Write(chunk); err != nil {
				return
			}
		}
	}))
	client := newClient(t, endpoint, fastWith(1), wrapper.WithTLS(wrapper.TLS{RootCAs: ca.pool()}))
	_, err := client.Operations(t.Context())
	if e := asError(t, err, wrapper.ErrUnavailable); !strings.Contains(e.Error(), fmt.Sprintf("longer than %d bytes", bound)) {
		t.Errorf("got %v, want longer than %d bytes in it", e, bound)
	}
}

// If the headers or the body of an answer arrive a byte at a time, the attempt still times out. The error of a read is
// then ErrUnavailable, and that of a cancel ErrOutcomeUnknown.
func TestTLSLoris(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "the root")
	cert := ca.issue(t, "cluster")
	slowly := func(r *http.Request, sent func(n int), send func(byte) error) {
		for i := 0; r.Context().Err() == nil && send("x-slow: "[i%8]) == nil; i++ {
			sent(i + 1)
			select {
			case <-r.Context().Done():
			case <-time.After(100 * time.Millisecond):
			}
		}
	}
	body := func(w http.ResponseWriter, r *http.Request, sent func(n int)) {
		w.WriteHeader(http.StatusOK)
		slowly(r, sent, func(b byte) error {
			if _, err := w.Write([]byte{b}); err != nil {
				return err
			}
			return http.NewResponseController(w).Flush()
		})
	}
	headers := func(w http.ResponseWriter, r *http.Request, sent func(n int)) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		_, _ = conn.Write([]byte("HTTP/1.1 200 OK\r\n"))
		slowly(r.WithContext(context.Background()), sent, func(b byte) error { _, err := conn.Write([]byte{b}); return err })
	}
	for _, tc := range []struct {
		name, proto string
		answer      func(w http.ResponseWriter, r *http.Request, sent func(n int))
	}{
		{"body", "HTTP/1.1", body},
		{"headers", "HTTP/1.1", headers},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			answer := func(sent func(n int), options ...wrapper.Option) *wrapper.Client {
				endpoint := serveTLS(t, cert, tc.proto, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { tc.answer(w, r, sent) }))
				return newClient(t, endpoint, append(options, wrapper.WithTLS(wrapper.TLS{RootCAs: ca.pool()}))...)
			}
			for kind, call := range map[error]func(context.Context, *wrapper.Client) error{
				wrapper.ErrUnavailable:    func(ctx context.Context, c *wrapper.Client) error { _, err := c.Operations(ctx); return err },
				wrapper.ErrOutcomeUnknown: gracefully,
			} {
				ctx, end := newEndedByTest(t)
				client := answer(func(n int) {
					if n == 4 {
						end()
					}
				})
				start := time.Now()
				err := call(ctx, client)
				wantKind(t, err, kind)
				wantKind(t, err, context.DeadlineExceeded)
				if d := time.Since(start); d > time.Minute {
					t.Errorf("the call took %v, want a minute at most", d)
				}
			}
			if tc.name != "body" {
				return
			}
			// Without a deadline the attempt times out 5 s after the server's timeout. If no answer has begun by
			// then, because the machine is busy, the loop tries a longer timeout.
			for seconds := 1; ; seconds *= 2 {
				var began atomic.Bool
				client := answer(func(int) { began.Store(true) }, fastWith(1))
				start, timeout := time.Now(), time.Duration(seconds)*time.Second
				_, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{Timeout: timeout})
				if !began.Load() && timeout < time.Minute {
					continue
				}
				if e := asError(t, err, wrapper.ErrOutcomeUnknown); !strings.Contains(e.Error(), fmt.Sprintf("no answer within %ds", seconds+5)) {
					t.Errorf("got %v, want no answer within %ds in it", err, seconds+5)
				}
				if d := time.Since(start); d > timeout+time.Minute {
					t.Errorf("the call took %v, want %v at most", d, timeout+time.Minute)
				}
				break
			}
		})
	}
}

// A server that is not yet trusted can put any text into its certificate. The error quotes that text, so that it cannot
// control a terminal, whether the handshake was made by this package or by the caller's HTTP client.
func TestTLSNamesAreQuoted(t *testing.T) {
	t.Parallel()
	const steering = "\x1b]0;owned\a\x1b[2J\r\n\x7f"
	ca := newAuthority(t, "the \u202eroot\u200b\u3164"+steering)
	named := func(c *x509.Certificate) {
		c.IPAddresses, c.DNSNames = nil, []string{"node" + steering, "other" + steering}
	}
	cert := ca.issue(t, "the \u202ecluster\u200b\u3164"+steering, named)
	endpoint := strings.Replace(serveTLS(t, cert, "HTTP/1.1", http.NotFoundHandler()), "127.0.0.1", "localhost", 1)
	brought := http.DefaultTransport.(*http.Transport).Clone()
	brought.Proxy = nil
	t.Cleanup(brought.CloseIdleConnections)
	for name, c := range map[string]struct {
		with wrapper.Option
		want []string
	}{
		"trusted": {wrapper.WithTLS(wrapper.TLS{RootCAs: ca.pool()}),
			[]string{"not for localhost", `names ["node\x1b]0;owned\a\x1b[2J\r\n\x7f" "other`, `common name "the \u202ecluster\u200b\u3164\x1b]0;owned`, `issuer "the \u202eroot\u200b\u3164\x1b]0;owned`, "ServerCommonNames"}},
		"unknown authority":    {wrapper.WithTLS(wrapper.TLS{}), []string{`names ["node\x1b]`, `common name "the \u202ecluster`}},
		"pinned":               {wrapper.WithTLS(wrapper.TLS{ServerThumbprints: []string{strings.Repeat("0", 40)}}), []string{`names ["node\x1b]`, "not the expected one"}},
		"caller's HTTP client": {wrapper.WithHTTPClient(&http.Client{Transport: brought}), []string{`node\x1b]0;owned`}},
	} {
		t.Run(name, func(t *testing.T) {
			err := cancelWith(t.Context(), newClient(t, endpoint, fastWith(1), c.with), false)
			e := asError(t, err, wrapper.ErrNotSent)
			for _, want := range c.want {
				if !strings.Contains(e.Error(), want) {
					t.Errorf("got %s\nwant %s in it", e, want)
				}
			}
			if strings.ContainsFunc(e.Error(), func(r rune) bool { return !unicode.IsPrint(r) || r == '\u3164' }) {
				t.Errorf("got message %q, want printable characters alone", e.Error())
			}
			var host x509.HostnameError
			if name == "trusted" && !errors.As(err, &host) {
				t.Errorf("got %v, want it to wrap an x509.HostnameError", err)
			}
		})
	}
}
