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

// gateways are several addresses of one cluster, each of which may fail in its own way.
type gateways struct {
	c *cluster

	mu    sync.Mutex
	fails map[string]func(w http.ResponseWriter, r *http.Request, cluster http.Handler) // by host; nil passes
	seen  []string                                                                      // "a graceful"
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

// take returns what was seen since the last time.
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

// Failover on refused connections, 502 and 503, and where no answer comes; a gateway that
// answers is stayed with, whatever it says. What may have been carried out is read
// before another gateway is written to.
func TestFailover(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		a    gatewayFault
		seen string
	}{
		{"nothing", nil, "a graceful"},
		{"refused connection", refuses, "a graceful, b graceful"},
		{"502", says(502, fabricError("FABRIC_E_GATEWAY_NOT_REACHABLE")), "a graceful, b list, b graceful"},
		{"503", says(503, fabricError("E_ABORT")), "a graceful, b list, b graceful"},
		{"no answer", loses, "a graceful, b list, b graceful"},
		{"a lost answer", losesAnswer, "a graceful, b list, b graceful"},
		{"504 is of the fault service", says(504, fabricError("FABRIC_E_TIMEOUT")), "a graceful, a graceful, a graceful"},
		{"500 is of the fault service", says(500, fabricError("E_FAIL")), "a graceful, a graceful, a graceful"},
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
					t.Errorf("%s: seen %s, want %s", tc.name, seen, tc.seen)
				}
				if strings.Contains(seen, "b graceful") {
					if err != nil || got.Verdict != wrapper.Accepted || got.Attempts[len(got.Attempts)-1].Endpoint != "http://b/" {
						t.Errorf("%s: %+v, %v", tc.name, got, err)
					}
					if took := time.Since(begin); took != 0 {
						t.Errorf("%s: it paused for %v although nobody has failed at b", tc.name, took)
					}
				}
			})
		})
	}
}

// Sticky: once it has moved, it stays, also when the first gateway is back.
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
		if seen := read(); seen != "a list, b list" {
			t.Error(seen)
		}
		g.fails["a"] = nil
		for _, pause := range []time.Duration{0, time.Second, time.Hour} {
			time.Sleep(pause)
			if seen := read(); seen != "b list" {
				t.Errorf("after %v: %s", pause, seen)
			}
		}
	})
}

// A gateway that failed is left alone, for longer after each failure, and is used again
// after that.
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
		if seen, err := read(); seen != "a list, b list, c list" || err != nil {
			t.Fatal(seen, err)
		}
		// Both rest for half a second at least, a second at most.
		g.fails["c"] = refuses
		seen, err := read()
		wantKind(t, err, wrapper.ErrNotSent)
		if !strings.HasPrefix(seen, "c list") || strings.Count(seen, "list") != 4 {
			t.Errorf("all rest, and it tried %s", seen)
		}
		// Back before their rest is over: the one in use fails, and another is found.
		g.fails["a"], g.fails["b"], g.fails["c"] = nil, nil, nil
		time.Sleep(2 * time.Minute)
		if _, err := read(); err != nil {
			t.Error(err)
		}
		// After a success the rest is short again.
		g.fails["a"], g.fails["b"], g.fails["c"] = refuses, refuses, nil
		time.Sleep(2 * time.Minute)
		if seen, err := read(); err != nil || !strings.HasSuffix(seen, "c list") {
			t.Error(seen, err)
		}
	})
}

// The rest doubles from a second to a minute, and comes with jitter in its upper half.
func TestEndpointRests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGateways(newCluster(t, server.Documented))
		makeRunning(t, g.c)
		h := &http.Client{Transport: direct{g}}
		client, err := wrapper.New("http://a", wrapper.WithHTTPClient(h), wrapper.WithEndpoints("http://b"), fastWith(4))
		must(t, err)
		// b fails once: is a asked then, or does it rest?
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
		if seen := read(false); seen != "a list, b list" {
			t.Fatal(seen)
		}
		for n := range 8 {
			rest := min(time.Second<<n, time.Minute)
			if rest/2 > 2*time.Second { // longer than b rests, so that b is asked again
				time.Sleep(rest/2 - 1500*time.Millisecond)
				if seen := read(true); seen != "b list, b list" {
					t.Errorf("failure %d, before half the rest: %s", n+1, seen)
				}
				time.Sleep(1500 * time.Millisecond)
			} else {
				time.Sleep(rest / 2)
			}
			time.Sleep(rest / 2)
			if seen := read(true); !strings.HasPrefix(seen, "b list, a list") {
				t.Errorf("failure %d, after the rest: %s", n+1, seen)
			}
		}
	})
}

// An ambiguous force is resolved before anything is written to another gateway: read
// there, then probed or forced as the list tells.
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
		{"lost, and over", "cancelled and over", losesAnswer, wrapper.Finished, "a force, b list", emulator.RollingBackDueToUserCancel},
		{"lost, and never was", "unknown id", losesAnswer, wrapper.NotFound, "a force, b list", ""},
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
					t.Errorf("%s: %s, %v; seen %s, want %s; the server recorded %s", tc.name, got.Verdict, err, seen, tc.seen, g.c.flag(t, opID))
				}
			})
		})
	}
}

// The same of a start.
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
				t.Errorf("%s: %s resolved %v, %v; seen %s", tc.name, got.Verdict, got.Resolved, err, seen)
			}
		})
	}
}

// What the server asks for is kept, wherever the call goes next; and an ended context
// says nothing against a gateway.
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
			t.Errorf("it came back after %v", took)
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
		if seen := g.take(); seen != "a list, a list" {
			t.Error(seen)
		}
	})
}

func TestEndpointsRefused(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		more []string
		say  string
	}{
		"not a URL":         {[]string{"b"}, "http://"},
		"credentials":       {[]string{"http://admin:secret@b"}, "credentials"},
		"twice":             {[]string{"http://a/"}, "named twice"},
		"all that is wrong": {[]string{"ftp://b", "http://c?x"}, "query"},
	}
	for name, tc := range cases {
		_, err := wrapper.New("http://a", wrapper.WithEndpoints(tc.more...))
		e := asError(t, err, wrapper.ErrInvalidArgument)
		if !strings.Contains(e.Error(), tc.say) || strings.Contains(e.Error(), "secret") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Many callers fail over together, and nobody is lost.
func TestFailoverTogether(t *testing.T) {
	t.Parallel()
	g := newGateways(newCluster(t, server.Documented))
	makeRunning(t, g.c)
	client := g.client(t, fastWith(20))
	g.fails["a"], g.fails["c"] = losesAnswer, refuses
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if got, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{}); err != nil || !slices.Contains([]wrapper.Verdict{wrapper.Accepted, wrapper.AlreadyStopping}, got.Verdict) {
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	wg.Wait()
	g.take()
	_, err := client.Operation(t.Context(), opID)
	must(t, err)
	if seen := g.take(); seen != "b list" {
		t.Error(seen)
	}
	if s := fmt.Sprint(client); s != "wrapper.Client[http://a/ http://b/ http://c/]" {
		t.Error(s)
	}
}

// What may have been carried out is not simply sent to another gateway
// ([wrapper.WithEndpoints]), also not if the client has left the one it was sent to while the
// call paused.
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
			t.Errorf("it was written to another gateway before that was asked: %s", seen)
		}
	})
}

// allRefuse makes every gateway refuse the connection.
func (g *gateways) allRefuse() {
	g.fails["a"], g.fails["b"], g.fails["c"] = refuses, refuses, refuses
}

// Only a gateway at which nobody has failed is gone to without a pause: where all fail, a
// call pauses like any other ([wrapper.Retry]).
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
		free := 0
		for _, line := range d.lines {
			if strings.HasSuffix(line, "after not sent: false") {
				free++
			}
		}
		if took := time.Since(begin); free != 2 || took == 0 {
			t.Errorf("of eight pauses %d were none, want those before b and c; it took %v", free, took)
		}
	})
}

// The rest is drawn, so that clients do not come back together ([wrapper.WithEndpoints]):
// of two gateways that failed one after the other it is now the one, now the other whose
// rest is over first.
func TestEndpointRestsAreDrawn(t *testing.T) {
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
		t.Errorf("when all had failed, it was always %v", third)
	}
}

// A gateway that is down for long rests for a minute at most, however often it failed.
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
		for range 4 { // a and b fail once more, and then c is stayed with
			_, err = client.Operations(t.Context())
			must(t, err)
		}
		if seen := g.take(); !strings.HasSuffix(seen, "c list, c list, c list") {
			t.Error(seen)
		}
	})
}

// slowly makes a gateway take its time, and then what comes next.
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

// fail sets what becomes of the next requests to a gateway.
func (g *gateways) fail(host string, how gatewayFault) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.fails[host] = how
}

// beside makes a call that is under way until the function that it returns is called.
func beside(t *testing.T, client *wrapper.Client) (wait func()) {
	t.Helper()
	var wg sync.WaitGroup
	wg.Go(func() {
		_, err := client.Operations(t.Context())
		must(t, err)
	})
	synctest.Wait()
	return wg.Wait
}

// What counts is that a gateway answers, also when the client has left it in the meantime:
// it need not rest any more, and nothing is paused for before it is asked again.
func TestEndpointAnswersLate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGateways(newCluster(t, server.Documented))
		client := g.client(t, wrapper.WithRetry(wrapper.Retry{Base: time.Hour, Cap: time.Hour}))
		g.fail("a", slowly(100*time.Millisecond, passes))
		wait := beside(t, client)
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
			t.Errorf("seen %s, after %v", seen, time.Since(begin))
		}
	})
}

// A request that fails at a gateway that the client has left already is no failover
// ([wrapper.Event]).
func TestFailoverIsToldOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGateways(newCluster(t, server.Documented))
		d := new(diary)
		client := g.client(t, wrapper.WithObserver(d.observe), wrapper.WithRetry(fast))
		g.fail("a", slowly(time.Hour, loses))
		ctx := t.Context()
		wait := beside(t, client)
		g.fail("a", refuses)
		_, err := client.Operations(ctx)
		must(t, err)
		wait()
		if told := d.failovers(); !slices.Equal(told, []string{"observed http://a/ -> http://b/"}) {
			t.Errorf("told of %q", told)
		}
	})
}

// failovers are the lines about them.
func (d *diary) failovers() (told []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, line := range d.lines {
		if strings.Contains(line, " -> ") {
			told = append(told, line)
		}
	}
	return told
}

// An answer ends the rest: when all have failed, one of them has answered, and fails again
// within what was its rest, that is told like the first time ([wrapper.Event]).
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
		time.Sleep(498 * time.Millisecond) // of half a second at least that the others rest
		g.fail(used, refuses)
		_, err = client.Operations(t.Context())
		must(t, err)
		if told := d.failovers()[before:]; len(told) != 1 {
			t.Errorf("left %s, and told of %q", used, told)
		}
	})
}

// A client that finds nothing better than the gateway that has just failed does not leave it
// ([wrapper.Event]).
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
		if told := d.failovers()[before:]; len(told) != 0 {
			t.Errorf("the others rest for long, and it told of %q", told)
		}
	})
}

// A token source that fails says nothing of the gateway.
func TestNoTokenBlamesNoGateway(t *testing.T) {
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
		t.Error(seen)
	}
}
