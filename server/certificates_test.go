package server_test

import (
	"crypto/x509"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/server"
)

// §7: who gets in, and as what.
func TestClientCertificates(t *testing.T) {
	ca, otherCA := issue(t, nil, "roots", authority), issue(t, nil, "roots", authority)
	between := issue(t, ca, "between", authority)
	admin, user, stranger := issue(t, ca, "admin"), issue(t, ca, "user"), issue(t, ca, "stranger")
	self := issue(t, nil, "admin")
	late, soon := issue(t, nil, "late", expired), issue(t, nil, "soon", early)
	byServer := issue(t, nil, "web", ofServer)

	list := func(entries ...string) []string { return entries }
	byName := server.ClientCertificates{Admin: list("CN=admin"), User: list("user"), Roles: true, CA: ca.pool()}
	byThumbprint := server.ClientCertificates{Admin: list(self.thumbprint()), User: list(user.thumbprint()), Roles: true}
	without := func(cc server.ClientCertificates, change func(*server.ClientCertificates)) server.ClientCertificates {
		change(&cc)
		return cc
	}
	colons := func(text string) (with string) {
		for i := range len(text) / 2 {
			with += ":" + text[2*i:2*i+2]
		}
		return with[1:]
	}
	other := func(digit byte) string {
		if digit == '0' {
			return "1"
		}
		return "0"
	}
	digits := self.thumbprint()

	tests := []struct {
		name           string
		in             server.ClientCertificates
		cert           *issued
		cancel, lookup want
	}{
		{"no certificate", byName, nil, turnedAway, turnedAway},
		{"admin by name", byName, admin, ok, ok},
		{"user by name", byName, user, denied, ok},
		{"neither", byName, stranger, turnedAway, turnedAway},
		{"expired", byName, issue(t, ca, "admin", expired), turnedAway, turnedAway},
		{"not valid yet", byName, issue(t, ca, "admin", early), turnedAway, turnedAway},
		{"right name of another CA, which calls itself the same", byName, issue(t, otherCA, "admin"), turnedAway, turnedAway},
		{"right name of another CA, and the CA along with it", byName, issue(t, otherCA, "admin").sending(otherCA), turnedAway, turnedAway},
		{"right name, self-signed", byName, self, turnedAway, turnedAway},
		{"right name on a certificate for servers", byName, issue(t, ca, "admin", ofServer), turnedAway, turnedAway},
		{"right name on a certificate for any use", byName, issue(t, ca, "admin", anyUsage), ok, ok},
		{"through an intermediate that is sent along", byName, issue(t, between, "admin").sending(between), ok, ok},
		{"through an intermediate that is not", byName, issue(t, between, "admin"), turnedAway, turnedAway},
		{"an admin's certificate behind a stranger's", byName, stranger.sending(admin), turnedAway, turnedAway},
		{"a stranger's certificate behind an admin's", byName, admin.sending(stranger), ok, ok},
		{"name in other letter case", byName, issue(t, ca, "ADMIN"), ok, ok},
		{"name that folds beyond ASCII", without(byName, func(cc *server.ClientCertificates) { cc.Admin = list("kit") }), issue(t, ca, "\u212Ait"), turnedAway, turnedAway},
		{"longer name", byName, issue(t, ca, "administrator"), turnedAway, turnedAway},
		{"shorter name", byName, issue(t, ca, "adm"), turnedAway, turnedAway},
		{"name with a blank", byName, issue(t, ca, "admin "), turnedAway, turnedAway},
		{"two names, the last of them right", byName, issue(t, ca, "", severalNames("stranger", "admin")), turnedAway, turnedAway},
		{"two names, the first of them right", byName, issue(t, ca, "", severalNames("admin", "stranger")), turnedAway, turnedAway},
		{"no name", byName, issue(t, ca, ""), turnedAway, turnedAway},
		{"name that is somebody else's DNS name", byName, issue(t, ca, "stranger", func(c *x509.Certificate) { c.DNSNames = list("admin") }), turnedAway, turnedAway},
		{"several of each", without(byName, func(cc *server.ClientCertificates) { cc.Admin = list("x", "CN=admin", "y") }), admin, ok, ok},
		{"the second user", without(byName, func(cc *server.ClientCertificates) { cc.User = list("x", "cn= user ") }), user, denied, ok},

		{"admin by thumbprint, self-signed", byThumbprint, self, ok, ok},
		{"user by thumbprint", byThumbprint, user, denied, ok},
		{"thumbprint of nobody", byThumbprint, stranger, turnedAway, turnedAway},
		{"same name, another thumbprint", byThumbprint, admin, turnedAway, turnedAway},
		{"thumbprint in capitals", without(byThumbprint, func(cc *server.ClientCertificates) { cc.Admin = list(strings.ToUpper(digits)) }), self, ok, ok},
		{"thumbprint with colons", without(byThumbprint, func(cc *server.ClientCertificates) { cc.Admin = list(colons(digits)) }), self, ok, ok},
		{"thumbprint with spaces", without(byThumbprint, func(cc *server.ClientCertificates) {
			cc.Admin = list(" " + strings.ReplaceAll(colons(digits), ":", " ") + "\n")
		}), self, ok, ok},
		{"last digit differs", without(byThumbprint, func(cc *server.ClientCertificates) { cc.Admin = list(digits[:39] + other(digits[39])) }), self, turnedAway, turnedAway},
		{"first digit differs", without(byThumbprint, func(cc *server.ClientCertificates) { cc.Admin = list(other(digits[0]) + digits[1:]) }), self, turnedAway, turnedAway},
		{"expired, by thumbprint", server.ClientCertificates{Admin: list(late.thumbprint())}, late, turnedAway, turnedAway},
		{"not valid yet, by thumbprint", server.ClientCertificates{Admin: list(soon.thumbprint())}, soon, turnedAway, turnedAway},
		{"for servers, by thumbprint without a CA", server.ClientCertificates{Admin: list(byServer.thumbprint())}, byServer, ok, ok},
		{"self-signed, by thumbprint with a CA", without(byThumbprint, func(cc *server.ClientCertificates) { cc.CA = ca.pool() }), self, turnedAway, turnedAway},
		{"self-signed, by thumbprint with itself as the CA", without(byThumbprint, func(cc *server.ClientCertificates) { cc.CA = self.pool() }), self, ok, ok},
		{"issued, by thumbprint with the CA", server.ClientCertificates{Admin: list(admin.thumbprint()), CA: ca.pool()}, admin, ok, ok},

		{"roles off: a user is an admin", without(byName, func(cc *server.ClientCertificates) { cc.Roles = false }), user, ok, ok},
		{"roles off: a stranger is not", without(byName, func(cc *server.ClientCertificates) { cc.Roles = false }), stranger, turnedAway, turnedAway},
		{"roles off: users alone", server.ClientCertificates{User: list(user.thumbprint())}, user, ok, ok},
		{"in both lists by name", without(byName, func(cc *server.ClientCertificates) { cc.User = list("ADMIN") }), admin, ok, ok},
		{"in both lists by thumbprint", without(byThumbprint, func(cc *server.ClientCertificates) { cc.User = list(digits) }), self, ok, ok},
		{"admin by name, user by thumbprint", without(byName, func(cc *server.ClientCertificates) { cc.User = list(admin.thumbprint()) }), admin, ok, ok},
		{"user by name, admin by thumbprint", without(byName, func(cc *server.ClientCertificates) { cc.Admin = list(user.thumbprint()) }), user, ok, ok},
		{"users only", server.ClientCertificates{User: list(user.thumbprint()), Roles: true}, user, denied, ok},
	}
	for _, tt := range tests {
		t.Run("runtime §7: "+tt.name, func(t *testing.T) {
			for _, proto := range protocols {
				var s spy
				at := listenFor(t, bareHandler(t, &s, server.WithClientCertificates(tt.in)))
				c := at.as(t, tt.cert, proto)
				for _, call := range []struct {
					operation string
					want      want
				}{{"CancelOperation", tt.cancel}, {"GetFaultOperationList", tt.lookup}} {
					s.operation = ""
					got, over := at.send(t, c, complete[call.operation].method, complete[call.operation].target, nil)
					if got.want != call.want || over != proto {
						t.Errorf("%s over %s: got %v over %s, want %v", call.operation, proto, got.want, over, call.want)
					}
					if reached := s.operation != ""; reached != (call.want.status < 300) {
						t.Errorf("%s over %s: implementation reached: %v", call.operation, proto, reached)
					}
				}
			}
		})
	}
}

// A request without TLS has no certificate, whatever its headers claim.
func TestWithoutTLS(t *testing.T) {
	cert := issue(t, nil, "admin")
	var log buffer
	h := newHandler(t, &spy{}, server.WithLogger(log.logger()), server.WithClientCertificates(server.ClientCertificates{Admin: []string{cert.thumbprint()}}))
	r, err := parse("POST", gracefully)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"X-Client-Cert", "X-Forwarded-Client-Cert", "X-Arr-Clientcert", "Client-Cert"} {
		r.Header.Set(name, cert.thumbprint())
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if got := judged(t, w.Code, w.Header(), w.Body.Bytes()); got.want != turnedAway {
		t.Errorf("got %v", got.want)
	}
	if !strings.Contains(log.String(), `"cause":"the request came without TLS"`) {
		t.Errorf("log %s", log.String())
	}
}

// What the caller does to its pool after New changes nothing.
func TestPoolIsCopied(t *testing.T) {
	ca, later := issue(t, nil, "first", authority), issue(t, nil, "second", authority)
	admin := issue(t, later, "admin")
	pool := ca.pool()
	h := bareHandler(t, &spy{}, server.WithClientCertificates(server.ClientCertificates{Admin: []string{"CN=admin"}, CA: pool}))
	pool.AddCert(later.cert)
	at := listenFor(t, h)
	if got, _ := at.send(t, at.as(t, admin, "HTTP/1.1"), "POST", gracefully, nil); got.want != turnedAway {
		t.Errorf("got %v", got.want)
	}
}
