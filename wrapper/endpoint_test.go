package wrapper_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// gateways is a handler for several addresses of one cluster, each of which may fail in its own way.
type gateways struct {
	c *cluster

	mu    sync.Mutex
	fails map[string]func(w http.ResponseWriter, r *http.Request, cluster http.Handler) // by host; nil passes
	seen  []string                                                                      // host and request, such as "a graceful"
}

func newGateways(c *cluster) *gateways {
	return &gateways{c: c, fails: map[string]func(http.ResponseWriter, *http.Request, http.Handler){}}
}

func (g *gateways) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	g.seen = append(g.seen, r.URL.Host+" "+inShort([]string{r.Method + " " + r.URL.RequestURI()})[0])
	fail := g.fails[r.URL.Host]
	g.mu.Unlock()
	if fail != nil {
		fail(w, r, g.c.handler)
		return
	}
	g.c.handler.ServeHTTP(w, r)
}

func (g *gateways) client(tb testing.TB, options ...wrapper.Option) *wrapper.Client {
	tb.Helper()
	h := &http.Client{Transport: direct{g}}
	client, err := wrapper.New("http://a", append([]wrapper.Option{wrapper.WithHTTPClient(h), wrapper.WithEndpoints("http://b", "http://c")}, options...)...)
	must(tb, err)
	return client
}

// take returns the requests seen since the last call of take.
func (g *gateways) take() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	seen := strings.Join(g.seen, ", ")
	g.seen = nil
	return seen
}

// The ways in which a gateway may fail.
type gatewayFault = func(http.ResponseWriter, *http.Request, http.Handler)

func refuses(http.ResponseWriter, *http.Request, http.Handler) { panic(refuseDial{}) }
func loses(http.ResponseWriter, *http.Request, http.Handler)   { panic(http.ErrAbortHandler) }
func losesAnswer(w http.ResponseWriter, r *http.Request, cluster http.Handler) {
	cluster.ServeHTTP(&statusWriter{ResponseWriter: discard{}}, r)
	panic(http.ErrAbortHandler)
}

func says(status int, body string) gatewayFault {
	return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

type discard struct{}

func (discard) Header() http.Header         { return http.Header{} }
func (discard) Write(p []byte) (int, error) { return len(p), nil }
func (discard) WriteHeader(int)             {}

// The client fails over on refused connections, 502, 503 and lost answers. It keeps using a gateway that gives any other
// answer. If a request may have been carried out, the client reads from the next gateway before it writes to it.
func TestFailover(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		a    gatewayFault
		seen string
	}{
		{"no failure", nil, "a graceful"},
		{"refused connection", refuses, "a graceful, b graceful"},
		{"502", says(502, fabricError("FABRIC_E_GATEWAY_NOT_REACHABLE")), "a graceful, b list, b graceful"},
		{"503", says(503, fabricError("E_ABORT")), "a graceful, b list, b graceful"},
		{"no answer", loses, "a graceful, b list, b graceful"},
		{"a lost answer", losesAnswer, "a graceful, b list, b graceful"},
		{"504 comes from the fault service", says(504, fabricError("FABRIC_E_TIMEOUT")), "a graceful, a graceful, a graceful"},
		{"500 comes from the fault service", says(500, fabricError("E_FAIL")), "a graceful, a graceful, a graceful"},
		{"429", says(429, ""), "a graceful, a graceful, a graceful"},
		{"403 is definite", says(403, fabricError("E_ACCESSDENIED")), "a graceful"},
	}
	for _, tc := range cases {
		eachProfile(t, func(t *testing.T, profile server.Profile) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateways(newCluster(t, profile))
				makeRunning(t, g.c)
				g.fails["a"] = tc.a
				client := g.client(t, fastWith(3))
				begin := time.Now()
				got, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
				seen := g.take()
				if seen != tc.seen {
					t.Errorf("%s: got requests %s, want %s", tc.name, seen, tc.seen)
				}
				if strings.Contains(seen, "b graceful") {
					if err != nil || got.Verdict != wrapper.Accepted || got.Attempts[len(got.Attempts)-1].Endpoint != "http://b/" {
						t.Errorf("%s: got %+v, %v, want Accepted from http://b/", tc.name, got, err)
					}
					if took := time.Since(begin); took != 0 {
						t.Errorf("%s: got a pause of %v, want none before b, which has not failed", tc.name, took)
					}
				}
			})
		})
	}
}

// After a failover the client stays with the new gateway, even when the first one works again.
func TestFailoverIsSticky(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGateways(newCluster(t, server.Documented))
		makeRunning(t, g.c)
		client := g.client(t)
		read := func() string {
			_, err := client.Operation(t.Context(), opID)
			must(t, err)
			return g.take()
		}
		g.fails["a"] = refuses
		if want, seen := "a list, b list", read(); seen != want {
			t.Errorf("got requests %s, want %s", seen, want)
		}
		g.fails["a"] = nil
		for _, pause := range []time.Duration{0, time.Second, time.Hour} {
			time.Sleep(pause)
			if seen := read(); seen != "b list" {
				t.Errorf("after %v: got requests %s, want b list", pause, seen)
			}
		}
	})
}

// A gateway that failed is used again after its backoff, which grows with each failure.
func TestEndpointRecovers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGateways(newCluster(t, server.Documented))
		makeRunning(t, g.c)
		client := g.client(t, fastWith(4))
		read := func() (string, error) {
			_, err := client.Operation(t.Context(), opID)
			return g.take(), err
		}
		g.fails["a"], g.fails["b"] = refuses, refuses
		want := "a list, b list, c list"
		if seen, err := read(); seen != want || err != nil {
			t.Fatalf("got requests %s, %v, want %s, nil", seen, err, want)
		}
		// Both a and b back off for half a second to a second.
		g.fails["c"] = refuses
		seen, err := read()
		wantKind(t, err, wrapper.ErrNotSent)
		if !strings.HasPrefix(seen, "c list") || strings.Count(seen, "list") != 4 {
			t.Errorf("all are backing off: got requests %s, want 4 lists, the first from c", seen)
		}
		// All gateways work again before their backoff is over.
		g.fails["a"], g.fails["b"], g.fails["c"] = nil, nil, nil
		time.Sleep(2 * time.Minute)
		if _, err := read(); err != nil {
			t.Errorf("all work again: got %v, want nil", err)
		}
		// After a success the backoff is short again.
		g.fails["a"], g.fails["b"], g.fails["c"] = refuses, refuses, nil
		time.Sleep(2 * time.Minute)
		if seen, err := read(); err != nil || !strings.HasSuffix(seen, "c list") {
			t.Errorf("a and b fail: got requests %s, %v, want a list from c last", seen, err)
		}
	})
}

// The backoff of an endpoint doubles from a second to a minute, with jitter in its upper half.
func TestEndpointBackoff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGateways(newCluster(t, server.Documented))
		makeRunning(t, g.c)
		h := &http.Client{Transport: direct{g}}
		client, err := wrapper.New("http://a", wrapper.WithHTTPClient(h), wrapper.WithEndpoints("http://b"), fastWith(4))
		must(t, err)
		// If b fails once, the call retries at a, unless a is still backing off.
		read := func(bFails bool) string {
			g.take()
			g.fails["b"] = nil
			if bFails {
				g.fails["b"] = func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
					g.fails["b"] = nil
					w.WriteHeader(503)
				}
			}
			_, err := client.Operation(t.Context(), opID)
			must(t, err)
			return g.take()
		}
		g.fails["a"] = refuses
		if want, seen := "a list, b list", read(false); seen != want {
			t.Fatalf("got requests %s, want %s", seen, want)
		}
		for n := range 8 {
			backoff := min(time.Second<<n, time.Minute)
			if backoff/2 > 2*time.Second { // longer than the backoff of b, so that b is used again
				time.Sleep(backoff/2 - 1500*time.Millisecond)
				if seen := read(true); seen != "b list, b list" {
					t.Errorf("failure %d, before half the backoff: got requests %s, want b list, b list", n+1, seen)
				}
				time.Sleep(1500 * time.Millisecond)
			} else {
				time.Sleep(backoff / 2)
			}
			time.Sleep(backoff / 2)
			if seen := read(true); !strings.HasPrefix(seen, "b list, a list") {
				t.Errorf("failure %d, after the backoff: got requests %s, want b list, a list first", n+1, seen)
			}
		}
	})
}

// Before anything is written to another gateway, an ambiguous force is resolved by a read there, and then by a probe
// or another force, depending on the list.
func TestFailoverOfForce(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, situation string
		a               gatewayFault
		verdict         wrapper.Verdict
		seen            string
		flag            emulator.Rollback
	}{
		{"lost, carried out", "gracefully cancelled", losesAnswer, wrapper.Accepted, "a force, b list, b graceful", emulator.RollingBackForce},
		{"lost, not carried out", "gracefully cancelled", loses, wrapper.Accepted, "a force, b list, b graceful, b force", emulator.RollingBackForce},
		{"503", "gracefully cancelled", says(503, ""), wrapper.Accepted, "a force, b list, b graceful, b force", emulator.RollingBackForce},
		{"not sent", "gracefully cancelled", refuses, wrapper.Accepted, "a force, b force", emulator.RollingBackForce},
		{"lost, finished", "cancelled and over", losesAnswer, wrapper.Finished, "a force, b list", emulator.RollingBackDueToUserCancel},
		{"lost, not found", "unknown id", losesAnswer, wrapper.NotFound, "a force, b list", ""},
	}
	for _, tc := range cases {
		eachProfile(t, func(t *testing.T, profile server.Profile) {
			synctest.Test(t, func(t *testing.T) {
				g := newGateways(newCluster(t, profile))
				situationNamed(t, tc.situation).make(t, g.c)
				g.fails["a"] = tc.a
				client := g.client(t, wrapper.WithRetry(fast), known(t))
				got, err := client.ForceCancel(t.Context(), opID, wrapper.ForceOptions{})
				if seen := g.take(); err != nil || got.Verdict != tc.verdict || seen != tc.seen || g.c.flag(t, opID) != tc.flag {
					t.Errorf("%s: got %s, %v after %s, and the server recorded %s; want %s after %s, and %s", tc.name, got.Verdict, err, seen, g.c.flag(t, opID), tc.verdict, tc.seen, tc.flag)
				}
			})
		})
	}
}

// An ambiguous start is resolved by a read before it is sent to another gateway.
func TestFailoverOfStart(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, seen string
		a          gatewayFault
		resolved   bool
	}{
		{"lost, carried out", "a StartDataLoss, b list", losesAnswer, true},
		{"lost, not carried out", "a StartDataLoss, b list, b StartDataLoss", loses, false},
		{"not sent", "a StartDataLoss, b StartDataLoss", refuses, false},
	}
	for _, tc := range cases {
		synctest.Test(t, func(t *testing.T) {
			g := newGateways(newCluster(t, server.Runtime))
			g.fails["a"] = tc.a
			got, err := g.client(t, wrapper.WithRetry(fast)).StartDataLoss(t.Context(), orders, "FullDataLoss", wrapper.StartOptions{OperationID: opID})
			if seen := g.take(); err != nil || got.Verdict != wrapper.Accepted || got.Resolved != tc.resolved || seen != tc.seen {
				t.Errorf("%s: got %s resolved %v, %v after %s, want Accepted resolved %v after %s", tc.name, got.Verdict, got.Resolved, err, seen, tc.resolved, tc.seen)
			}
		})
	}
}

// A Retry-After is honoured even if the call fails over, and the end of a context does not count as a failure of the
// gateway.
func TestFailoverHeedsTheServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGateways(newCluster(t, server.Documented))
		makeRunning(t, g.c)
		g.fails["a"] = func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(503)
		}
		begin := time.Now()
		_, err := g.client(t).Cancel(t.Context(), opID, wrapper.CancelOptions{})
		must(t, err)
		if took := time.Since(begin); took < 7*time.Second || took > 8*time.Second {
			t.Errorf("the call took %v, want 7s to 8s", took)
		}

		g = newGateways(g.c)
		g.fails["a"] = func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
			<-r.Context().Done()
			panic(http.ErrAbortHandler)
		}
		client := g.client(t)
		ctx, cancel := context.WithCancel(t.Context())
		defer time.AfterFunc(time.Second, cancel).Stop()
		_, err = client.Operation(ctx, opID)
		wantKind(t, err, wrapper.ErrUnavailable)
		g.fails["a"] = nil
		_, err = client.Operation(t.Context(), opID)
		must(t, err)
		if want, seen := "a list, a list", g.take(); seen != want {
			t.Errorf("got requests %s, want %s", seen, want)
		}
	})
}

func TestInvalidEndpoints(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		more []string
		say  string
	}{
		"not a URL":      {[]string{"b"}, "http://"},
		"credentials":    {[]string{"http://admin:secret@b"}, "credentials"},
		"twice":          {[]string{"http://a/"}, "named twice"},
		"several errors": {[]string{"ftp://b", "http://c?x"}, "query"},
	}
	for name, tc := range cases {
		_, err := wrapper.New("http://a", wrapper.WithEndpoints(tc.more...))
		e := asError(t, err, wrapper.ErrInvalidArgument)
		if !strings.Contains(e.Error(), tc.say) || strings.Contains(e.Error(), "secret") {
			t.Errorf("%s: got %v, want %q in it, and no password", name, err, tc.say)
		}
	}
}

// Concurrent calls fail over together, and all of them succeed.
func TestConcurrentFailover(t *testing.T) {
	t.Parallel()
	g := newGateways(newCluster(t, server.Documented))
	makeRunning(t, g.c)
	client := g.client(t, fastWith(20))
	g.fails["a"], g.fails["c"] = losesAnswer, refuses
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if got, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{}); err != nil || !slices.Contains([]wrapper.Verdict{wrapper.Accepted, wrapper.AlreadyStopping}, got.Verdict) {
				t.Errorf("got %+v, %v, want Accepted or AlreadyStopping", got, err)
			}
		})
	}
	wg.Wait()
	g.take()
	_, err := client.Operation(t.Context(), opID)
	must(t, err)
	if seen := g.take(); seen != "b list" {
		t.Errorf("got requests %s, want b list", seen)
	}
	if want, s := "wrapper.Client[http://a/ http://b/ http://c/]", fmt.Sprint(client); s != want {
		t.Errorf("got %s, want %s", s, want)
	}
}

// A request that may have been carried out is not sent to another gateway without a read there
// ([wrapper.WithEndpoints]), even if the client has failed over during the pause of the call.
func TestFailoverWhilePausing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGateways(newCluster(t, server.Runtime))
		makeRunning(t, g.c)
		client := g.client(t, wrapper.WithRetry(fast))
		g.fail("a", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(504)
		})
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
			must(t, err)
		})
		time.Sleep(30 * time.Second)
		g.fail("a", refuses)
		_, err := client.Operations(t.Context())
		must(t, err)
		g.fail("a", nil)
		g.take()
		wg.Wait()
		if seen := g.take(); strings.HasPrefix(seen, "b graceful") {
			t.Errorf("got requests %s, want a read from b before the graceful cancel", seen)
		}
	})
}

// allRefuse makes every gateway refuse the connection.
func (g *gateways) allRefuse() {
	g.fails["a"], g.fails["b"], g.fails["c"] = refuses, refuses, refuses
}

// A failover to a gateway that has not failed happens without a pause. If all gateways fail, the call pauses as usual
// ([wrapper.Retry]).
func TestFailoverPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGateways(newCluster(t, server.Documented))
		g.allRefuse()
		d := new(diary)
		client := g.client(t, wrapper.WithObserver(d.observe), wrapper.WithRetry(wrapper.Retry{MaxAttempts: 9, Base: time.Hour, Cap: time.Hour}))
		begin := time.Now()
		_, err := client.Operations(t.Context())
		wantKind(t, err, wrapper.ErrNotSent)
		noPause := 0
		for _, line := range d.lines {
			if strings.HasSuffix(line, "after not sent: false") {
				noPause++
			}
		}
		if took := time.Since(begin); noPause != 2 || took == 0 {
			t.Errorf("got %d of eight retries without a pause in %v, want 2, before b and c", noPause, took)
		}
	})
}

// The backoff is random, so that clients do not return together ([wrapper.WithEndpoints]): of two gateways that failed
// one after the other, sometimes the first and sometimes the second becomes available earlier.
func TestEndpointBackoffIsRandom(t *testing.T) {
	t.Parallel()
	third := map[string]int{}
	for range 60 {
		synctest.Test(t, func(t *testing.T) {
			g := newGateways(newCluster(t, server.Documented))
			g.allRefuse()
			_, err := g.client(t, fastWith(4)).Operations(t.Context())
			wantKind(t, err, wrapper.ErrNotSent)
			third[g.seen[3]]++
		})
	}
	if len(third) < 2 {
		t.Errorf("got always the same gateway when all had failed: %v, want several", third)
	}
}

// The backoff of a gateway is a minute at most, however often it failed.
func TestEndpointDownForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGateways(newCluster(t, server.Documented))
		makeRunning(t, g.c)
		g.allRefuse()
		client := g.client(t, wrapper.WithRetry(wrapper.Retry{MaxAttempts: 300, Base: 1, Cap: 1, Burst: 1000}))
		_, err := client.Operations(t.Context())
		wantKind(t, err, wrapper.ErrNotSent)
		g.fails["c"] = nil
		g.take()
		time.Sleep(time.Minute)
		for range 4 { // a and b may fail once more, and then the client stays with c
			_, err = client.Operations(t.Context())
			must(t, err)
		}
		if want, seen := "c list, c list, c list", g.take(); !strings.HasSuffix(seen, want) {
			t.Errorf("got requests %s, want %s last", seen, want)
		}
	})
}

// slowly delays a fault.
func slowly(d time.Duration, next gatewayFault) gatewayFault {
	return func(w http.ResponseWriter, r *http.Request, cluster http.Handler) {
		select {
		case <-time.After(d):
		case <-r.Context().Done():
			panic(http.ErrAbortHandler)
		}
		next(w, r, cluster)
	}
}

func passes(w http.ResponseWriter, r *http.Request, cluster http.Handler) { cluster.ServeHTTP(w, r) }

// fail sets the fault of a gateway; nil for none.
func (g *gateways) fail(host string, how gatewayFault) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fails[host] = how
}

// startList starts a list of operations, and returns a function that waits for its end.
func startList(t *testing.T, client *wrapper.Client) (wait func()) {
	t.Helper()
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := client.Operations(t.Context())
		must(t, err)
	})
	synctest.Wait()
	return wg.Wait
}

// An answer ends the backoff of a gateway, even if the client has left it in the meantime: it is used again without a
// pause.
func TestEndpointAnswersLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGateways(newCluster(t, server.Documented))
		client := g.client(t, wrapper.WithRetry(wrapper.Retry{Base: time.Hour, Cap: time.Hour}))
		g.fail("a", slowly(100*time.Millisecond, passes))
		wait := startList(t, client)
		g.fail("a", refuses)
		_, err := client.Operations(t.Context())
		must(t, err)
		wait()
		g.fail("a", nil)
		g.fail("b", refuses)
		g.fail("c", refuses)
		g.take()
		begin := time.Now()
		_, err = client.Operations(t.Context())
		must(t, err)
		if seen := g.take(); seen != "b list, c list, a list" || time.Since(begin) != 0 {
			t.Errorf("got requests %s after %v, want b list, c list, a list at once", seen, time.Since(begin))
		}
	})
}

// A failure at a gateway that the client has already left is not another failover ([wrapper.Event]).
func TestFailoverIsReportedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGateways(newCluster(t, server.Documented))
		d := new(diary)
		client := g.client(t, wrapper.WithObserver(d.observe), wrapper.WithRetry(fast))
		g.fail("a", slowly(time.Hour, loses))
		ctx := t.Context()
		wait := startList(t, client)
		g.fail("a", refuses)
		_, err := client.Operations(ctx)
		must(t, err)
		wait()
		if got, want := d.failovers(), []string{"observed http://a/ -> http://b/"}; !slices.Equal(got, want) {
			t.Errorf("got failovers %q, want %q", got, want)
		}
	})
}

// failovers returns the lines about failovers.
func (d *diary) failovers() (found []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, line := range d.lines {
		if strings.Contains(line, " -> ") {
			found = append(found, line)
		}
	}
	return found
}

// An answer ends the backoff. If a gateway then fails again within its previous backoff, the failover is reported
// ([wrapper.Event]).
func TestEndpointFailsAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGateways(newCluster(t, server.Documented))
		d := new(diary)
		client := g.client(t, wrapper.WithObserver(d.observe), fastWith(3))
		g.allRefuse()
		_, err := client.Operations(t.Context())
		wantKind(t, err, wrapper.ErrNotSent)
		clear(g.fails)
		g.take()
		_, err = client.Operations(t.Context())
		must(t, err)
		used := strings.TrimSuffix(g.take(), " list")
		before := len(d.failovers())
		time.Sleep(498 * time.Millisecond) // less than the backoff of the others, half a second at least
		g.fail(used, refuses)
		_, err = client.Operations(t.Context())
		must(t, err)
		if got := d.failovers()[before:]; len(got) != 1 {
			t.Errorf("got failovers %q, want one from %s", got, used)
		}
	})
}

// If the gateway that has just failed is still the best choice, there is no failover ([wrapper.Event]).
func TestNoFailoverToTheSame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGateways(newCluster(t, server.Documented))
		d := new(diary)
		client := g.client(t, wrapper.WithObserver(d.observe), wrapper.WithRetry(wrapper.Retry{MaxAttempts: 60, Base: 1, Cap: 1}))
		g.allRefuse()
		_, err := client.Operations(t.Context())
		wantKind(t, err, wrapper.ErrNotSent)
		clear(g.fails)
		g.take()
		_, err = client.Operations(t.Context())
		must(t, err)
		used := strings.TrimSuffix(g.take(), " list")
		before := len(d.failovers())
		g.fail(used, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			g.fail(used, nil)
			w.WriteHeader(503)
		})
		_, err = client.Operations(t.Context())
		must(t, err)
		if got := d.failovers()[before:]; len(got) != 0 {
			t.Errorf("got failovers %q, want none, since the others back off for long", got)
		}
	})
}

// A failing token source does not count as a failure of the gateway.
func TestTokenFailureIsNoFailover(t *testing.T) {
	t.Parallel()
	g := newGateways(newCluster(t, server.Documented))
	down := errors.New("the directory is down")
	client := g.client(t, wrapper.WithTokenSource(func(context.Context, string) (string, error) {
		if down != nil {
			return "", down
		}
		return "secret-1", nil
	}))
	_, err := client.Operations(t.Context())
	onlyKind(t, err, wrapper.ErrNotSent)
	down = nil
	_, err = client.Operations(t.Context())
	must(t, err)
	if seen := g.take(); seen != "a list" {
		t.Errorf("got requests %s, want a list", seen)
	}
}
