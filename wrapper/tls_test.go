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
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
