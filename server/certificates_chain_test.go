package server_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/metrics"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

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
				t.Error("an admin is turned away")
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
			t.Error("an admin is turned away")
		}
		if reaches(t, h, &part) {
			t.Error("let in without the intermediate that the chain needs")
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
				t.Error("a stranger is let in")
			}
		}
	})
	wg.Wait()
	collect()
	if n := h.Connections(); n != 1 {
		t.Errorf("%d connections are known after 1000 strangers have gone, want the one that is there", n)
	}
	if before := ca.n.Load(); !reaches(t, h, admin) || ca.n.Load() != before {
		t.Error("the connection that is there was forgotten")
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
				t.Fatal("an outsider is let in")
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
