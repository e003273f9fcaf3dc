package wrapper_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// Which servers are trusted. One that is not gets no request, and the error says
// what was wanted, what came, and what can be done.
func TestTLSServer(t *testing.T) {
	t.Parallel()
	ca, other := newAuthority(t, "the root"), newAuthority(t, "another root")
	var self *authority
	const name = "cluster.example"
	good := ca.issue(t, name)
	away := ca.issue(t, name, namedElsewhere)
	alone := self.issue(t, name, namedElsewhere)
	old, young := ca.issue(t, name, expired), ca.issue(t, name, notYetValid)
	oldAlone, youngAlone := self.issue(t, name, expired), self.issue(t, name, notYetValid)
	foreign, foreignHere, aloneHere := other.issue(t, name, namedElsewhere), other.issue(t, name), self.issue(t, name)
	clientOnly := ca.issue(t, name, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} })
	sanOnly := ca.issue(t, "a node", func(c *x509.Certificate) { c.DNSNames = []string{name} })
	local := ca.issue(t, "a node", func(c *x509.Certificate) { c.IPAddresses, c.DNSNames = nil, []string{"localhost"} })
	nameless := ca.issue(t, "", namedElsewhere)
	middle := &authority{ca.issue(t, "in between", func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.KeyUsage = true, true, x509.KeyUsageCertSign
	})}
	chained := middle.issue(t, name, namedElsewhere)
	chained.Certificate = append(chained.Certificate, middle.Certificate.Certificate[0])
	caFile := newFiles(t, good, ca).ca
	colons := func(digits string) string {
		var b strings.Builder
		for i, c := range strings.ToUpper(digits) {
			if i%2 == 0 && i > 0 {
				b.WriteString(": ")
			}
			b.WriteRune(c)
		}
		return b.String()
	}
	var (
		roots  = wrapper.TLS{RootCAs: ca.pool()}
		file   = wrapper.TLS{CAFile: caFile}
		named  = func(names ...string) wrapper.TLS { return wrapper.TLS{CAFile: caFile, ServerCommonNames: names} }
		pinned = func(prints ...string) wrapper.TLS { return wrapper.TLS{ServerThumbprints: prints} }
		wrong  = strings.Repeat("ab", 20)
		both   = func(print string, name string) wrapper.TLS {
			s := named(name)
			s.ServerThumbprints = []string{print}
			return s
		}
		pinnable  = []string{"ServerThumbprints"}
		dates2020 = []string{"expired", "2020-01-01", "2021-01-01T00:00:00Z", "clock"}
		dates2200 = []string{"not yet valid", "before 2200-01-01T00:00:00Z", "clock"}
	)
	for _, tc := range []struct {
		name   string
		server tls.Certificate
		tls    wrapper.TLS
		host   string   // "" for 127.0.0.1
		refuse []string // what the error says; nil if the server is to be accepted
	}{
		{"roots in memory", good, roots, "", nil},
		{"roots in a file", good, file, "", nil},
		{"a host name", local, file, "localhost", nil},
		{"the system's roots", good, wrapper.TLS{}, "", append(pinnable, "unknown authority", "CAFile", `issuer "the root"`, ofSHA1(good), ofSHA256(good))},
		{"another root", foreignHere, file, "", append(pinnable, "unknown authority", "CAFile", `issuer "another root"`)},
		{"self-signed", aloneHere, file, "", append(pinnable, "unknown authority")},
		{"another address", away, file, "", append(pinnable, "127.0.0.1", "node.example", "ServerCommonNames", fmt.Sprintf("%q", name))},
		{"another host name", good, file, "localhost", append(pinnable, "localhost", "ServerCommonNames")},
		{"expired", old, file, "", dates2020},
		{"not yet valid", young, file, "", dates2200},
		{"not for servers", clientOnly, file, "", pinnable},

		{"SHA-1", alone, pinned(ofSHA1(alone)), "", nil},
		{"SHA-256", alone, pinned(ofSHA256(alone)), "", nil},
		{"upper case and colons", alone, pinned(colons(ofSHA1(alone))), "", nil},
		{"the second thumbprint", alone, pinned(wrong, ofSHA1(alone)), "", nil},
		{"another thumbprint", good, pinned(wrong), "", append(pinnable, "wanted a thumbprint of "+wrong, ofSHA1(good), ofSHA256(good), "renewed")},
		{"the thumbprint of the root", chained, pinned(ofSHA1(middle.Certificate)), "", append(pinnable, ofSHA1(chained))},
		{"a pinned one that expired", oldAlone, pinned(ofSHA1(oldAlone)), "", dates2020},
		{"a pinned one that is not yet valid", youngAlone, pinned(ofSHA1(youngAlone)), "", dates2200},

		{"a common name", away, named(name), "", nil},
		{"in another case", away, named("CLUSTER.example"), "", nil},
		{"with CN=", away, named("cn= " + name), "", nil},
		{"the second name", away, named("other", name), "", nil},
		{"over an intermediate", chained, named(name), "", nil},
		{"with roots in memory", away, wrapper.TLS{RootCAs: ca.pool(), ServerCommonNames: []string{name}}, "", nil},
		{"another common name", away, named("other.example"), "", append(pinnable, `"other.example"`, fmt.Sprintf("common name %q", name))},
		{"a letter that folds", away, named("clu\u017fter.example"), "", pinnable}, // a long s
		{"a name that is only a host name", sanOnly, named(name), "", append(pinnable, `common name "a node"`)},
		{"no name at all", nameless, named(name), "", append(pinnable, `common name ""`)},
		{"a name from an unknown root", foreign, named(name), "", append(pinnable, "unknown authority")},
		{"a name from the system's roots", away, wrapper.TLS{ServerCommonNames: []string{name}}, "", append(pinnable, "unknown authority")},
		{"a self-signed name", alone, named(name), "", append(pinnable, "unknown authority")},
		{"a name that expired", old, named(name), "", dates2020},
		{"a name that is not yet valid", young, named(name), "", dates2200},
		{"a name that is not for servers", clientOnly, named(name), "", append(pinnable, "key usage")},

		{"both, the thumbprint is right", alone, both(ofSHA1(alone), "other"), "", nil},
		{"both, the name is right", away, both(wrong, name), "", nil},
		{"both wrong", away, both(wrong, "other"), "", append(pinnable, wrong, `"other"`)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			eachProtocol(t, func(t *testing.T, proto string) {
				c := newCluster(t, server.Runtime)
				makeRunning(t, c)
				var got atomic.Int32
				endpoint := serveTLS(t, tc.server, proto, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					got.Add(1)
					if r.Proto != "HTTP/1.1" {
						t.Errorf("spoke %s, want HTTP/1.1", r.Proto)
					}
					c.handler.ServeHTTP(w, r)
				}))
				if tc.host != "" {
					endpoint = strings.Replace(endpoint, "127.0.0.1", tc.host, 1)
				}
				client := newClient(t, endpoint, wrapper.WithTLS(tc.tls))
				_, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
				if tc.refuse == nil {
					must(t, err)
					return
				}
				wantUntrusted(t, err, tc.refuse...)
				if got.Load() != 0 {
					t.Errorf("%d requests came", got.Load())
				}
				_, err = client.Operations(t.Context())
				wantUntrusted(t, err, tc.refuse...)
			})
		})
	}
}

// wantUntrusted checks the error of a cancel whose server was not trusted.
func wantUntrusted(tb testing.TB, err error, say ...string) {
	tb.Helper()
	e := asError(tb, err, wrapper.ErrNotSent)
	var cert *tls.CertificateVerificationError
	if !errors.As(err, &cert) || len(cert.UnverifiedCertificates) == 0 {
		tb.Errorf("got %v, want a *tls.CertificateVerificationError with the certificate", err)
	}
	wantHopeless(tb, e, say...)
}

func wantHopeless(tb testing.TB, e *wrapper.Error, say ...string) {
	tb.Helper()
	attempts := e.Attempts()
	if len(attempts) != 1 || attempts[0].Class() != "not sent" {
		tb.Errorf("got %d attempts, the last of class %v", len(attempts), attempts[len(attempts)-1].Class())
	}
	for _, text := range say {
		if !strings.Contains(e.Error(), text) {
			tb.Errorf("%v\ndoes not say %q", e, text)
		}
	}
}
