package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store/memory"
	"github.com/sfcancel/sfcancel/wrapper"
)

func TestList(t *testing.T) {
	t.Parallel()
	ours, theirs := certs(t), certs(t)
	roots := x509.NewCertPool()
	ca, err := os.ReadFile(filepath.Join(ours, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if !roots.AppendCertsFromPEM(ca) {
		t.Fatalf("got no certificate in %s, want one", ca)
	}
	h, err := server.New(emulator.New(memory.New()), server.WithClientCertificates(server.ClientCertificates{
		Admin: []string{"CN=operators.example.com"}, CA: roots,
	}))
	if err != nil {
		t.Fatal(err)
	}
	cert, err := tls.LoadX509KeyPair(filepath.Join(ours, "server.pem"), filepath.Join(ours, "server.key"))
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(h)
	srv.TLS = server.TLSConfig(cert)
	srv.StartTLS()
	defer srv.Close()

	if _, err := list(srv.URL, ours); err != nil {
		t.Errorf("with certificates of the server's CA: got the error %v, want none", err)
	}
	if _, err := list(srv.URL, theirs); !errors.Is(err, wrapper.ErrNotSent) && !errors.Is(err, wrapper.ErrUnavailable) {
		t.Errorf("with certificates of another CA: got the error %v, want %v or %v", err, wrapper.ErrNotSent, wrapper.ErrUnavailable)
	}
	// The client trusts this server, but its own certificate is from another CA.
	if err := os.WriteFile(filepath.Join(theirs, "ca.pem"), ca, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := list(srv.URL, theirs); !errors.Is(err, wrapper.ErrServerRefused) {
		t.Errorf("with a client certificate of another CA: got the error %v, want %v", err, wrapper.ErrServerRefused)
	}
}

// certs runs certs.sh in a new directory, which it returns.
func certs(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("openssl is not installed: certs.sh is not tested")
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "./certs.sh", dir).CombinedOutput(); err != nil {
		t.Fatalf("certs.sh: %v\n%s", err, out)
	}
	return dir
}
