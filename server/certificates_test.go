package server_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"
	"time"

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
	if got := answerOf(t, w.Code, w.Header(), w.Body.Bytes()); got.want != turnedAway {
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

func TestNewRefusesClientCertificates(t *testing.T) {
	ca := issue(t, nil, "roots", authority).pool()
	const good = "0123456789abcdef0123456789ABCDEF01234567"
	tests := []struct {
		name string
		in   server.ClientCertificates
		says []string // nil if there is nothing wrong
	}{
		{"nobody", server.ClientCertificates{}, []string{"neither Admin nor User"}},
		{"nobody, and a CA", server.ClientCertificates{CA: ca, Roles: true}, []string{"neither Admin nor User"}},
		{"name without a CA", server.ClientCertificates{Admin: []string{"CN=admin"}}, []string{"Admin[0]", `"CN=admin"`, "set CA", "thumbprint"}},
		{"plain name without a CA", server.ClientCertificates{User: []string{good, "operators"}}, []string{"User[1]", `"operators"`, "set CA"}},
		{"empty entry", server.ClientCertificates{Admin: []string{good, ""}}, []string{"Admin[1]", "blank"}},
		{"blank entry", server.ClientCertificates{Admin: []string{" \t\n"}}, []string{"Admin[0]", "blank"}},
		{"blank name", server.ClientCertificates{User: []string{"CN= "}, CA: ca}, []string{"User[0]", `"CN="`, "blank"}},
		{"colons only", server.ClientCertificates{User: []string{":"}}, []string{"User[0]"}},
		{"39 digits", server.ClientCertificates{Admin: []string{good[1:]}, CA: ca}, []string{"Admin[0]", "40 hexadecimal digits"}},
		{"38 digits", server.ClientCertificates{Admin: []string{good[2:]}, CA: ca}, []string{"Admin[0]", "40 hexadecimal digits"}},
		{"42 digits", server.ClientCertificates{Admin: []string{good + "00"}, CA: ca}, []string{"40 hexadecimal digits"}},
		{"SHA-256", server.ClientCertificates{Admin: []string{strings.Repeat("0a", 32)}, CA: ca}, []string{"SHA-1"}},
		{"a letter among the digits", server.ClientCertificates{Admin: []string{"g" + good[1:]}, CA: ca}, []string{"40 hexadecimal digits"}},
		{"a capital among the digits", server.ClientCertificates{Admin: []string{"O" + good[1:]}, CA: ca}, []string{"40 hexadecimal digits"}},
		{"a name of hexadecimal digits", server.ClientCertificates{Admin: []string{"cafe"}, CA: ca}, []string{"CN= in front"}},
		{"the mark that Windows puts in front", server.ClientCertificates{Admin: []string{"\u200e" + good}}, []string{`"\u200e0123`, "invisible"}},
		{"a control character in a name", server.ClientCertificates{Admin: []string{"CN=a\x00b"}, CA: ca}, []string{"invisible"}},
		{"a CA without a certificate", server.ClientCertificates{Admin: []string{good}, CA: x509.NewCertPool()}, []string{"CA has no certificate"}},
		{"everything at once", server.ClientCertificates{Admin: []string{"", "12"}, User: []string{"x"}, CA: nil}, []string{"Admin[0]", "Admin[1]", "User[0]"}},

		{"thumbprint", server.ClientCertificates{Admin: []string{good}}, nil},
		{"name", server.ClientCertificates{User: []string{"operators"}, CA: ca}, nil},
		{"CN= makes a name of hexadecimal digits", server.ClientCertificates{User: []string{"CN=cafe"}, CA: ca}, nil},
		{"CN= makes a name of a thumbprint", server.ClientCertificates{User: []string{"CN=" + good}, CA: ca}, nil},
		{"letters beyond ASCII", server.ClientCertificates{User: []string{"Bedienköpfe"}, CA: ca}, nil},
		{"a name of 40 characters with a dot", server.ClientCertificates{User: []string{"operators.of.the.cluster.in.northern.eur"}, CA: ca}, nil},
		{"a short name", server.ClientCertificates{User: []string{"it"}, CA: ca}, nil},
		{"one twice", server.ClientCertificates{User: []string{good, good}, Admin: []string{good}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, err := server.New(&spy{}, server.WithClientCertificates(tt.in))
			if tt.says == nil {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if err == nil || h != nil {
				t.Fatalf("got %v, %v", h, err)
			}
			for _, part := range tt.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
		})
	}
}

// A certificate is checked with every request: one that expires is turned away on
// the connection it was accepted on, and in a session that is resumed.
func TestCertificateExpires(t *testing.T) {
	cert := issue(t, nil, "admin")
	for _, proto := range protocols {
		for _, resumed := range []bool{false, true} {
			name := proto + " on the same connection"
			if resumed {
				name = proto + " in a resumed session"
			}
			t.Run(name, func(t *testing.T) {
				var passed atomic.Int64
				h := bareHandler(t, &spy{}, server.WithClientCertificates(server.ClientCertificates{Admin: []string{cert.thumbprint()}}))
				h.SetClock(func() time.Time { return time.Now().Add(time.Duration(passed.Load())) })
				at := listenFor(t, h)
				c := at.as(t, cert, proto, func(c *tls.Config) { c.ClientSessionCache = tls.NewLRUClientSessionCache(4) })

				for i, step := range []struct {
					passed time.Duration
					want   want
				}{{0, ok}, {0, ok}, {50 * time.Minute, ok}, {2 * time.Hour, turnedAway}, {0, ok}} {
					passed.Store(int64(step.passed))
					reused := false
					ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reused = i.Reused }})
					r, err := http.NewRequestWithContext(ctx, http.MethodPost, at.url+gracefully, http.NoBody)
					if err != nil {
						t.Fatal(err)
					}
					resp, err := c.Do(r)
					if err != nil {
						t.Fatal(err)
					}
					body, err := io.ReadAll(resp.Body)
					_ = resp.Body.Close()
					if err != nil {
						t.Fatal(err)
					}
					if got := answerOf(t, resp.StatusCode, resp.Header, body); got.want != step.want {
						t.Errorf("step %d: got %v, want %v", i, got.want, step.want)
					}
					if i > 0 && (reused == resumed || resp.TLS.DidResume != resumed) {
						t.Errorf("step %d: same connection %v, resumed session %v", i, reused, resp.TLS.DidResume)
					}
					if resumed {
						c.CloseIdleConnections()
					}
				}
			})
		}
	}
}

// The chain is checked at the same moment as the certificate at its end.
func TestAuthorityExpires(t *testing.T) {
	shortly := func(c *x509.Certificate) { c.NotAfter = time.Now().Add(10 * time.Minute) }
	root := issue(t, nil, "root", authority)
	for name, ca := range map[string]*issued{
		"root":         issue(t, nil, "short", authority, shortly),
		"intermediate": issue(t, root, "short", authority, shortly),
	} {
		t.Run(name, func(t *testing.T) {
			pool := root.pool()
			if name == "root" {
				pool = ca.pool()
			}
			var passed atomic.Int64
			h := bareHandler(t, &spy{}, server.WithClientCertificates(server.ClientCertificates{Admin: []string{"CN=admin"}, CA: pool}))
			h.SetClock(func() time.Time { return time.Now().Add(time.Duration(passed.Load())) })
			at := listenFor(t, h)
			c := at.as(t, issue(t, ca, "admin").sending(ca), "HTTP/1.1")
			for _, step := range []struct {
				passed time.Duration
				want   want
			}{{0, ok}, {20 * time.Minute, turnedAway}} {
				passed.Store(int64(step.passed))
				if got, _ := at.send(t, c, "POST", gracefully, nil); got.want != step.want {
					t.Errorf("after %v: got %v, want %v", step.passed, got.want, step.want)
				}
			}
		})
	}
}

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

// The lists and the roots of a handler can change while it serves: the next request goes by them, on the
// connection that was there before.
func TestClientCertificatesThatChange(t *testing.T) {
	first, second := issue(t, nil, "first", authority), issue(t, nil, "second", authority)
	cert := issue(t, first, "admin")
	admins := func(by *issued, names ...string) *server.ClientCertificates {
		return &server.ClientCertificates{Admin: names, CA: by.pool()}
	}
	var current atomic.Pointer[server.ClientCertificates]
	current.Store(admins(first, "admin"))
	var log buffer
	h := bareHandler(t, &spy{}, server.WithCurrentClientCertificates(current.Load), server.WithLogger(log.logger()))
	at := listenFor(t, h)
	client := at.as(t, cert, "HTTP/1.1")
	for _, step := range []struct {
		name string
		cc   *server.ClientCertificates
		want want
	}{
		{"as it began", current.Load(), ok},
		{"taken off the list", admins(first, "other"), turnedAway},
		{"back on it", admins(first, "admin"), ok},
		{"another root", admins(second, "admin"), turnedAway},
		{"what cannot be has no effect", &server.ClientCertificates{}, turnedAway},
		{"nor has none", nil, turnedAway},
		{"the first root again", admins(first, "admin"), ok},
		{"what cannot be has no effect then either", admins(first, ""), ok},
	} {
		current.Store(step.cc)
		for range 2 {
			if got, _ := at.send(t, client, "POST", gracefully, nil); got.want != step.want {
				t.Errorf("%s: got %v, want %v", step.name, got.want, step.want)
			}
		}
	}
	if n := strings.Count(log.String(), "those before go on"); n != 3 {
		t.Errorf("the log tells %d times of what cannot be, want 3: %s", n, log.String())
	}
}

func TestClientCertificatesThatCannotChange(t *testing.T) {
	for name, current := range map[string]func() *server.ClientCertificates{
		"no function":   nil,
		"none at first": func() *server.ClientCertificates { return nil },
		"nobody":        func() *server.ClientCertificates { return &server.ClientCertificates{} },
	} {
		if h, err := server.New(&spy{}, server.WithCurrentClientCertificates(current)); err == nil || h != nil {
			t.Errorf("%s: no error", name)
		}
	}
}
