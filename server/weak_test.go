package server_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"testing"

	"github.com/sfcancel/sfcancel/server"
)

// rsaCert makes a certificate with an RSA key, changed as asked for; by nil is self-signed.
func rsaCert(t *testing.T, name string, bits int, parent *x509.Certificate, by crypto.Signer, changes ...func(*x509.Certificate)) (*x509.Certificate, crypto.Signer) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	template := issueTemplate(name)
	for _, change := range changes {
		change(template)
	}
	if parent == nil {
		parent, by = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, by)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// Who shows what others can forge is turned away, known by thumbprint or by name, himself or by what is above him.
func TestWeakCertificatesAreTurnedAway(t *testing.T) {
	ofSHA1 := func(c *x509.Certificate) { c.SignatureAlgorithm = x509.SHA1WithRSA }
	root, rootKey := rsaCert(t, "root", 2048, nil, nil, authority)
	oldRoot, oldRootKey := rsaCert(t, "root", 2048, nil, nil, authority, ofSHA1)
	weakRoot, weakRootKey := rsaCert(t, "root", 1024, nil, nil, authority)
	between, betweenKey := rsaCert(t, "between", 1024, root, rootKey, authority)
	for _, tt := range []struct {
		name   string
		root   *x509.Certificate // nil knows the client by its thumbprint
		parent *x509.Certificate
		by     crypto.Signer
		bits   int
		change func(*x509.Certificate)
		let    bool
	}{
		{"2048 bits", root, root, rootKey, 2048, nil, true},
		{"1024 bits", root, root, rootKey, 1024, nil, false},
		{"2047 bits", root, root, rootKey, 2047, nil, false},
		{"SHA-1", root, root, rootKey, 2048, ofSHA1, false},
		{"an intermediate of 1024 bits", root, between, betweenKey, 2048, nil, false},
		{"a root of 1024 bits", weakRoot, weakRoot, weakRootKey, 2048, nil, false},
		{"a root that is signed with SHA-1, which is nobody's proof", oldRoot, oldRoot, oldRootKey, 2048, nil, true},
		{"by thumbprint", nil, nil, nil, 2048, nil, true},
		{"by thumbprint, 1024 bits", nil, nil, nil, 1024, nil, false},
		{"by thumbprint, SHA-1", nil, nil, nil, 2048, ofSHA1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			change := tt.change
			if change == nil {
				change = func(*x509.Certificate) {}
			}
			leaf, _ := rsaCert(t, "admin", tt.bits, tt.parent, tt.by, change)
			in := server.ClientCertificates{Admin: []string{fmt.Sprintf("%x", sha1.Sum(leaf.Raw))}}
			shown := []*x509.Certificate{leaf}
			if tt.root != nil {
				in.CA = x509.NewCertPool()
				in.CA.AddCert(tt.root)
				in.Admin = []string{"admin"}
				shown = append(shown, tt.parent)
			}
			r, err := parse("POST", gracefully)
			if err != nil {
				t.Fatal(err)
			}
			r.TLS = &tls.ConnectionState{PeerCertificates: shown}
			w := &sink{header: make(map[string][]string)}
			s := &spy{}
			bareHandler(t, s, server.WithClientCertificates(in)).ServeHTTP(w, r)
			if let := s.operation != ""; let != tt.let {
				t.Errorf("let in %t, want %t", let, tt.let)
			}
		})
	}
}
