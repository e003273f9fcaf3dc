package server_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/contract"
	"github.com/sfcancel/sfcancel/server"
)

var (
	turnedAway = want{status: 403} // and nothing else
	denied     = want{403, generated.ErrorCodeAccessDenied}
)

var protocols = []string{"HTTP/1.1", "HTTP/2.0"}

// secure serves a handler over TLS on a real socket.
type secure struct {
	url   string
	roots *x509.CertPool
}

func listen(t testing.TB, h http.Handler, config *tls.Config, roots *x509.CertPool) *secure {
	t.Helper()
	if bare, ok := h.(*server.Handler); ok {
		h = contract.Handler(t, edge(bare), bare)
	}
	srv := httptest.NewUnstartedServer(nil)
	srv.Config = server.NewHTTPServer(h, nil)
	srv.TLS = config
	srv.EnableHTTP2 = true
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return &secure{url: srv.URL, roots: roots}
}

func listenFor(t testing.TB, h http.Handler) *secure {
	t.Helper()
	cert := issue(t, nil, "server", ofServer)
	return listen(t, h, server.TLSConfig(cert.tls()), cert.pool())
}

// as returns a client of one protocol that shows a certificate, or none.
func (s *secure) as(t testing.TB, cert *issued, proto string, changes ...func(*tls.Config)) *http.Client {
	t.Helper()
	config := &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS12}
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if cert == nil {
			return &tls.Certificate{}, nil
		}
		c := cert.tls()
		return &c, nil
	}
	for _, change := range changes {
		change(config)
	}
	transport := &http.Transport{TLSClientConfig: config, Protocols: new(http.Protocols)}
	transport.Protocols.SetHTTP1(proto == "HTTP/1.1")
	transport.Protocols.SetHTTP2(proto == "HTTP/2.0")
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// send sends one request and checks the shape of the answer. A client that is
// turned away gets nothing to read.
func (s *secure) send(t testing.TB, c *http.Client, method, target string, header http.Header) (got answer, proto string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+target, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return judged(t, resp.StatusCode, resp.Header, body), resp.Proto
}

func (s *secure) head(t testing.TB, c *http.Client, target string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodHead, s.url+target, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

func judged(t testing.TB, status int, header http.Header, body []byte) answer {
	t.Helper()
	switch {
	case status == http.StatusForbidden && len(body) == 0:
		for _, name := range []string{"Content-Type", "Www-Authenticate"} {
			if header.Values(name) != nil {
				t.Errorf("an empty 403 has %s %q", name, header.Values(name))
			}
		}
		return answer{want: turnedAway, header: header}
	case strings.HasPrefix(header.Get("Content-Type"), "text/html"):
		return answer{want: want{status: status}, header: header, body: string(body)}
	default:
		return shaped(t, status, header, body)
	}
}
