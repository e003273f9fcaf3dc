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

// ok fails the test on an error of a call and ignores its result.
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
			t.Errorf("Watch yields %v, %v, want revision %d", change, err, revision)
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
		{"user who may not write the mark", []etcd.Option{etcd.WithPrefix("mine/new/"), etcd.WithAuth("reader", "secret of reader")}, "permission denied"},
	} {
		t.Run(c.name, func(t *testing.T) {
			begin := time.Now()
			_, err := etcd.Open(t.Context(), cluster.Endpoints(), append([]etcd.Option{mine, etcd.WithDialTimeout(2 * hang)}, c.opts...)...)
			if err == nil || !strings.Contains(err.Error(), c.says) || errors.Is(err, store.ErrUnavailable) {
				t.Errorf("Open: %v, want %q", err, c.says)
			}
			if took := time.Since(begin); took > hang {
				t.Errorf("Open took %v, want at most %v", took, hang)
			}
		})
	}

	t.Run("user who may only read", func(t *testing.T) {
		s := open(t, cluster.Endpoints(), mine, etcd.WithAuth("reader", "secret of reader"))
		if item, err := s.Get(t.Context(), "a"); err != nil || string(item.Value) != "1" {
			t.Errorf("Get = %v, %v, want 1", item, err)
		}
		if _, err := s.Commit(t.Context(), write("a", "2")); err == nil || !strings.Contains(err.Error(), "permission denied") ||
			errors.Is(err, store.ErrOutcomeUnknown) || errors.Is(err, store.ErrUnavailable) {
			t.Errorf("Commit: %v, want permission denied", err)
		}
	})
	// Each change of users or roles invalidates all tokens. The store gets new ones by itself.
	t.Run("invalidated tokens", func(t *testing.T) {
		root, err := clientv3.New(clientv3.Config{Endpoints: cluster.Endpoints(), Username: "root", Password: "secret of root"})
		ok(t, root, err)
		defer root.Close()
		for name, call := range calls(t.Context(), s) {
			_, err := root.UserChangePassword(t.Context(), "stranger", "changed "+name)
			ok(t, 0, err)
			if err := call(); err != nil {
				t.Errorf("%s: %v, want nil", name, err)
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

// A cluster without authentication ignores the user and the password.
func TestAuthWithoutNeed(t *testing.T) {
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
		{"another CA", change(func(c *tls.Config) { c.RootCAs = other.pool() }), "certificate signed by unknown authority"},
		{"no client certificate", change(func(c *tls.Config) { c.Certificates = nil }), "certificate required"},
		{"client certificate of another CA", change(func(c *tls.Config) { c.Certificates = []tls.Certificate{other.issue(t)} }), "unknown certificate authority"},
		{"only the system's CAs", etcd.WithPrefix("a/"), "certificate signed by unknown authority"},
	} {
		t.Run(c.name, func(t *testing.T) {
			begin := time.Now()
			_, err := etcd.Open(t.Context(), cluster.Endpoints(), etcd.WithDialTimeout(2*hang), c.opt)
			if err == nil || !strings.Contains(err.Error(), c.says) || errors.Is(err, store.ErrUnavailable) {
				t.Errorf("Open: %v, want %q", err, c.says)
			}
			if took := time.Since(begin); took > hang {
				t.Errorf("Open took %v, want at most %v", took, hang)
			}
		})
	}
	t.Run("member without TLS", func(t *testing.T) {
		plain := strings.Replace(shared.Endpoints()[0], "http://", "https://", 1)
		if err := openSays(t, "handshake failed", []string{plain}, etcd.WithTLS(ours)); !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), "handshake failed") {
			t.Errorf("Open: %v, want ErrUnavailable and %q", err, "handshake failed")
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

// sign signs a certificate. It is self-signed if the authority has no certificate yet.
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

// issue issues a certificate for both members and clients.
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

// The server at the endpoint is not an etcd: Open says so in time, and at once if its
// context is canceled.
func TestEndpointIsNotEtcd(t *testing.T) {
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

// openSays calls Open with growing timeouts until the error contains says: how soon that
// is known depends on the machine. No call may take much longer than its timeout.
func openSays(t *testing.T, says string, endpoints []string, opts ...etcd.Option) error {
	t.Helper()
	for patience := 200 * time.Millisecond; ; patience *= 2 {
		err := soon(t, "Open", patience, func() error {
			s, err := etcd.Open(t.Context(), endpoints, append(opts, etcd.WithDialTimeout(patience))...)
			if err == nil {
				t.Fatalf("Open: no error, want %q; Close: %v", says, s.Close())
			}
			return err
		})
		if strings.Contains(err.Error(), says) || patience > hang {
			return err
		}
	}
}

// listen returns the address of a new server that calls serve for each connection until the test ends.
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
