package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// testPKI is an authority of its own, with the files that serve needs and the
// certificates that clients show.
type testPKI struct {
	dir     string
	ca      *x509.Certificate
	caKey   *ecdsa.PrivateKey
	clients map[string]tls.Certificate
}

func newTestPKI(t *testing.T) *testPKI {
	t.Helper()
	p := &testPKI{dir: t.TempDir(), clients: make(map[string]tls.Certificate)}
	root := p.issue(t, "test root", func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	})
	p.ca, p.caKey = root.Leaf, root.PrivateKey.(*ecdsa.PrivateKey)
	p.write(t, "ca.pem", "CERTIFICATE", p.ca.Raw)

	srv := p.issue(t, "server", func(c *x509.Certificate) {
		c.IPAddresses, c.ExtKeyUsage = []net.IP{net.IPv4(127, 0, 0, 1)}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	})
	key, err := x509.MarshalPKCS8PrivateKey(srv.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	p.write(t, "server.pem", "CERTIFICATE", srv.Leaf.Raw)
	p.write(t, "server.key", "PRIVATE KEY", key)
	p.clients["server"] = srv
	for _, name := range []string{"admin", "user", "stranger"} {
		p.clients[name] = p.issue(t, name, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
	}
	return p
}

// issue makes a certificate; the first one signs itself.
func (p *testPKI) issue(t *testing.T, name string, edit func(*x509.Certificate)) tls.Certificate {
	t.Helper()
	c, err := p.make(name, edit)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (p *testPKI) make(name string, edit func(*x509.Certificate)) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
	}
	edit(template)
	parent, signer := p.ca, p.caKey
	if parent == nil {
		parent, signer = template, key
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(raw)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key, Leaf: leaf}, err
}

func (p *testPKI) write(t *testing.T, name, kind string, content []byte) {
	t.Helper()
	if err := os.WriteFile(p.file(name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p *testPKI) file(name string) string { return filepath.Join(p.dir, name) }

func (p *testPKI) thumbprint(name string) string {
	sum := sha1.Sum(p.clients[name].Leaf.Raw)
	return hex.EncodeToString(sum[:])
}

// config is what a client shows: the certificate of that name, nil for none.
func (p *testPKI) config(name *string) *tls.Config {
	c := &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}
	c.RootCAs.AddCert(p.ca)
	if name != nil {
		c.Certificates = []tls.Certificate{p.clients[*name]}
	}
	return c
}
