package main

import (
	"crypto/x509"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// securedBy serves a cluster for the client certificates of a PKI, and writes the certificates to files.
func securedBy(t *testing.T, p *testPKI, flags ...string) (url string) {
	t.Helper()
	for _, name := range []string{"admin", "user", "stranger"} {
		key, err := x509.MarshalPKCS8PrivateKey(p.clients[name].PrivateKey)
		if err != nil {
			t.Fatal(err)
		}
		p.write(t, name+".pem", "CERTIFICATE", p.clients[name].Leaf.Raw)
		p.write(t, name+".key", "PRIVATE KEY", key)
	}
	return serveInTest(t, append(flags, "--roles", "--admin", "admin", "--user", "user", "--client-ca", p.file("ca.pem"),
		"--tls-cert", p.file("server.pem"), "--tls-key", p.file("server.key"))...)
}

// A command authenticates with a certificate and verifies the server in each of the possible ways.
func TestClientCertificates(t *testing.T) {
	p := newTestPKI(t)
	url := securedBy(t, p)
	as := func(name string) []string {
		return []string{"--cert", p.file(name + ".pem"), "--key", p.file(name + ".key")}
	}
	ca := []string{"--ca", p.file("ca.pem")}
	thumbprint := p.thumbprint("server")
	for name, c := range map[string]struct {
		flags [][]string
		code  int
		say   string
	}{
		"by CA":                 {[][]string{as("admin"), ca}, exitNotFound, ""},
		"by thumbprint":         {[][]string{as("admin"), {"--server-thumbprint", thumbprint}}, exitNotFound, ""},
		"by common name":        {[][]string{as("admin"), ca, {"--server-common-name", "server"}}, exitNotFound, ""},
		"another common name":   {[][]string{as("admin"), ca, {"--server-common-name", "other"}}, exitNotSent, "not one that you named"},
		"another thumbprint":    {[][]string{as("admin"), {"--server-thumbprint", strings.Repeat("0", 40)}}, exitNotSent, thumbprint},
		"unknown authority":     {[][]string{as("admin")}, exitNotSent, "unknown authority"},
		"a cancel by a user":    {[][]string{as("user"), ca}, exitRefused, "E_ACCESSDENIED"},
		"no client certificate": {[][]string{ca}, exitRefused, "credentials"},
		"a missing key":         {[][]string{{"--cert", p.file("admin.pem")}, ca}, exitUsage, "--key"},
		"a missing file":        {[][]string{{"--cert", p.file("no.pem"), "--key", p.file("no.key")}, ca}, exitUsage, "no.pem"},
	} {
		t.Run(name, func(t *testing.T) {
			args := []string{"cancel", uuid.NewString(), "--endpoint", url, "--timeout", "5s"}
			for _, flags := range c.flags {
				args = append(args, flags...)
			}
			code, out, errs := sfcancel(t, args...)
			if code != c.code || !strings.Contains(strings.ToLower(errs), strings.ToLower(c.say)) {
				t.Errorf("exit %d, want %d with %q: %s%s", code, c.code, c.say, out, errs)
			}
		})
	}
	if code, _, errs := sfcancel(t, append([]string{"list", "--endpoint", "http://localhost:1"}, ca...)...); code != exitUsage || !strings.Contains(errs, "https://") {
		t.Errorf("certificates without TLS: exit %d, want %d with https://: %s", code, exitUsage, errs)
	}
}

// The doctor cannot tell the roles apart, but the command that it suggests does.
func TestDoctorOfRoles(t *testing.T) {
	p := newTestPKI(t)
	url := securedBy(t, p)
	for name, want := range map[string]int{"admin": exitNotFound, "user": exitRefused} {
		flags := []string{"--endpoint", url, "--cert", p.file(name + ".pem"), "--key", p.file(name + ".key"), "--ca", p.file("ca.pem")}
		code, out, errs := sfcancel(t, append([]string{"doctor"}, flags...)...)
		const says = "ok    role: reads are allowed; only a write shows whether writes are; sfcancel "
		_, advice, found := strings.Cut(out, says)
		if code != exitOK || !found {
			t.Fatalf("%s: exit %d, want %d with %q:\n%s%s", name, code, exitOK, says, out, errs)
		}
		args := strings.Fields(advice[:strings.Index(advice, ",")])
		if code, out, errs := sfcancel(t, append(args, flags...)...); code != want {
			t.Errorf("%s: sfcancel %v: exit %d, want %d: %s%s", name, args, code, want, out, errs)
		}
	}
}
