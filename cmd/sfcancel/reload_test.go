//go:build unix

package main

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A serving process uses new certificates, authorities and lists without a restart. If it cannot use them, it logs
// that and keeps the old ones. SIGHUP does not end it.
func TestServeReloads(t *testing.T) {
	p := newTestPKI(t)
	admins := p.file("admins.txt")
	list := func(text string) { p.replace(t, "admins.txt", []byte(text)) }
	list("# nobody but\nadmin\n")
	server := serveProcess(t, "--tls-cert", p.file("server.pem"), "--tls-key", p.file("server.key"), "--client-ca", p.file("ca.pem"), "--admin-list", admins)
	shows := func() (cert *x509.Certificate, status int) {
		name := "admin"
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: p.config(&name), DisableKeepAlives: true}}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.url+"/Faults/?api-version=6.0&StateFilter=0&TypeFilter=0", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer.TLS.PeerCertificates[0], answer.StatusCode
	}
	until := func(what string, right func(cert *x509.Certificate, status int) bool) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			if cert, status := shows(); right(cert, status) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("got no %s in 20 s; log:\n%s", what, server.log.String())
			}
		}
	}
	first, status := shows()
	if status != http.StatusOK {
		t.Fatalf("at first: got %d, want 200", status)
	}
	if err := server.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}

	list("other\n")
	until("refusal after the removal from the list", func(_ *x509.Certificate, status int) bool { return status == http.StatusForbidden })
	list("")
	list("12\n") // not a thumbprint: the previous list stays in effect
	until("log of an invalid list", func(_ *x509.Certificate, status int) bool {
		return status == http.StatusForbidden && strings.Contains(server.log.String(), "cannot be used, so their previous contents stay in effect")
	})
	list("admin\n")
	until("answer after the return to the list", func(_ *x509.Certificate, status int) bool { return status == http.StatusOK })

	renewed := p.issue(t, "server", func(c *x509.Certificate) {
		c.IPAddresses, c.ExtKeyUsage = first.IPAddresses, first.ExtKeyUsage
	})
	p.replacePair(t, "server", renewed)
	until("renewed certificate", func(cert *x509.Certificate, status int) bool {
		return !cert.Equal(first) && status == http.StatusOK
	})

	other := newTestPKI(t)
	content, err := os.ReadFile(other.file("ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	p.replace(t, "ca.pem", content)
	until("refusal after a change of the authority", func(_ *x509.Certificate, status int) bool { return status == http.StatusForbidden })
	if !strings.Contains(server.log.String(), "hangup") {
		t.Errorf("got log\n%s\nwant the hangup in it", server.log.String())
	}
	server.end(t)
}

// replace replaces a file atomically, as a certificate manager does.
func (p *testPKI) replace(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(p.file(name)+".new", content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(p.file(name)+".new", p.file(name)); err != nil {
		t.Fatal(err)
	}
}

// replacePair replaces a certificate and its key. In between they do not match.
func (p *testPKI) replacePair(t *testing.T, name string, c tls.Certificate) {
	t.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	p.write(t, name+".key.new", "PRIVATE KEY", key)
	p.write(t, name+".pem.new", "CERTIFICATE", c.Leaf.Raw)
	for _, file := range []string{name + ".key", name + ".pem"} {
		if err := os.Rename(p.file(file+".new"), p.file(file)); err != nil {
			t.Fatal(err)
		}
	}
}
