package main

import (
	"crypto/x509"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/spf13/pflag"
)

// A name with a comma is one name: whoever has half of it is nobody, and whoever has all of it
// is let in.
func TestNamesAreNotSplit(t *testing.T) {
	p := newTestPKI(t)
	for _, name := range []string{"Doe, John", "Doe", "John", `"Doe`, "Contoso, Inc."} {
		c := p.issue(t, name, func(c *x509.Certificate) {
			c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
		})
		key, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
		if err != nil {
			t.Fatal(err)
		}
		file := strings.Trim(name, `"`)
		p.write(t, file+".pem", "CERTIFICATE", c.Leaf.Raw)
		p.write(t, file+".key", "PRIVATE KEY", key)
	}
	for _, flag := range []string{"--admin", "--user"} {
		url := serveInTest(t, flag, "Doe, John", flag, `"quoted" name`, "--client-ca", p.file("ca.pem"),
			"--tls-cert", p.file("Contoso, Inc..pem"), "--tls-key", p.file("Contoso, Inc..key"))
		for name, c := range map[string]struct {
			as, server []string
			code       int
		}{
			"all of the name":            {[]string{"Doe, John"}, []string{"Contoso, Inc."}, exitOK},
			"all of one of two":          {[]string{"Doe, John"}, []string{"other", "CN=contoso, inc."}, exitOK},
			"its beginning":              {[]string{"Doe"}, []string{"Contoso, Inc."}, exitRefused},
			"its end":                    {[]string{"John"}, []string{"Contoso, Inc."}, exitRefused},
			"half the name of a server":  {[]string{"Doe, John"}, []string{"Contoso"}, exitNotSent},
			"another half of it":         {[]string{"Doe, John"}, []string{"Inc."}, exitNotSent},
			"a name with a quote before": {[]string{"Doe, John"}, []string{`"Contoso, Inc."`}, exitNotSent},
		} {
			args := []string{"list", "--endpoint", url, "--ca", p.file("ca.pem"), "--cert", p.file(c.as[0] + ".pem"), "--key", p.file(c.as[0] + ".key")}
			for _, server := range c.server {
				args = append(args, "--server-common-name", server)
			}
			if code, out, errs := sfcancel(t, args...); code != c.code {
				t.Errorf("%s, %s: exit %d, want %d: %s%s", flag, name, code, c.code, out, errs)
			}
		}
	}
}

// No flag splits what it is given at commas, but for those of which a comma is no part.
func TestFlagsAreNotSplit(t *testing.T) {
	for _, cmd := range append(newRoot().Commands(), newStart().Commands()...) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Value.Type() == "stringSlice" && !slices.Contains([]string{"endpoint", "server-thumbprint", "state", "kind", "except"}, f.Name) {
				t.Errorf("%s --%s is split", cmd.Name(), f.Name)
			}
		})
	}
}

// A name that is empty is a variable that is not set, also beside others.
func TestEmptyNamesAreRefused(t *testing.T) {
	for _, args := range [][]string{{"--admin", ""}, {"--admin", "ops", "--admin", ""}, {"--user", "", "--user", "ops"}} {
		code, _, errs := sfcancel(t, append([]string{"serve", "--addr", "127.0.0.1:0"}, args...)...)
		if code != exitUsage || !strings.Contains(errs, "is empty") {
			t.Errorf("%q: exit %d: %s", args, code, errs)
		}
	}
	if code, _, errs := sfcancel(t, "cancel", uuid.NewString(), "--endpoint", "https://127.0.0.1:1", "--server-common-name", ""); code != exitUsage || !strings.Contains(errs, "blank") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

// An empty id is a variable that is not set, and no wish for a new fault.
func TestEmptyIDIsRefused(t *testing.T) {
	url := serveInTest(t, "--freeze")
	for _, empty := range [][]string{{"--id", ""}, {"--id="}} {
		args := append(append([]string{"start"}, dataLoss...), "--endpoint", url)
		if code, out, errs := sfcancel(t, append(args, empty...)...); code != exitUsage || !strings.Contains(errs, "--id is empty") {
			t.Errorf("%q: exit %d: %s%s", empty, code, out, errs)
		}
	}
	if code, out, errs := sfcancel(t, "list", "-o", "json", "--endpoint", url); code != exitOK || strings.TrimSpace(out) != "[]" {
		t.Errorf("exit %d: %s%s", code, out, errs)
	}
}
