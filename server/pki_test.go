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
	"sync/atomic"
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
