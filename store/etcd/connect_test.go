package etcd_test

import (
	"context"
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
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/internal/etcdtest"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/etcd"
	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// ok fails the test on an error of a call whose answer is not of interest.
func ok[T any](t *testing.T, _ T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestAuth(t *testing.T) {
	t.Parallel()
	cluster := etcdtest.Start(t, 1)
	admin := cluster.Client(t)
	add := func(user string, permissions ...func(role string)) {
		t.Helper()
		_, err := admin.UserAdd(t.Context(), user, "secret of "+user)
		ok(t, 0, err)
		_, err = admin.RoleAdd(t.Context(), user)
		ok(t, 0, err)
		for _, grant := range permissions {
			grant(user)
		}
		_, err = admin.UserGrantRole(t.Context(), user, user)
		ok(t, 0, err)
	}
	on := func(prefix string, kind clientv3.PermissionType) func(string) {
		return func(role string) {
			_, err := admin.RoleGrantPermission(t.Context(), role, prefix, clientv3.GetPrefixRangeEnd(prefix), kind)
			ok(t, 0, err)
		}
	}
	// "root" is the name of the role that may do everything.
	_, err := admin.UserAdd(t.Context(), "root", "secret of root")
	ok(t, 0, err)
	_, err = admin.UserGrantRole(t.Context(), "root", "root")
	ok(t, 0, err)
	add("writer", on("mine/", clientv3.PermissionType(clientv3.PermReadWrite)))
	add("reader", on("mine/", clientv3.PermissionType(clientv3.PermRead)))
	add("stranger", on("other/", clientv3.PermissionType(clientv3.PermReadWrite)))
	_, err = admin.AuthEnable(t.Context())
	ok(t, 0, err)

	mine := etcd.WithPrefix("mine/")
	s := open(t, cluster.Endpoints(), mine, etcd.WithAuth("writer", "secret of writer"))
	revision, err := s.Commit(t.Context(), write("a", "1"))
	ok(t, revision, err)
	for change, err := range s.Watch(t.Context(), "", revision-1) {
		if err != nil || change.Revision != revision {
			t.Errorf("Watch yields %v, %v", change, err)
		}
		break
	}

	for _, c := range []struct {
		name string
		opts []etcd.Option
		says string
	}{
		{"no user", nil, "user name is empty"},
		{"wrong password", []etcd.Option{etcd.WithAuth("writer", "guess")}, "authentication failed"},
		{"unknown user", []etcd.Option{etcd.WithAuth("nobody", "guess")}, "authentication failed"},
		{"user of another prefix", []etcd.Option{etcd.WithAuth("stranger", "secret of stranger")}, "permission denied"},
		{"user of a prefix who may write elsewhere", []etcd.Option{etcd.WithPrefix("mine/new/"), etcd.WithAuth("reader", "secret of reader")}, "permission denied"},
	} {
		t.Run(c.name, func(t *testing.T) {
			begin := time.Now()
			_, err := etcd.Open(t.Context(), cluster.Endpoints(), append([]etcd.Option{mine, etcd.WithDialTimeout(2 * hang)}, c.opts...)...)
			if err == nil || !strings.Contains(err.Error(), c.says) || errors.Is(err, store.ErrUnavailable) {
				t.Errorf("Open: %v, want %q", err, c.says)
			}
			if took := time.Since(begin); took > hang {
				t.Errorf("Open took %v, want %v at most", took, hang)
			}
		})
	}

	t.Run("user who may only read", func(t *testing.T) {
		s := open(t, cluster.Endpoints(), mine, etcd.WithAuth("reader", "secret of reader"))
		if item, err := s.Get(t.Context(), "a"); err != nil || string(item.Value) != "1" {
			t.Errorf("Get = %v, %v", item, err)
		}
		if _, err := s.Commit(t.Context(), write("a", "2")); err == nil || !strings.Contains(err.Error(), "permission denied") ||
			errors.Is(err, store.ErrOutcomeUnknown) || errors.Is(err, store.ErrUnavailable) {
			t.Errorf("Commit: %v, want permission denied", err)
		}
	})
	// Whatever changes users or roles makes all tokens old, which nobody notices.
	t.Run("tokens are old", func(t *testing.T) {
		root, err := clientv3.New(clientv3.Config{Endpoints: cluster.Endpoints(), Username: "root", Password: "secret of root"})
		ok(t, root, err)
		defer root.Close()
		for name, call := range calls(t.Context(), s) {
			_, err := root.UserChangePassword(t.Context(), "stranger", "changed "+name)
			ok(t, 0, err)
			if err := call(); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, err = root.UserRevokeRole(t.Context(), "writer", "writer")
		ok(t, 0, err)
		for name, call := range calls(t.Context(), s) {
			if err := call(); err == nil || !strings.Contains(err.Error(), "permission denied") {
				t.Errorf("%s: %v, want permission denied", name, err)
			}
		}
		for _, err := range s.Watch(t.Context(), "", 0) {
			if err == nil || !strings.Contains(err.Error(), "permission denied") {
				t.Errorf("Watch yields %v, want permission denied", err)
			}
			break
		}
	})
}

// A user without a password is no error where nobody asks for one.
func TestAuthThatNobodyAsksFor(t *testing.T) {
	s := open(t, shared.Endpoints(), withNewPrefix(), etcd.WithAuth("user", "secret"))
	revision, err := s.Commit(t.Context(), write("a", "1"))
	ok(t, revision, err)
}

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

// What is at the endpoint is no etcd, or not the one that was meant: Open says so, in
// time, and at once if its context is cancelled.
func TestStrangersAtTheEndpoint(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	web2 := httptest.NewUnstartedServer(http.NotFoundHandler())
	web2.Config.Protocols = new(http.Protocols)
	web2.Config.Protocols.SetUnencryptedHTTP2(true)
	web2.Start()
	defer web2.Close()
	for _, c := range []struct{ name, endpoint, says string }{
		{"web server", web.URL, "connection error"},
		{"web server of HTTP/2", web2.URL, "not an etcd"},
		{"silent", "http://" + listen(t, func(net.Conn) {}), "DeadlineExceeded"},
		{"hangs up", "http://" + listen(t, func(conn net.Conn) { _ = conn.Close() }), "Unavailable"},
		{"talks first", "http://" + listen(t, func(conn net.Conn) { _, _ = conn.Write([]byte("220 hello\r\n")) }), "connection error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := openSays(t, c.says, []string{c.endpoint})
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), c.endpoint) {
				t.Errorf("Open: %v, want %q", err, c.says)
			}
			if c.says != "not an etcd" && !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("Open: %v, want ErrUnavailable", err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(50*time.Millisecond, cancel)
			err = soon(t, "Open", 0, func() error {
				_, err := etcd.Open(ctx, []string{c.endpoint}, etcd.WithDialTimeout(2*hang))
				return err
			})
			if !errors.Is(err, context.Canceled) && c.says != "not an etcd" {
				t.Errorf("Open: %v, want Canceled", err)
			}
		})
	}
	t.Run("among members", func(t *testing.T) {
		endpoints := append([]string{"http://127.0.0.1:1", web.URL}, shared.Endpoints()...)
		s := open(t, endpoints, withNewPrefix())
		_, err := s.Commit(t.Context(), write("a", "1"))
		ok(t, 0, err)
	})
}

// openSays opens with more and more time, until the error says what it should: how soon that
// is known is up to the machine. No error comes much later than it has to.
func openSays(t *testing.T, says string, endpoints []string, opts ...etcd.Option) error {
	t.Helper()
	for patience := 200 * time.Millisecond; ; patience *= 2 {
		err := soon(t, "Open", patience, func() error {
			s, err := etcd.Open(t.Context(), endpoints, append(opts, etcd.WithDialTimeout(patience))...)
			if err == nil {
				t.Fatal("Open: no error", s.Close())
			}
			return err
		})
		if strings.Contains(err.Error(), says) || patience > hang {
			return err
		}
	}
}

// listen serves each connection at an address of its own, until the test ends.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	ok(t, listener, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			serve(conn)
		}
	}()
	return listener.Addr().String()
}
