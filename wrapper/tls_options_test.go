package wrapper_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/wrapper"
)

// Every mistake in the settings is found by New, and said in one sentence that names
// the file and what to do. Nothing of a key is in it.
func TestTLSBadOptions(t *testing.T) {
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
		{"two sources", good, wrapper.TLS{CertFile: f.cert, KeyFile: f.key, GetClientCertificate: source}, []string{"GetClientCertificate", "set one"}},
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

		{"certificate and key exchanged", good, wrapper.TLS{CertFile: f.key, KeyFile: f.cert}, []string{"CertFile " + f.key, "no PEM block CERTIFICATE"}},
		{"the certificate twice", good, wrapper.TLS{CertFile: f.cert, KeyFile: f.cert}, []string{"KeyFile " + f.cert, "no PEM block PRIVATE KEY"}},
		{"a PFX file", good, wrapper.TLS{CertFile: pfx, KeyFile: pfx}, []string{pfx, "openssl pkcs12"}},
		{"an empty certificate", good, wrapper.TLS{CertFile: empty, KeyFile: f.key}, []string{empty, "no PEM block CERTIFICATE"}},
		{"an empty key", good, wrapper.TLS{CertFile: f.cert, KeyFile: empty}, []string{empty, "no PEM block PRIVATE KEY"}},
		{"a damaged certificate", good, wrapper.TLS{CertFile: damagedCert, KeyFile: f.key}, []string{damagedCert, "damaged"}},
		{"a damaged key", good, wrapper.TLS{CertFile: f.cert, KeyFile: damagedKey}, []string{damagedKey, "cannot be read", "PKCS #8"}},
		{"half a key", good, wrapper.TLS{CertFile: f.cert, KeyFile: halfKey}, []string{halfKey, "no PEM block PRIVATE KEY"}},
		{"an encrypted key", good, wrapper.TLS{CertFile: f.cert, KeyFile: encrypted}, []string{encrypted, "is encrypted", "openssl pkey"}},
		{"a key encrypted in the old way", good, wrapper.TLS{CertFile: f.cert, KeyFile: oldEncrypted}, []string{oldEncrypted, "is encrypted", "openssl pkey"}},
		{"the key of another", good, wrapper.TLS{CertFile: f.cert, KeyFile: twoKey}, []string{f.cert, twoKey, "does not belong"}},
		{"a key that may not be read", good, wrapper.TLS{CertFile: f.cert, KeyFile: locked}, []string{locked, "permission denied"}},
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
				t.Error("there is a client besides the error")
			}
			wantKind(t, err, wrapper.ErrInvalidArgument)
			for _, say := range tc.say {
				if !strings.Contains(fmt.Sprint(err), say) {
					t.Errorf("%v\ndoes not say %q", err, say)
				}
			}
			wantNoKey(t, fmt.Sprintf("%v %+v %#v", err, err, err), block.Bytes)
			wantNoKey(t, fmt.Sprintf("%v %+v %#v", tc.tls, tc.tls, tc.tls), block.Bytes)
		})
	}
	if _, err := wrapper.New(good, wrapper.WithTLS(f.tls()), wrapper.WithHTTPClient(new(http.Client))); !errors.Is(err, wrapper.ErrInvalidArgument) || !strings.Contains(err.Error(), "exclude each other") {
		t.Errorf("with an HTTP client: got %v", err)
	}
	// What is right.
	for _, s := range []wrapper.TLS{{}, f.tls(), {GetClientCertificate: source}, {CAFile: f.ca, ServerThumbprints: []string{ofSHA1(one)}, ServerCommonNames: []string{"one"}}} {
		client, err := wrapper.New(good, wrapper.WithTLS(s))
		must(t, err)
		wantNoKey(t, fmt.Sprintf("%v %+v", client, client), block.Bytes)
	}
}

// wantNoKey looks for any part of a key: in PEM, in hexadecimal digits and in decimal bytes.
func wantNoKey(tb testing.TB, text string, key []byte) {
	tb.Helper()
	const part = 12
	for i := 0; i+part <= len(key); i += 3 {
		some := key[i : i+part]
		for _, form := range []string{base64.StdEncoding.EncodeToString(some), fmt.Sprintf("%x", some), strings.Trim(fmt.Sprintf("%d", some), "[]"), string(some)} {
			if strings.Contains(text, form) {
				tb.Fatalf("a part of the key is in %s", text)
			}
		}
	}
}
