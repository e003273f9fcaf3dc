package server_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/contract"
	"github.com/sfcancel/sfcancel/server"
)

// issued is a certificate made for a test, with its key and with what a client
// sends along.
type issued struct {
	cert  *x509.Certificate
	key   *ecdsa.PrivateKey
	chain [][]byte
}

func (i *issued) tls() tls.Certificate {
	return tls.Certificate{Certificate: i.chain, PrivateKey: i.key, Leaf: i.cert}
}

func (i *issued) thumbprint() string { return fmt.Sprintf("%x", sha1.Sum(i.cert.Raw)) }

func (i *issued) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(i.cert)
	return pool
}

// issue makes a client certificate with that common name, changed as asked for.
// Without an issuer it is self-signed.
func issue(t testing.TB, by *issued, name string, changes ...func(*x509.Certificate)) *issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := issueTemplate(name)
	for _, change := range changes {
		change(template)
	}
	subject := &issued{key: key}
	if by == nil {
		return sign(t, template, template, subject, key)
	}
	return sign(t, template, by.cert, subject, by.key)
}

// issueTemplate is a certificate as a client has it.
func issueTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(serial.Add(1)),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
}

var serial atomic.Int64

// sign makes the certificate of a template for the key of a subject.
func sign(t testing.TB, template, parent *x509.Certificate, subject *issued, by *ecdsa.PrivateKey) *issued {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &subject.key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &issued{cert: cert, key: subject.key, chain: [][]byte{der}}
}

func authority(c *x509.Certificate) {
	c.IsCA, c.BasicConstraintsValid = true, true
	c.KeyUsage, c.ExtKeyUsage = x509.KeyUsageCertSign, nil
}

func ofServer(c *x509.Certificate) {
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)}
}

func expired(c *x509.Certificate)  { c.NotAfter = time.Now().Add(-time.Minute) }
func early(c *x509.Certificate)    { c.NotBefore = time.Now().Add(time.Minute) }
func anyUsage(c *x509.Certificate) { c.ExtKeyUsage = nil }

// severalNames replaces the common name with several.
func severalNames(names ...string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		c.Subject = pkix.Name{}
		for _, name := range names {
			c.Subject.ExtraNames = append(c.Subject.ExtraNames, pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: name})
		}
	}
}

// sending adds what a client sends after its own certificate.
func (i *issued) sending(others ...*issued) *issued {
	with := *i
	with.chain = i.chain[:1:1]
	for _, o := range others {
		with.chain = append(with.chain, o.chain[0])
	}
	return &with
}

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
	return answerOf(t, resp.StatusCode, resp.Header, body), resp.Proto
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

func answerOf(t testing.TB, status int, header http.Header, body []byte) answer {
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
