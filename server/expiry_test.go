package server_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/server"
)

// A certificate is judged with every request: one that expires is turned away on
// the connection it was accepted on, and in a session that is resumed.
func TestCertificateExpires(t *testing.T) {
	cert := issue(t, nil, "admin")
	for _, proto := range protocols {
		for _, resumed := range []bool{false, true} {
			name := proto + " on the same connection"
			if resumed {
				name = proto + " in a resumed session"
			}
			t.Run(name, func(t *testing.T) {
				var passed atomic.Int64
				h := bareHandler(t, &spy{}, server.WithClientCertificates(server.ClientCertificates{Admin: []string{cert.thumbprint()}}))
				h.SetClock(func() time.Time { return time.Now().Add(time.Duration(passed.Load())) })
				at := listenFor(t, h)
				c := at.as(t, cert, proto, func(c *tls.Config) { c.ClientSessionCache = tls.NewLRUClientSessionCache(4) })

				for i, step := range []struct {
					passed time.Duration
					want   want
				}{{0, ok}, {0, ok}, {50 * time.Minute, ok}, {2 * time.Hour, turnedAway}, {0, ok}} {
					passed.Store(int64(step.passed))
					reused := false
					ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reused = i.Reused }})
					r, err := http.NewRequestWithContext(ctx, http.MethodPost, at.url+gracefully, http.NoBody)
					if err != nil {
						t.Fatal(err)
					}
					resp, err := c.Do(r)
					if err != nil {
						t.Fatal(err)
					}
					body, err := io.ReadAll(resp.Body)
					_ = resp.Body.Close()
					if err != nil {
						t.Fatal(err)
					}
					if got := judged(t, resp.StatusCode, resp.Header, body); got.want != step.want {
						t.Errorf("step %d: got %v, want %v", i, got.want, step.want)
					}
					if i > 0 && (reused == resumed || resp.TLS.DidResume != resumed) {
						t.Errorf("step %d: same connection %v, resumed session %v", i, reused, resp.TLS.DidResume)
					}
					if resumed {
						c.CloseIdleConnections()
					}
				}
			})
		}
	}
}

// The chain is judged at the same moment as the certificate at its end.
func TestAuthorityExpires(t *testing.T) {
	shortly := func(c *x509.Certificate) { c.NotAfter = time.Now().Add(10 * time.Minute) }
	root := issue(t, nil, "root", authority)
	for name, ca := range map[string]*issued{
		"root":         issue(t, nil, "short", authority, shortly),
		"intermediate": issue(t, root, "short", authority, shortly),
	} {
		t.Run(name, func(t *testing.T) {
			pool := root.pool()
			if name == "root" {
				pool = ca.pool()
			}
			var passed atomic.Int64
			h := bareHandler(t, &spy{}, server.WithClientCertificates(server.ClientCertificates{Admin: []string{"CN=admin"}, CA: pool}))
			h.SetClock(func() time.Time { return time.Now().Add(time.Duration(passed.Load())) })
			at := listenFor(t, h)
			c := at.as(t, issue(t, ca, "admin").sending(ca), "HTTP/1.1")
			for _, step := range []struct {
				passed time.Duration
				want   want
			}{{0, ok}, {20 * time.Minute, turnedAway}} {
				passed.Store(int64(step.passed))
				if got, _ := at.send(t, c, "POST", gracefully, nil); got.want != step.want {
					t.Errorf("after %v: got %v, want %v", step.passed, got.want, step.want)
				}
			}
		})
	}
}
