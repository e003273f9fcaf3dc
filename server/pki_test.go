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
	"math/big"
	"net"
	"testing"
	"time"
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
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	for _, change := range changes {
		change(template)
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &issued{cert: cert, key: key, chain: [][]byte{der}}
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
