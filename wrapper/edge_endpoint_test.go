package wrapper_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

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
