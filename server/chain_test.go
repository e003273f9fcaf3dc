package server_test

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/server"
)

// Ten intermediates are read, in any order; of eleven none is.
func TestIntermediates(t *testing.T) {
	root := issue(t, nil, "root", authority)
	above, between := root, []*issued(nil)
	for i := range 11 {
		above = issue(t, above, fmt.Sprint("between ", i), authority)
		between = append(between, above)
	}
	topDown := func(n int) []*issued { return slices.Clone(between[:n]) }
	bottomUp := func(n int) []*issued {
		all := topDown(n)
		slices.Reverse(all)
		return all
	}
	strangers := func(n int) (all []*issued) {
		for range n {
			all = append(all, issue(t, nil, "stranger", authority))
		}
		return all
	}
	byRoot := issue(t, root, "admin")
	byName := server.ClientCertificates{Admin: []string{"admin"}}
	byThumbprint := server.ClientCertificates{Admin: []string{byRoot.thumbprint()}}
	tests := []struct {
		name  string
		in    server.ClientCertificates
		cert  *issued
		noCA  bool
		want  bool
		cause string
	}{
		{name: "ten, from the bottom to the top", in: byName, cert: issue(t, between[9], "admin").sending(bottomUp(10)...), want: true},
		{name: "ten, from the top to the bottom", in: byName, cert: issue(t, between[9], "admin").sending(topDown(10)...), want: true},
		{name: "ten of which one is missing", in: byName, cert: issue(t, between[9], "admin").sending(append(topDown(5), between[6:10]...)...), cause: "does not chain"},
		{name: "ten that nobody needs", in: byName, cert: byRoot.sending(strangers(10)...), want: true},
		{name: "eleven", in: byName, cert: issue(t, between[10], "admin").sending(bottomUp(11)...), cause: "more than 10"},
		{name: "eleven that nobody needs", in: byName, cert: byRoot.sending(strangers(11)...), cause: "more than 10"},
		{name: "eleven, by thumbprint", in: byThumbprint, cert: byRoot.sending(strangers(11)...), cause: "more than 10"},
		{name: "eleven, by thumbprint without a CA, where no chain is judged", in: byThumbprint, noCA: true, cert: byRoot.sending(strangers(11)...), want: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ca := newCounting(root)
			if !tt.noCA {
				tt.in.CA = ca.pool
			}
			var log buffer
			h := bareHandler(t, &spy{}, server.WithLogger(log.logger()), server.WithClientCertificates(tt.in))
			if got := reaches(t, h, tt.cert.presented(t)); got != tt.want {
				t.Errorf("let in: %v, want %v", got, tt.want)
			}
			if tt.cause != "" && !strings.Contains(log.String(), tt.cause) {
				t.Errorf("log %s, want %q in it", log.String(), tt.cause)
			}
			if n := ca.n.Load(); tt.cause == "more than 10" && n != 0 {
				t.Errorf("%d chains were verified, want none", n)
			}
		})
	}
}

// The dates of every certificate of a chain are watched on one connection, whichever way the
// clock moves.
func TestDatesOfAChain(t *testing.T) {
	start := time.Now().Truncate(time.Second)
	valid := func(from, to time.Duration) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.NotBefore, c.NotAfter = start.Add(from), start.Add(to) }
	}
	const m, tick = time.Minute, time.Nanosecond
	long := valid(-60*m, 60*m)
	root := issue(t, nil, "root", authority, long)

	// again is a certificate for the same key with other dates.
	again := func(by, of *issued, dates func(*x509.Certificate)) *issued {
		template := *of.cert
		dates(&template)
		parent, key := &template, of.key
		if by != nil {
			parent, key = by.cert, by.key
		}
		return sign(t, &template, parent, of, key)
	}
	between := issue(t, root, "between", authority, valid(10*m, 20*m))
	under := issue(t, between, "admin", long)
	late := issue(t, nil, "late", authority, valid(10*m, 20*m))
	short := issue(t, nil, "short", authority, valid(-60*m, 10*m))
	renewed := again(nil, short, valid(5*m, 20*m))
	gone := again(nil, short, valid(-60*m, -10*m))
	shortly := issue(t, root, "twice", authority, valid(-60*m, 10*m))
	afterwards := again(root, shortly, valid(5*m, 20*m))
	inTheMiddle := again(root, shortly, valid(12*m, 14*m))
	forged := issue(t, nil, "root", authority)

	type step struct {
		at   time.Duration
		want bool
	}
	tests := []struct {
		name  string
		roots []*issued
		cert  *issued
		steps []step
	}{
		{"an intermediate", []*issued{root}, under.sending(between),
			[]step{{0, false}, {10*m - tick, false}, {10 * m, true}, {20 * m, true}, {20*m + tick, false}, {15 * m, true}, {0, false}, {10 * m, true}}},
		{"a root that is not valid yet", []*issued{late}, issue(t, late, "admin", long),
			[]step{{0, false}, {10*m - tick, false}, {10 * m, true}, {20 * m, true}, {20*m + tick, false}}},
		{"a root that is not valid yet, above an intermediate", []*issued{late}, func() *issued {
			ca := issue(t, late, "below", authority, long)
			return issue(t, ca, "admin", long).sending(ca)
		}(), []step{{0, false}, {10*m - tick, false}, {10 * m, true}, {20 * m, true}, {20*m + tick, false}, {0, false}}},
		{"a root that is renewed", []*issued{short, renewed}, issue(t, short, "admin", long),
			[]step{{0, true}, {10 * m, true}, {10*m + tick, true}, {20 * m, true}, {20*m + tick, false}, {0, true}}},
		{"a root that is renewed too late, within a minute", []*issued{again(nil, short, valid(10*m, 20*m)), gone}, issue(t, short, "admin", long),
			[]step{{0, false}, {9*m + tick, false}, {10*m + time.Minute, true}, {20*m + tick, false}}},
		{"an intermediate that is renewed", []*issued{root}, issue(t, shortly, "admin", long).sending(shortly, afterwards),
			[]step{{0, true}, {10*m + tick, true}, {20 * m, true}, {20*m + tick, false}, {3 * m, true}}},
		{"an intermediate with a gap", []*issued{root}, issue(t, shortly, "admin", long).sending(shortly, inTheMiddle),
			[]step{{10 * m, true}, {10*m + tick, false}, {11 * m, false}, {12*m - tick, false}, {12 * m, true}, {14 * m, true}, {14*m + tick, false}, {30 * m, false}, {13 * m, true}}},
		{"the certificate itself", []*issued{root}, issue(t, root, "admin", valid(10*m, 20*m)),
			[]step{{0, false}, {10*m - tick, false}, {10 * m, true}, {20 * m, true}, {20*m + tick, false}, {15 * m, true}}},
		{"nobody's", []*issued{root}, issue(t, forged, "admin", long).sending(between, forged),
			[]step{{0, false}, {10 * m, false}, {20*m + tick, false}, {15 * m, false}, {0, false}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pool := x509.NewCertPool()
			for _, root := range tt.roots {
				pool.AddCert(root.cert)
			}
			h := bareHandler(t, &spy{}, server.WithClientCertificates(server.ClientCertificates{Admin: []string{"admin"}, CA: pool}))
			var now time.Time
			h.SetClock(func() time.Time { return now })
			state := tt.cert.presented(t)
			for i, step := range tt.steps {
				now = start.Add(step.at)
				for range 2 {
					if got := reaches(t, h, state); got != step.want {
						t.Errorf("step %d, after %v: let in: %v, want %v", i, step.at, got, step.want)
					}
				}
			}
		})
	}
}

// On one connection every request is judged as crypto/x509 judges the chain at that moment,
// whoever signed what, with which dates, and however the clock moves.
func TestRequestsAreJudgedAsTheChainIs(t *testing.T) {
	start := time.Now().Truncate(time.Second)
	admin := issue(t, nil, "admin")
	keys := []*issued{issue(t, nil, ""), issue(t, nil, ""), issue(t, nil, ""), issue(t, nil, "")}
	names := []string{"a", "b", "c"}
	second := rapid.IntRange(-5, 40)
	rapid.Check(t, func(r *rapid.T) {
		dates := func(c *x509.Certificate) {
			from := second.Draw(r, "from")
			c.NotBefore = start.Add(time.Duration(from) * time.Second)
			c.NotAfter = c.NotBefore.Add(time.Duration(rapid.IntRange(0, 40).Draw(r, "for")) * time.Second)
		}
		made := func(name string, key, by *issued) *issued {
			template := issueTemplate(name)
			authority(template)
			dates(template)
			if by == nil {
				return sign(t, template, template, key, key.key)
			}
			return sign(t, template, by.cert, key, by.key)
		}
		var roots, sent []*issued
		pool := x509.NewCertPool()
		for i := range rapid.IntRange(1, 2).Draw(r, "roots") {
			root := made(fmt.Sprint("root ", i), keys[i], nil)
			roots = append(roots, root)
			pool.AddCert(root.cert)
		}
		issuers := append(slices.Clone(roots), made("root 0", keys[3], nil)) // which is not in the pool
		for range rapid.IntRange(0, 4).Draw(r, "intermediates") {
			by := rapid.SampledFrom(issuers).Draw(r, "by")
			ca := made(rapid.SampledFrom(names).Draw(r, "name"), rapid.SampledFrom(keys).Draw(r, "key"), by)
			issuers, sent = append(issuers, ca), append(sent, ca)
		}
		by := rapid.SampledFrom(issuers).Draw(r, "by")
		template := issueTemplate("admin")
		dates(template)
		leaf := sign(t, template, by.cert, admin, by.key).sending(rapid.Permutation(sent).Draw(r, "sent")...)

		h := bareHandler(t, &spy{}, server.WithClientCertificates(server.ClientCertificates{Admin: []string{"admin"}, CA: pool}))
		var now time.Time
		h.SetClock(func() time.Time { return now })
		state := leaf.presented(t)
		for range rapid.IntRange(1, 12).Draw(r, "requests") {
			now = start.Add(time.Duration(second.Draw(r, "now"))*time.Second + time.Duration(rapid.IntRange(-1, 1).Draw(r, "off")))
			want := verifies(state, pool, now)
			if got := reaches(t, h, state); got != want {
				r.Fatalf("%v after the start: let in: %v, want %v", now.Sub(start), got, want)
			}
		}
	})
}

// verifies is what crypto/x509 says of a chain.
func verifies(state *tls.ConnectionState, roots *x509.CertPool, now time.Time) bool {
	between := x509.NewCertPool()
	for _, cert := range state.PeerCertificates[1:] {
		between.AddCert(cert)
	}
	_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	return err == nil
}
