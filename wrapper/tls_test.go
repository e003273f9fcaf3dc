package wrapper_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// New reports every invalid TLS setting, with the file and the remedy, and without any part of a key.
func TestTLSInvalidOptions(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "the root")
	one, two := ca.issue(t, "one"), ca.issue(t, "two")
	f := newFiles(t, one, ca)
	dir := filepath.Dir(f.cert)
	putIn := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		put(t, path, content)
		return path
	}
	secret := keyPEM(t, one)
	block, _ := pem.Decode(secret)
	damagedKey := putIn("damaged.key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: block.Bytes[:len(block.Bytes)-20]}))
	halfKey := putIn("half.key", secret[:len(secret)/2])
	sealed := bytes.Repeat([]byte{0xa5}, len(block.Bytes))
	encrypted := putIn("encrypted.key", pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: sealed}))
	oldEncrypted := putIn("old.key", pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED"}, Bytes: sealed}))
	twoKey := putIn("two.key", keyPEM(t, two))
	damagedCert := putIn("damaged.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: one.Certificate[0][:100]}))
	halfRoots := putIn("half.pem", append(certPEM(ca.Certificate), certPEM(one)[:200]...))
	badRoots := putIn("bad.pem", append(certPEM(ca.Certificate), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("no")})...))
	empty := putIn("empty.pem", nil)
	pfx := putIn("client.pfx", []byte{0x30, 0x82, 0x0a, 0, 0, 1})
	huge := putIn("huge.pem", bytes.Repeat([]byte("#\n"), 3<<20))
	missing := filepath.Join(dir, "missing")
	locked := putIn("locked.key", secret)
	must(t, os.Chmod(locked, 0))

	const good = "https://localhost:19080"
	source := func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return nil, nil }
	for _, tc := range []struct {
		name     string
		endpoint string
		tls      wrapper.TLS
		say      []string
	}{
		{"no key", good, wrapper.TLS{CertFile: f.cert}, []string{"CertFile and KeyFile go together"}},
		{"no certificate", good, wrapper.TLS{KeyFile: f.key}, []string{"CertFile and KeyFile go together"}},
		{"two client certificates", good, wrapper.TLS{CertFile: f.cert, KeyFile: f.key, GetClientCertificate: source}, []string{"GetClientCertificate", "set one"}},
		{"two sources of roots", good, wrapper.TLS{CAFile: f.ca, RootCAs: ca.pool()}, []string{"CAFile or from RootCAs", "set one"}},
		{"no roots", good, wrapper.TLS{RootCAs: x509.NewCertPool()}, []string{"RootCAs has no certificate"}},
		{"roots for thumbprints", good, wrapper.TLS{CAFile: f.ca, ServerThumbprints: []string{ofSHA1(one)}}, []string{"CAFile", "no effect"}},
		{"roots in memory for thumbprints", good, wrapper.TLS{RootCAs: ca.pool(), ServerThumbprints: []string{ofSHA1(one)}}, []string{"RootCAs", "no effect"}},

		{"missing certificate", good, wrapper.TLS{CertFile: missing, KeyFile: f.key}, []string{missing, "no such file"}},
		{"missing key", good, wrapper.TLS{CertFile: f.cert, KeyFile: missing}, []string{missing, "no such file"}},
		{"missing roots", good, wrapper.TLS{CAFile: missing}, []string{missing, "no such file"}},
		{"a directory", good, wrapper.TLS{CAFile: dir}, []string{dir, "not a regular file"}},
		{"a device", good, wrapper.TLS{CAFile: "/dev/zero"}, []string{"/dev/zero", "not a regular file"}},
		{"too long", good, wrapper.TLS{CAFile: huge}, []string{huge, "longer than 4 MiB"}},

		{"certificate and key swapped", good, wrapper.TLS{CertFile: f.key, KeyFile: f.cert}, []string{"CertFile " + f.key, "no PEM block CERTIFICATE"}},
		{"the certificate twice", good, wrapper.TLS{CertFile: f.cert, KeyFile: f.cert}, []string{"KeyFile " + f.cert, "no PEM block PRIVATE KEY"}},
		{"a PFX file", good, wrapper.TLS{CertFile: pfx, KeyFile: pfx}, []string{pfx, "openssl pkcs12"}},
		{"an empty certificate", good, wrapper.TLS{CertFile: empty, KeyFile: f.key}, []string{empty, "no PEM block CERTIFICATE"}},
		{"an empty key", good, wrapper.TLS{CertFile: f.cert, KeyFile: empty}, []string{empty, "no PEM block PRIVATE KEY"}},
		{"a damaged certificate", good, wrapper.TLS{CertFile: damagedCert, KeyFile: f.key}, []string{damagedCert, "damaged"}},
		{"a damaged key", good, wrapper.TLS{CertFile: f.cert, KeyFile: damagedKey}, []string{damagedKey, "cannot be read", "PKCS #8"}},
		{"half a key", good, wrapper.TLS{CertFile: f.cert, KeyFile: halfKey}, []string{halfKey, "no PEM block PRIVATE KEY"}},
		{"an encrypted key", good, wrapper.TLS{CertFile: f.cert, KeyFile: encrypted}, []string{encrypted, "is encrypted", "openssl pkey"}},
		{"a key encrypted in the old format", good, wrapper.TLS{CertFile: f.cert, KeyFile: oldEncrypted}, []string{oldEncrypted, "is encrypted", "openssl pkey"}},
		{"the key of another certificate", good, wrapper.TLS{CertFile: f.cert, KeyFile: twoKey}, []string{f.cert, twoKey, "does not belong"}},
		{"a key without read permission", good, wrapper.TLS{CertFile: f.cert, KeyFile: locked}, []string{locked, "permission denied"}},
		{"empty roots", good, wrapper.TLS{CAFile: empty}, []string{empty, "no PEM block CERTIFICATE"}},
		{"roots cut off", good, wrapper.TLS{CAFile: halfRoots}, []string{halfRoots, "cut off"}},
		{"a bad root among good ones", good, wrapper.TLS{CAFile: badRoots}, []string{badRoots, "damaged"}},

		{"39 digits", good, wrapper.TLS{ServerThumbprints: []string{strings.Repeat("a", 39)}}, []string{"ServerThumbprints[0]", "40 (SHA-1) or 64 (SHA-256)"}},
		{"SHA-512", good, wrapper.TLS{ServerThumbprints: []string{ofSHA1(one), strings.Repeat("a", 128)}}, []string{"ServerThumbprints[1]", "40 (SHA-1) or 64 (SHA-256)"}},
		{"no hexadecimal digits", good, wrapper.TLS{ServerThumbprints: []string{strings.Repeat("g", 40)}}, []string{"ServerThumbprints[0]", "hexadecimal"}},
		{"an empty thumbprint", good, wrapper.TLS{ServerThumbprints: []string{""}}, []string{"ServerThumbprints[0]"}},
		{"an invisible character", good, wrapper.TLS{ServerThumbprints: []string{"\u200e" + ofSHA1(one)}}, []string{"ServerThumbprints[0]", "invisible"}},
		{"a blank name", good, wrapper.TLS{ServerCommonNames: []string{" "}}, []string{"ServerCommonNames[0]", "blank"}},
		{"a blank name after CN=", good, wrapper.TLS{ServerCommonNames: []string{"CN="}}, []string{"ServerCommonNames[0]", "blank"}},
		{"an invisible character in a name", good, wrapper.TLS{ServerCommonNames: []string{"a\u200e"}}, []string{"ServerCommonNames[0]", "invisible"}},
		{"a wildcard", good, wrapper.TLS{ServerCommonNames: []string{"*.example"}}, []string{"ServerCommonNames[0]", "*"}},

		{"no TLS in the endpoint", "http://localhost:19080", wrapper.TLS{}, []string{"https://"}},
		{"several at once", good, wrapper.TLS{CertFile: f.cert, ServerThumbprints: []string{"a"}, ServerCommonNames: []string{""}}, []string{"go together", "ServerThumbprints[0]", "ServerCommonNames[0]"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.tls.KeyFile == locked && os.Geteuid() == 0 {
				t.Skip("root may read everything")
			}
			client, err := wrapper.New(tc.endpoint, wrapper.WithTLS(tc.tls))
			if client != nil {
				t.Error("got a client with the error, want nil")
			}
			wantKind(t, err, wrapper.ErrInvalidArgument)
			for _, say := range tc.say {
				if !strings.Contains(fmt.Sprint(err), say) {
					t.Errorf("got %v\nwant %q in it", err, say)
				}
			}
			wantNoKey(t, fmt.Sprintf("%v %+v %#v", err, err, err), block.Bytes)
			wantNoKey(t, fmt.Sprintf("%v %+v %#v", tc.tls, tc.tls, tc.tls), block.Bytes)
		})
	}
	if _, err := wrapper.New(good, wrapper.WithTLS(f.tls()), wrapper.WithHTTPClient(new(http.Client))); !errors.Is(err, wrapper.ErrInvalidArgument) || !strings.Contains(err.Error(), "exclude each other") {
		t.Errorf("with an HTTP client: got %v, want %v that says exclude each other", err, wrapper.ErrInvalidArgument)
	}
	// Valid settings.
	for _, s := range []wrapper.TLS{{}, f.tls(), {GetClientCertificate: source}, {CAFile: f.ca, ServerThumbprints: []string{ofSHA1(one)}, ServerCommonNames: []string{"one"}}} {
		client, err := wrapper.New(good, wrapper.WithTLS(s))
		must(t, err)
		wantNoKey(t, fmt.Sprintf("%v %+v", client, client), block.Bytes)
	}
}

// wantNoKey checks that a text contains no part of a key, in base64, hexadecimal, decimal or raw form.
func wantNoKey(tb testing.TB, text string, key []byte) {
	tb.Helper()
	const part = 12
	for i := 0; i+part <= len(key); i += 3 {
		some := key[i : i+part]
		for _, form := range []string{base64.StdEncoding.EncodeToString(some), fmt.Sprintf("%x", some), strings.Trim(fmt.Sprintf("%d", some), "[]"), string(some)} {
			if strings.Contains(text, form) {
				tb.Fatalf("got %s, want it without any part of the key", text)
			}
		}
	}
}

// accepting is a server that accepts every cancel.
type accepting struct{ server.Unimplemented }

func (accepting) CancelOperation(context.Context, generated.CancelOperationRequestObject) (generated.CancelOperationResponseObject, error) {
	return generated.CancelOperation200Response{}, nil
}

// BenchmarkMutualTLS compares a Cancel over loopback with mutual TLS to net/http alone with the same features: a
// deadline, a request id, a trace, a limited body, and at the server a recover, a deadline and a write deadline. The
// two alternate, and x-plain is the median ratio of their durations.
func BenchmarkMutualTLS(b *testing.B) {
	ca := newAuthority(b, "the root")
	cert, admin := ca.issue(b, "cluster"), ca.issue(b, "admin")
	f := newFiles(b, admin, ca)
	age(b, f.cert, f.key, f.ca)
	plain := plainCancel(b, cert, admin, ca)
	for _, tt := range []struct {
		name string
		in   server.ClientCertificates
		pins func(*wrapper.TLS)
	}{
		{"name and CA", server.ClientCertificates{Admin: []string{"admin"}, CA: ca.pool()}, func(t *wrapper.TLS) { t.ServerCommonNames = []string{"cluster"} }},
		{"thumbprint", server.ClientCertificates{Admin: []string{ofSHA1(admin)}}, func(t *wrapper.TLS) { t.CAFile, t.ServerThumbprints = "", []string{ofSHA1(cert)} }},
	} {
		b.Run(tt.name, func(b *testing.B) {
			h, err := server.New(accepting{}, server.WithClientCertificates(tt.in))
			must(b, err)
			settings := f.tls()
			tt.pins(&settings)
			client := newClient(b, serveTLS(b, cert, "HTTP/1.1", h, func(s *httptest.Server) {
				s.Config, s.TLS = server.NewHTTPServer(h, nil), server.TLSConfig(cert)
			}), wrapper.WithTLS(settings))
			ours := func() {
				_, err := client.Cancel(b.Context(), uuid.New(), wrapper.CancelOptions{})
				must(b, err)
			}
			turn := func(call func()) time.Duration {
				began := time.Now()
				for range 50 {
					call()
				}
				return time.Since(began)
			}
			turn(plain)
			turn(ours)
			var ratios, each []float64
			for b.Loop() {
				beside, it := turn(plain), turn(ours)
				ratios, each = append(ratios, it.Seconds()/beside.Seconds()), append(each, float64(it.Microseconds())/50)
			}
			slices.Sort(ratios)
			slices.Sort(each)
			b.ReportMetric(ratios[len(ratios)/2], "x-plain")
			b.ReportMetric(each[len(each)/2], "µs/call")
			b.ReportMetric(testing.AllocsPerRun(200, ours), "allocs/call")
			b.ReportMetric(testing.AllocsPerRun(200, plain), "plain-allocs/call")
		})
	}
}

// plainCancel returns a function that makes one call with net/http alone.
func plainCancel(b *testing.B, cert, admin tls.Certificate, ca *authority) func() {
	b.Helper()
	endpoint := serveTLS(b, cert, "HTTP/1.1", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}()
		ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
		defer cancel()
		query := r.URL.Query()
		_, err := uuid.Parse(query.Get("OperationId"))
		if err != nil || query.Get("api-version") != "6.0" || query.Get("Force") != "false" || ctx.Err() != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Minute))
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("X-ServiceFabricRequestId", r.Header.Get("X-ServiceFabricRequestId"))
		w.WriteHeader(http.StatusOK)
	}), func(s *httptest.Server) {
		s.TLS.ClientAuth, s.TLS.ClientCAs = tls.RequireAndVerifyClientCert, ca.pool()
	})
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{
		MinVersion: tls.VersionTLS12, RootCAs: ca.pool(), Certificates: []tls.Certificate{admin},
	}}}
	b.Cleanup(client.CloseIdleConnections)
	return func() {
		ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
		defer cancel()
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() {}})
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint+"/Faults/$/Cancel?api-version=6.0&timeout=60&Force=false&OperationId="+uuid.NewString(), http.NoBody)
		must(b, err)
		r.Header.Set("X-ServiceFabricRequestId", uuid.NewString())
		response, err := client.Do(r)
		must(b, err)
		_, err = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20))
		must(b, err)
		_ = response.Body.Close()
		if response.StatusCode != http.StatusOK {
			b.Fatal(response.Status)
		}
	}
}

// authority issues certificates. A nil authority issues self-signed ones.
type authority struct{ tls.Certificate }

func newAuthority(tb testing.TB, name string) *authority {
	tb.Helper()
	var none *authority
	return &authority{none.issue(tb, name, func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	})}
}

// issue returns a certificate that is valid now, for servers and clients, and for 127.0.0.1, unless an edit changes
// that.
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

// files are the paths of the TLS files of a client, in their own directory.
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

// awaitLook waits until the next request checks the files of its client again.
func awaitLook() { time.Sleep(50 * time.Millisecond) }

// serveTLS serves a handler on a socket with TLS, and requests a client certificate.
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

// door is a server that records its clients and their connections.
type door struct {
	endpoint string
	cert     atomic.Pointer[tls.Certificate] // server certificate of new connections
	dialled  atomic.Int32
	closed   atomic.Int32
	resumed  atomic.Bool
	wait     chan struct{} // closed when starts may be answered

	mu  sync.Mutex
	who string // common name of the last client
}

func newDoor(t *testing.T, cert tls.Certificate, proto string) *door {
	t.Helper()
	d := &door{wait: make(chan struct{})}
	d.cert.Store(&cert)
	d.endpoint = serveTLS(t, cert, proto, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		d.who = "nobody"
		if len(r.TLS.PeerCertificates) > 0 {
			d.who = r.TLS.PeerCertificates[0].Subject.CommonName
		}
		d.mu.Unlock()
		if r.Proto != "HTTP/1.1" {
			t.Errorf("got %s, want HTTP/1.1", r.Proto)
		}
		if r.TLS.DidResume {
			d.resumed.Store(true)
		}
		switch {
		case strings.Contains(r.URL.Path, "Start"):
			<-d.wait
			w.WriteHeader(http.StatusAccepted)
		case r.Method == http.MethodGet:
			_, _ = w.Write([]byte("[]"))
		}
	}), func(s *httptest.Server) {
		settings := s.TLS
		settings.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) {
			now := settings.Clone()
			now.Certificates = []tls.Certificate{*d.cert.Load()}
			if proto == "HTTP/2.0" {
				now.NextProtos = []string{"h2"}
			}
			return now, nil
		}
		next := s.Config.ConnState // of httptest
		s.Config.ConnState = func(c net.Conn, state http.ConnState) {
			if state == http.StateNew {
				d.dialled.Add(1)
			}
			if state == http.StateClosed {
				d.closed.Add(1)
			}
			if next != nil {
				next(c, state)
			}
		}
	})
	return d
}

// last returns the common name of the last client, "" if there was none.
func (d *door) last() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.who
}

// want makes a call that sees all changes of the files so far, and checks which client the server saw, and how many
// connections were dialled and closed so far.
func (d *door) want(t *testing.T, client *wrapper.Client, who string, dialled, closed int32) {
	t.Helper()
	awaitLook()
	must(t, cancelWith(t.Context(), client, false))
	if got := d.last(); got != who || d.dialled.Load() != dialled {
		t.Errorf("got client %s after %d connections, want %s after %d", got, d.dialled.Load(), who, dialled)
	}
	d.wantClosed(t, closed)
	if d.resumed.Load() {
		t.Error("got a resumed session, which has the old client certificate, want none")
	}
}

// wantClosed waits until the given number of connections is closed, and checks that no more are.
func (d *door) wantClosed(t *testing.T, closed int32) {
	t.Helper()
	happens(func() bool { return d.closed.Load() >= closed })
	if n := d.closed.Load(); n != closed {
		t.Errorf("got %d closed connections, want %d", n, closed)
	}
}

// age sets the modification times of files to an hour ago, so that they count as settled.
func age(tb testing.TB, paths ...string) {
	tb.Helper()
	for _, path := range paths {
		must(tb, os.Chtimes(path, time.Time{}, time.Now().Add(-time.Hour)))
	}
}

// A client certificate that is replaced on disk is used by calls 50 ms later, without a restart, and old connections
// are closed. A pair with only one new file, or with a damaged one, is ignored.
func TestTLSRotation(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, proto string) {
		ca := newAuthority(t, "the root")
		one, two, three := ca.issue(t, "one"), ca.issue(t, "two"), ca.issue(t, "three")
		f := newFiles(t, one, ca)
		d := newDoor(t, ca.issue(t, "cluster"), proto)
		client := newClient(t, d.endpoint, wrapper.WithTLS(f.tls()))
		d.want(t, client, "one", 1, 0)
		d.want(t, client, "one", 1, 0)

		f.putPair(t, two)
		d.want(t, client, "two", 2, 1)
		age(t, f.cert, f.key, f.ca)
		d.want(t, client, "two", 2, 1) // touched, not changed

		put(t, f.cert, certPEM(three))
		d.want(t, client, "two", 2, 1)
		d.want(t, client, "two", 2, 1)
		put(t, f.key, keyPEM(t, three)[:50])
		d.want(t, client, "two", 2, 1)
		put(t, f.key, keyPEM(t, three))
		d.want(t, client, "three", 3, 2)

		must(t, os.Remove(f.key))
		d.want(t, client, "three", 3, 2)
		put(t, f.cert, nil)
		d.want(t, client, "three", 3, 2)
		f.putPair(t, one)
		d.want(t, client, "one", 4, 3)

		// A certificate manager renames a new file over the old one.
		age(t, f.cert, f.key, f.ca)
		d.want(t, client, "one", 4, 3)
		next := newFiles(t, two, ca)
		must(t, os.Rename(next.cert, f.cert))
		must(t, os.Rename(next.key, f.key))
		d.want(t, client, "two", 5, 4)
	})
}

// A connection that is busy when the files change is not reused.
func TestTLSRotationOfBusyConnection(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, proto string) {
		ca := newAuthority(t, "the root")
		f := newFiles(t, ca.issue(t, "one"), ca)
		d := newDoor(t, ca.issue(t, "cluster"), proto)
		client := newClient(t, d.endpoint, wrapper.WithTLS(f.tls()))
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := client.StartDataLoss(t.Context(), orders, "FullDataLoss", wrapper.StartOptions{}); err != nil {
				t.Error(err)
			}
		})
		if !happens(func() bool { return d.last() != "" }) {
			t.Error("got no start at the server, want one")
		}
		f.putPair(t, ca.issue(t, "two"))
		d.want(t, client, "two", 2, 0)
		close(d.wait)
		wg.Wait()
		for range 3 {
			must(t, cancelWith(t.Context(), client, false))
			if who := d.last(); who != "two" {
				t.Errorf("got client %s, want two", who)
			}
		}
		client.Close()
		d.wantClosed(t, 2)
	})
}

// Roots that are replaced on disk apply to calls 50 ms later.
func TestTLSRotationOfRoots(t *testing.T) {
	t.Parallel()
	for _, named := range []bool{false, true} {
		eachProtocol(t, func(t *testing.T, proto string) {
			a, b := newAuthority(t, "root a"), newAuthority(t, "root b")
			ofA, ofB := a.issue(t, "cluster"), b.issue(t, "cluster")
			f := newFiles(t, a.issue(t, "one"), a)
			d := newDoor(t, ofA, proto)
			settings := f.tls()
			if named {
				settings.ServerCommonNames = []string{"cluster"}
			}
			client := newClient(t, d.endpoint, wrapper.WithTLS(settings))
			d.want(t, client, "one", 1, 0)

			put(t, f.ca, certPEM(b.Certificate)[:200])
			d.want(t, client, "one", 1, 0)
			put(t, f.ca, certPEM(b.Certificate))
			awaitLook()
			wantUntrusted(t, cancelWith(t.Context(), client, false), `issuer "root a"`)
			d.cert.Store(&ofB)
			d.want(t, client, "one", 3, 2)

			// The error of a handshake names the problem with the current files.
			other := newClient(t, d.endpoint, wrapper.WithTLS(settings)) // a client without a connection
			put(t, f.ca, []byte("rubbish"))
			d.cert.Store(&ofA)
			awaitLook()
			wantUntrusted(t, cancelWith(t.Context(), other, false), "held before", f.ca)
			put(t, f.ca, append(certPEM(a.Certificate), certPEM(b.Certificate)...))
			awaitLook()
			must(t, cancelWith(t.Context(), other, false))
		})
	}
}

// Concurrent calls succeed while the files change, with the old certificate or the new one.
func TestTLSRotationUnderLoad(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, proto string) {
		ca := newAuthority(t, "the root")
		one, two := ca.issue(t, "one"), ca.issue(t, "two")
		f := newFiles(t, one, ca)
		d := newDoor(t, ca.issue(t, "cluster"), proto)
		client := newClient(t, d.endpoint, wrapper.WithTLS(f.tls()))
		var wg sync.WaitGroup
		over := make(chan struct{})
		for range 8 {
			wg.Go(func() {
				for {
					select {
					case <-over:
						return
					default:
					}
					if err := cancelWith(t.Context(), client, false); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		for i := range 10 {
			f.putPair(t, []tls.Certificate{two, one}[i%2])
			who := []string{"two", "one"}[i%2]
			if !happens(func() bool { return d.last() == who }) {
				t.Errorf("got client %s, want %s", d.last(), who)
				break
			}
		}
		f.putPair(t, two)
		close(over)
		wg.Wait()
		awaitLook()
		must(t, cancelWith(t.Context(), client, false))
		if who := d.last(); who != "two" || d.resumed.Load() {
			t.Errorf("got client %s, resumed %v, want two, false", who, d.resumed.Load())
		}
	})
}

// certificates records the errors of certificate events.
type certificates struct {
	mu   sync.Mutex
	errs []string
}

func (c *certificates) observe(_ context.Context, e wrapper.Event) {
	if e.Name != "certificate" {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errs = append(c.errs, e.Err.Error())
}

// If a changed file is invalid, there is one event and one log line for each change, with the name and without the
// content of the file. The previous certificate stays in use.
func TestTLSInvalidFilesAreReported(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "the root")
	f := newFiles(t, ca.issue(t, "one"), ca)
	d := newDoor(t, ca.issue(t, "cluster"), "HTTP/1.1")
	seen, out := new(certificates), new(bytes.Buffer)
	client := newClient(t, d.endpoint, wrapper.WithTLS(f.tls()), wrapper.WithObserver(seen.observe), wrapper.WithLogger(slog.New(slog.NewTextHandler(out, nil))))
	d.want(t, client, "one", 1, 0)
	const secret = "what is in the file"
	for i, content := range []string{secret, secret + " and more"} {
		put(t, f.cert, []byte(content))
		for range 3 {
			d.want(t, client, "one", 1, 0)
		}
		if len(seen.errs) < 1 || len(seen.errs) > i+1 {
			t.Errorf("got %d events %q, want 1 to %d", len(seen.errs), seen.errs, i+1)
		}
	}
	reported := strings.Join(seen.errs, "\n") + out.String()
	if !strings.Contains(reported, f.cert) || strings.Contains(reported, secret) || strings.Count(out.String(), "level=WARN") != len(seen.errs) {
		t.Errorf("got reports\n%s\nwant them with %s, without the content, and a warning for each of %d events", reported, f.cert, len(seen.errs))
	}
	f.putPair(t, ca.issue(t, "two"))
	d.want(t, client, "two", 2, 1)
}

// A change is seen even if the new file has the same length and the same time, as after a replacement within one tick
// of the file system's clock.
func TestTLSRotationWithinATick(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "the root")
	one, two := ca.issue(t, "one"), ca.issue(t, "two")
	for len(one.Certificate[0]) != len(two.Certificate[0]) {
		two = ca.issue(t, "two")
	}
	f := newFiles(t, one, ca)
	now := time.Now()
	must(t, os.Chtimes(f.cert, now, now))
	must(t, os.Chtimes(f.key, now, now))
	d := newDoor(t, ca.issue(t, "cluster"), "HTTP/1.1")
	client := newClient(t, d.endpoint, wrapper.WithTLS(f.tls()))
	d.want(t, client, "one", 1, 0)
	f.putPair(t, two)
	must(t, os.Chtimes(f.cert, now, now))
	must(t, os.Chtimes(f.key, now, now))
	d.want(t, client, "two", 2, 1)
}

// A file counts as changed if its time or its length differs, or if it is another file.
func TestTLSRotationIsDetected(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t, "the root")
	old := time.Now().Add(-time.Hour).Truncate(time.Second)
	pair := func(name string) []byte { c := ca.issue(t, name); return append(certPEM(c), keyPEM(t, c)...) }
	for _, tc := range []struct {
		name   string
		pad    string // appended to the new file
		time   time.Time
		rename bool
	}{
		{"time", "", old.Add(time.Second), false},
		{"length", "\n", old, false},
		{"file", "", old, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "client.pem")
			one, two := pair("one"), pair("two")
			for len(one) != len(two) {
				two = pair("two")
			}
			put(t, path, one)
			must(t, os.Chtimes(path, old, old))
			d := newDoor(t, ca.issue(t, "cluster"), "HTTP/1.1")
			client := newClient(t, d.endpoint, wrapper.WithTLS(wrapper.TLS{CertFile: path, KeyFile: path, RootCAs: ca.pool()}))
			d.want(t, client, "one", 1, 0)
			to := path
			if tc.rename {
				to = path + ".new"
			}
			put(t, to, append(two, tc.pad...))
			must(t, os.Chtimes(to, tc.time, tc.time))
			must(t, os.Rename(to, path))
			d.want(t, client, "two", 2, 1)
		})
	}
}
