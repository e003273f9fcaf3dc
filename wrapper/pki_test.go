package wrapper_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/wrapper"
)

// authority issues certificates. A nil one lets them sign themselves.
type authority struct{ tls.Certificate }

func newAuthority(tb testing.TB, name string) *authority {
	tb.Helper()
	var none *authority
	return &authority{none.issue(tb, name, func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	})}
}

// issue makes a certificate that is good now, for both sides and for 127.0.0.1,
// unless an edit says otherwise.
func (a *authority) issue(tb testing.TB, name string, edits ...func(*x509.Certificate)) tls.Certificate {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(tb, err)
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	must(tb, err)
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, edit := range edits {
		edit(template)
	}
	parent, signer := template, any(key)
	if a != nil {
		parent, signer = a.Leaf, a.PrivateKey
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	must(tb, err)
	leaf, err := x509.ParseCertificate(raw)
	must(tb, err)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key, Leaf: leaf}
}

func expired(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2021, 1, 1, 0, 0, 0, 0, time.UTC)
}

func notYetValid(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2201, 1, 1, 0, 0, 0, 0, time.UTC)
}

func namedElsewhere(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"node.example"} }

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.Leaf)
	return pool
}

func ofSHA1(c tls.Certificate) string {
	sum := sha1.Sum(c.Certificate[0])
	return hex.EncodeToString(sum[:])
}

func ofSHA256(c tls.Certificate) string {
	sum := sha256.Sum256(c.Certificate[0])
	return hex.EncodeToString(sum[:])
}

func certPEM(c tls.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Certificate[0]})
}

func keyPEM(tb testing.TB, c tls.Certificate) []byte {
	tb.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	must(tb, err)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
}

// files are those of a client in a directory of their own.
type files struct{ cert, key, ca string }

func newFiles(tb testing.TB, cert tls.Certificate, ca *authority) files {
	tb.Helper()
	dir := tb.TempDir()
	f := files{filepath.Join(dir, "client.pem"), filepath.Join(dir, "client.key"), filepath.Join(dir, "ca.pem")}
	f.putPair(tb, cert)
	put(tb, f.ca, certPEM(ca.Certificate))
	return f
}

func (f files) putPair(tb testing.TB, cert tls.Certificate) {
	tb.Helper()
	put(tb, f.cert, certPEM(cert))
	put(tb, f.key, keyPEM(tb, cert))
}

func (f files) tls() wrapper.TLS {
	return wrapper.TLS{CertFile: f.cert, KeyFile: f.key, CAFile: f.ca}
}

func put(tb testing.TB, path string, content []byte) {
	tb.Helper()
	must(tb, os.WriteFile(path, content, 0o600))
}

// awaitLook waits until the next request looks at the files of its client again.
func awaitLook() { time.Sleep(50 * time.Millisecond) }

// serveTLS puts a handler on a socket, behind TLS that asks for a client certificate.
func serveTLS(tb testing.TB, cert tls.Certificate, proto string, h http.Handler, edits ...func(*httptest.Server)) string {
	tb.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.EnableHTTP2 = proto == "HTTP/2.0"
	srv.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	for _, edit := range edits {
		edit(srv)
	}
	srv.StartTLS()
	tb.Cleanup(srv.Close)
	return srv.URL
}

// eachProtocol runs a test with a server that speaks HTTP/1.1, and with one that offers HTTP/2
// as well. The client speaks HTTP/1.1 with both.
func eachProtocol(t *testing.T, test func(t *testing.T, proto string)) {
	t.Helper()
	for _, proto := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(proto, func(t *testing.T) {
			t.Parallel()
			test(t, proto)
		})
	}
}
