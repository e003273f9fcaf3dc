package server_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

// counting is a pool with one root, which counts how often a chain to it is verified. It
// accepts none while refusing.
type counting struct {
	pool     *x509.CertPool
	n        atomic.Int64
	refusing bool
}

func newCounting(root *issued) *counting {
	c := &counting{pool: x509.NewCertPool()}
	c.pool.AddCertWithConstraint(root.cert, func([]*x509.Certificate) error {
		c.n.Add(1)
		if c.refusing {
			return errors.New("refused")
		}
		return nil
	})
	return c
}

// presented is what crypto/tls hands on of a chain, anew for every connection.
func (i *issued) presented(t testing.TB) *tls.ConnectionState {
	t.Helper()
	var state tls.ConnectionState
	for _, der := range i.chain {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		state.PeerCertificates = append(state.PeerCertificates, cert)
	}
	return &state
}

// reaches sends a request as it comes over a connection, and returns whether the client may in.
func reaches(t testing.TB, h http.Handler, state *tls.ConnectionState) bool {
	t.Helper()
	r, err := parse("POST", gracefully)
	if err != nil {
		t.Fatal(err)
	}
	r.TLS = state
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusOK && (w.Code != http.StatusForbidden || w.Body.Len() != 0) {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	return w.Code == http.StatusOK
}

// A chain is verified once for a connection, be it good or bad, and again for the next one. No
// contract is checked, because a checker would see nothing but a client that may in or may not.
func TestChainIsVerifiedOncePerConnection(t *testing.T) {
	root := issue(t, nil, "root", authority)
	admin := issue(t, root, "admin")
	for _, tt := range []struct {
		name     string
		refusing bool
		want     want
	}{{"good", false, ok}, {"bad", true, turnedAway}} {
		for _, proto := range protocols {
			t.Run(tt.name+" over "+proto, func(t *testing.T) {
				ca := newCounting(root)
				ca.refusing = tt.refusing
				at := listenFor(t, bareHandler(t, &spy{}, server.WithClientCertificates(server.ClientCertificates{Admin: []string{"admin"}, CA: ca.pool})))
				for connection := range int64(3) {
					c := at.as(t, admin, proto)
					for range 4 {
						if got, over := at.send(t, c, "POST", gracefully, nil); got.want != tt.want || over != proto {
							t.Errorf("got %v over %s, want %v over %s", got.want, over, tt.want, proto)
						}
					}
					if n := ca.n.Load(); n != connection+1 {
						t.Errorf("verified %d times over %d connections of 4 requests, want once for each", n, connection+1)
					}
				}
			})
		}
	}
}

// Requests that come over one connection at once wait for the one that has the chain verified.
func TestChainIsVerifiedOnceForRequestsAtOnce(t *testing.T) {
	root := issue(t, nil, "root", authority)
	ca := newCounting(root)
	polite := answering{cancel: func(context.Context) (generated.CancelOperationResponseObject, error) {
		return generated.CancelOperation200Response{}, nil
	}}
	h := bareHandler(t, polite, server.WithClientCertificates(server.ClientCertificates{Admin: []string{"admin"}, CA: ca.pool}))
	state := issue(t, root, "admin").presented(t)
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			copied := *state // as servers of other protocols do for each request
			if !reaches(t, h, &copied) {
				t.Error("an admin: got turned away, want let in")
			}
		})
	}
	wg.Wait()
	if n := ca.n.Load(); n != 1 {
		t.Errorf("verified %d times, want once", n)
	}
}

// A part of a list of certificates is a chain of its own.
func TestPartOfAChainIsJudgedByItself(t *testing.T) {
	root := issue(t, nil, "root", authority)
	between := issue(t, root, "between", authority)
	h := bareHandler(t, &spy{}, server.WithClientCertificates(server.ClientCertificates{Admin: []string{"admin"}, CA: root.pool()}))
	state := issue(t, between, "admin").sending(between).presented(t)
	part := *state
	part.PeerCertificates = part.PeerCertificates[:1]
	for range 2 {
		if !reaches(t, h, state) {
			t.Error("an admin: got turned away, want let in")
		}
		if reaches(t, h, &part) {
			t.Error("without the intermediate that the chain needs: got let in, want turned away")
		}
	}
}

// What is known of a connection is kept as long as there is one, and no longer: strangers who
// come and go leave nothing behind.
func TestNothingIsKeptOfAConnectionThatEnded(t *testing.T) {
	root := issue(t, nil, "root", authority)
	ca := newCounting(root)
	h := bareHandler(t, &spy{}, server.WithClientCertificates(server.ClientCertificates{Admin: []string{"admin"}, CA: ca.pool}))
	admin, stranger := issue(t, root, "admin").presented(t), issue(t, nil, "admin").sending(root)
	reaches(t, h, admin)
	var wg sync.WaitGroup
	wg.Go(func() { // whose stack is gone when the garbage is collected
		for range 1000 {
			if reaches(t, h, stranger.presented(t)) {
				t.Error("a stranger: got let in, want turned away")
			}
		}
	})
	wg.Wait()
	collect()
	if n := h.Connections(); n != 1 {
		t.Errorf("%d connections are known after 1000 strangers have gone, want the one that is there", n)
	}
	if before := ca.n.Load(); !reaches(t, h, admin) || ca.n.Load() != before {
		t.Errorf("the connection that is there: got %d verifications before, %d after, want it let in without a new one", before, ca.n.Load())
	}
}

// collect frees what nothing refers to. One collection finds all of it, and queues the cleanups of all
// of it before it is over; those of that queue run in goroutines of the runtime.
func collect() {
	runtime.GC()
	queue := []metrics.Sample{{Name: "/gc/cleanups/queued:cleanups"}, {Name: "/gc/cleanups/executed:cleanups"}}
	for metrics.Read(queue); queue[0].Value.Uint64() != queue[1].Value.Uint64(); metrics.Read(queue) {
		runtime.Gosched()
	}
}

// A request of an outsider costs at most twice what one of an admin costs, with each request and
// with the first one of a connection, whatever certificates come along.
func TestWhatAnOutsiderCosts(t *testing.T) {
	root := issue(t, nil, "root", authority)
	h := bareHandler(t, &spy{}, server.WithClientCertificates(server.ClientCertificates{Admin: []string{"admin"}, CA: root.pool()}))
	upper := issue(t, root, "upper", authority)
	lower := issue(t, upper, "lower", authority)
	admin := issue(t, lower, "admin").sending(lower, upper)

	first := func(i *issued) float64 {
		const runs = 20
		var states []*tls.ConnectionState
		for range runs + 1 { // AllocsPerRun has one more
			states = append(states, i.presented(t))
		}
		return testing.AllocsPerRun(runs, func() {
			reaches(t, h, states[0])
			states = states[1:]
		})
	}
	next := func(i *issued) float64 {
		state := i.presented(t)
		return testing.AllocsPerRun(20, func() { reaches(t, h, state) })
	}
	ofAdmin, nextOfAdmin := first(admin), next(issue(t, root, "admin"))
	for _, outsider := range outsiders(t, root) {
		t.Run(outsider.name, func(t *testing.T) {
			if reaches(t, h, outsider.presented(t)) {
				t.Fatal("an outsider: got let in, want turned away")
			}
			if n := first(outsider.issued); n > 2*ofAdmin {
				t.Errorf("the first request of a connection allocates %v times, that of an admin with two intermediates %v times", n, ofAdmin)
			}
			if n := next(outsider.issued); n > 2*nextOfAdmin {
				t.Errorf("a request allocates %v times, that of an admin %v times", n, nextOfAdmin)
			}
		})
	}
}

// outsider is somebody who knows an admin's name, and no key of the CA.
type outsider struct {
	name string
	*issued
}

func outsiders(t testing.TB, root *issued) []outsider {
	t.Helper()
	// Each of a set signs the next, and all have one name, so that any may have
	// signed any other.
	set := func(n int) *issued {
		above, sent := issue(t, nil, "set", authority), []*issued(nil)
		for range n {
			above = issue(t, above, "set", authority)
			sent = append(sent, above)
		}
		return issue(t, above, "admin").sending(sent...)
	}
	likeRoot := []*issued(nil)
	for range 10 {
		likeRoot = append(likeRoot, issue(t, issue(t, nil, "root", authority), "forged", authority))
	}
	long := issue(t, nil, "admin", func(c *x509.Certificate) { c.DNSNames = slices.Repeat([]string{"long.example.com"}, 10_000) })
	return []outsider{
		{"self-signed", issue(t, nil, "admin")},
		{"self-signed and long", long},
		{"by a CA that calls itself the same", issue(t, issue(t, nil, "root", authority), "admin").sending(root)},
		{"with ten that sign each other", set(10)},
		{"with a hundred that sign each other", set(100)},
		{"with ten that the root is said to have signed", issue(t, likeRoot[0], "admin").sending(likeRoot...)},
	}
}

// BenchmarkAuthenticate is a request without a socket, by who sends it: the first one of a
// connection, with what it takes to read the certificates, and one after it.
func BenchmarkAuthenticate(b *testing.B) {
	root := issue(b, nil, "root", authority)
	between := issue(b, root, "between", authority)
	admin, self := issue(b, root, "admin"), issue(b, nil, "self")
	byName := server.ClientCertificates{Admin: []string{"admin"}, CA: root.pool()}
	cases := append([]outsider{
		{"admin by name", admin},
		{"admin by name with an intermediate", issue(b, between, "admin").sending(between)},
	}, outsiders(b, root)...)
	run := func(name string, cc server.ClientCertificates, i *issued) {
		h := bareHandler(b, &spy{}, server.WithClientCertificates(cc))
		b.Run(name+"/first", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				reaches(b, h, i.presented(b))
			}
		})
		b.Run(name+"/next", func(b *testing.B) {
			state := i.presented(b)
			b.ReportAllocs()
			for b.Loop() {
				reaches(b, h, state)
			}
		})
	}
	run("admin by thumbprint", server.ClientCertificates{Admin: []string{self.thumbprint()}}, self)
	for _, c := range cases {
		run(c.name, byName, c.issued)
	}
}

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
		{name: "eleven, by thumbprint without a CA, where no chain is checked", in: byThumbprint, noCA: true, cert: byRoot.sending(strangers(11)...), want: true},
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

// On one connection every request is checked as crypto/x509 checks the chain at that moment,
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
