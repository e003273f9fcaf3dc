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
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// trust is how client and server verify each other's certificate.
type trust string

const (
	byName       trust = "name-and-ca"
	byThumbprint trust = "thumbprint"
)

// openTLS cancels over mutual TLS, on connections that stay open.
func openTLS(t trust, callers int) (_ []side, _ func() error, err error) {
	var c closers
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	dir, err := os.MkdirTemp("", "sfcancel-bench-")
	if err != nil {
		return nil, nil, err
	}
	c.add(func() error { return os.RemoveAll(dir) })
	keys, err := newKeys(dir)
	if err != nil {
		return nil, nil, err
	}

	trusted := server.ClientCertificates{Admin: []string{"CN=client"}, CA: keys.roots}
	mine := wrapper.TLS{CertFile: keys.certFile, KeyFile: keys.keyFile, CAFile: keys.caFile, ServerCommonNames: []string{"server"}}
	if t == byThumbprint {
		trusted = server.ClientCertificates{Admin: []string{thumbprint(keys.client)}}
		mine = wrapper.TLS{CertFile: keys.certFile, KeyFile: keys.keyFile, ServerThumbprints: []string{thumbprint(keys.server)}}
	}
	edge, err := oursHandler(always, server.WithClientCertificates(trusted))
	if err != nil {
		return nil, nil, err
	}
	srv := server.NewHTTPServer(edge, nil)
	srv.TLSConfig = server.TLSConfig(keys.server)
	address, err := serve(srv, &c)
	if err != nil {
		return nil, nil, err
	}
	ours, err := wrapper.New(address, wrapper.WithTLS(mine))
	if err != nil {
		return nil, nil, err
	}
	c.add(func() error { ours.Close(); return nil })

	other := byHand(dutyHandler(always))
	other.TLSConfig = &tls.Config{
		Certificates: []tls.Certificate{keys.server}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: keys.roots, MinVersion: tls.VersionTLS12,
	}
	address, err = serve(other, &c)
	if err != nil {
		return nil, nil, err
	}
	d := duty{plain{address, dialer(&tls.Config{Certificates: []tls.Certificate{keys.client}, RootCAs: keys.roots, MinVersion: tls.VersionTLS12}, &c)}}

	sides := []side{ask("ours", callers, oursCancel(ours)), ask("duty", callers, d.cancel), ask("duty with memory", callers, remember(d).cancel)}
	return sides, c.close, errors.Join(sides[0].many(warm), sides[2].many(warm))
}

// keys are the certificates of client, server and CA, in memory and as files.
type keys struct {
	server, client            tls.Certificate
	roots                     *x509.CertPool
	certFile, keyFile, caFile string
}

func newKeys(dir string) (k keys, err error) {
	root, err := issue("root", nil)
	if err != nil {
		return k, err
	}
	if k.server, err = issue("server", &root); err != nil {
		return k, err
	}
	if k.client, err = issue("client", &root); err != nil {
		return k, err
	}
	k.roots = x509.NewCertPool()
	k.roots.AddCert(root.Leaf)
	key, err := x509.MarshalPKCS8PrivateKey(k.client.PrivateKey)
	k.certFile, k.keyFile, k.caFile = filepath.Join(dir, "client.pem"), filepath.Join(dir, "client.key"), filepath.Join(dir, "ca.pem")
	return k, errors.Join(err,
		writePEM(k.certFile, "CERTIFICATE", k.client.Certificate[0]),
		writePEM(k.keyFile, "PRIVATE KEY", key),
		writePEM(k.caFile, "CERTIFICATE", root.Certificate[0]))
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

// issue creates a certificate signed by another one, or a self-signed CA if by is nil.
func issue(name string, by *tls.Certificate) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	now := time.Now()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true,
	}
	parent, signer := c, any(key)
	if by == nil {
		c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign
	} else {
		parent, signer = by.Leaf, by.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), signer)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}

// thumbprint returns the SHA-1 of a certificate, by which Service Fabric identifies it.
func thumbprint(c tls.Certificate) string {
	sum := sha1.Sum(c.Certificate[0])
	return hex.EncodeToString(sum[:])
}
