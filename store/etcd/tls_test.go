package etcd_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"

	"github.com/sfcancel/sfcancel/internal/etcdtest"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/etcd"
)

func TestTLS(t *testing.T) {
	t.Parallel()
	authority, other := newAuthority(t), newAuthority(t)
	dir := t.TempDir()
	certFile, keyFile, authorityFile := filepath.Join(dir, "cert"), filepath.Join(dir, "key"), filepath.Join(dir, "ca")
	authority.issueFiles(t, certFile, keyFile)
	writePEM(t, authorityFile, "CERTIFICATE", authority.cert.Raw)
	cluster := etcdtest.Start(t, 1, etcdtest.WithTLS(transport.TLSInfo{
		CertFile: certFile, KeyFile: keyFile, TrustedCAFile: authorityFile, ClientCertAuth: true,
	}))
	ours := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: authority.pool(), Certificates: []tls.Certificate{authority.issue(t)}}
	s := open(t, cluster.Endpoints(), etcd.WithTLS(ours))
	revision, err := s.Commit(t.Context(), write("a", "1"))
	ok(t, revision, err)

	change := func(how func(*tls.Config)) etcd.Option {
		config := ours.Clone()
		how(config)
		return etcd.WithTLS(config)
	}
	for _, c := range []struct {
		name string
		opt  etcd.Option
		says string
	}{
		{"authority of somebody else", change(func(c *tls.Config) { c.RootCAs = other.pool() }), "certificate signed by unknown authority"},
		{"no client certificate", change(func(c *tls.Config) { c.Certificates = nil }), "certificate required"},
		{"client certificate of somebody else", change(func(c *tls.Config) { c.Certificates = []tls.Certificate{other.issue(t)} }), "unknown certificate authority"},
		{"nothing but the authorities of the system", etcd.WithPrefix("a/"), "certificate signed by unknown authority"},
	} {
		t.Run(c.name, func(t *testing.T) {
			begin := time.Now()
			_, err := etcd.Open(t.Context(), cluster.Endpoints(), etcd.WithDialTimeout(2*hang), c.opt)
			if err == nil || !strings.Contains(err.Error(), c.says) || errors.Is(err, store.ErrUnavailable) {
				t.Errorf("Open: %v, want %q", err, c.says)
			}
			if took := time.Since(begin); took > hang {
				t.Errorf("Open took %v, want %v at most", took, hang)
			}
		})
	}
	t.Run("member without TLS", func(t *testing.T) {
		plain := strings.Replace(shared.Endpoints()[0], "http://", "https://", 1)
		if err := openSays(t, "handshake failed", []string{plain}, etcd.WithTLS(ours)); !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "handshake failed") {
			t.Errorf("Open: %v, want ErrUnavailable and why", err)
		}
	})
	t.Run("store without TLS", func(t *testing.T) {
		insecure := strings.Replace(cluster.Endpoints()[0], "https://", "http://", 1)
		_, err := etcd.Open(t.Context(), []string{insecure}, etcd.WithDialTimeout(time.Second))
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("Open: %v, want ErrUnavailable", err)
		}
	})
}

type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	a := authority{}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "authority"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.cert, a.key = a.sign(t, template)
	return a
}

// sign is self-signed for an authority that has no certificate yet.
func (a authority) sign(t *testing.T, template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ok(t, key, err)
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	template.NotBefore, template.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, parentKey := a.cert, a.key
	if parent == nil {
		parent, parentKey = template, key
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	ok(t, raw, err)
	cert, err := x509.ParseCertificate(raw)
	ok(t, cert, err)
	return cert, key
}

func (a authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// issue is for a member and for a client alike.
func (a authority) issue(t *testing.T) tls.Certificate {
	t.Helper()
	cert, key := a.sign(t, &x509.Certificate{
		Subject:     pkix.Name{CommonName: "somebody"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	})
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key}
}

func (a authority) issueFiles(t *testing.T, certFile, keyFile string) {
	t.Helper()
	issued := a.issue(t)
	writePEM(t, certFile, "CERTIFICATE", issued.Certificate[0])
	key, err := x509.MarshalECPrivateKey(issued.PrivateKey.(*ecdsa.PrivateKey))
	ok(t, key, err)
	writePEM(t, keyFile, "EC PRIVATE KEY", key)
}

func writePEM(t *testing.T, path, kind string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
		t.Fatal(err)
	}
}
