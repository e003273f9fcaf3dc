package certfiles_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"testing"

	"github.com/sfcancel/sfcancel/internal/certfiles"
)

// pairOf is a certificate that signs itself, and its key, as PEM.
func pairOf(t *testing.T) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: sealed})
}

// What makes a file useless has a name, and so has the file.
func TestError(t *testing.T) {
	cert, key := pairOf(t)
	_, another := pairOf(t)
	dir := t.TempDir()
	put := func(name string, content ...[]byte) string {
		path := filepath.Join(dir, name)
		var all []byte
		for _, c := range content {
			all = append(all, c...)
		}
		if err := os.WriteFile(path, all, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	goodCert, goodKey := put("cert.pem", cert), put("cert.key", key)
	mark := []byte("\xef\xbb\xbf")
	names := certfiles.Names{Cert: "the cert", Key: "the key", CA: "the CA"}
	for _, tc := range []struct {
		name, file string
		files      certfiles.Files
		want       error // nil: it is of use
	}{
		{"all good", "", certfiles.Files{Cert: goodCert, Key: goodKey, CA: goodCert}, nil},
		{"a mark before other text", "", certfiles.Files{CA: put("text.pem", mark, []byte("a comment\n"), cert)}, nil},
		{"a mark before a certificate", "the cert", certfiles.Files{Cert: put("mark.pem", mark, cert), Key: goodKey}, certfiles.ErrByteOrderMark},
		{"a mark before a key", "the key", certfiles.Files{Cert: goodCert, Key: put("mark.key", mark, key)}, certfiles.ErrByteOrderMark},
		{"UTF-16", "the CA", certfiles.Files{CA: put("utf16.pem", []byte("\xff\xfe-\x00"))}, certfiles.ErrByteOrderMark},
		{"no certificate", "the cert", certfiles.Files{Cert: goodKey, Key: goodKey}, certfiles.ErrNoPEM},
		{"no key", "the key", certfiles.Files{Cert: goodCert, Key: goodCert}, certfiles.ErrNoPEM},
		{"no authority", "the CA", certfiles.Files{CA: goodKey}, certfiles.ErrNoPEM},
		{"encrypted", "the key", certfiles.Files{Cert: goodCert, Key: put("encrypted", pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY"}))}, certfiles.ErrEncrypted},
		{"the key of another", "the key", certfiles.Files{Cert: goodCert, Key: put("another.key", another)}, certfiles.ErrKeyOfAnother},
		{"missing", "the CA", certfiles.Files{CA: filepath.Join(dir, "missing")}, fs.ErrNotExist},
	} {
		tc.files.Names = names
		_, err := certfiles.Watch(tc.files, func(*certfiles.Material) error { return nil }, func(context.Context, error) {})
		file := new(certfiles.Error)
		switch {
		case tc.want == nil && err != nil, !errors.Is(err, tc.want):
			t.Errorf("%s: got %v, want %v", tc.name, err, tc.want)
		case tc.want != nil && (!errors.As(err, &file) || file.Name != tc.file):
			t.Errorf("%s: got %q, want an Error of %s", tc.name, err, tc.file)
		}
	}
}
