package sftest_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// Everybody at once. Each step spoils as many requests as it says, no matter whose.
func TestConcurrently(t *testing.T) {
	t.Parallel()
	const workers, rounds = 8, 6
	c := sftest.NewCluster(t)
	lost := c.On(sftest.Force, sftest.DropAfter()).Times(rounds)
	busy := c.On(sftest.Any, sftest.Status(429, "")).Times(rounds)
	noticed := c.On(sftest.MatchFunc(func(q sftest.Request) bool { return q.Force && len(c.Requests()) > 0 }), sftest.DelayBefore(time.Millisecond)).Times(2)

	var all sync.WaitGroup
	for range workers {
		client := c.Client()
		all.Go(func() {
			for range rounds {
				id := c.Put(emulator.Record{})
				if _, err := client.Cancel(t.Context(), id, wrapper.CancelOptions{}); err != nil {
					t.Error(err)
				}
				got, err := client.ForceCancel(t.Context(), id, wrapper.ForceOptions{})
				if err != nil || got.Verdict != wrapper.Accepted {
					t.Errorf("%s, %v", got.Verdict, err)
				}
				if r := c.Operation(id); r.Rollback != emulator.RollingBackForce {
					t.Errorf("the flag is %s", r.Rollback)
				}
				c.On(sftest.GetFaultOperationList.Of(id), sftest.Pass()).Maybe()
				c.Advance(time.Microsecond)
				_, _, _ = c.Requests(), c.Operations(), c.Now()
			}
		})
	}
	all.Wait()
	counts := make(map[string]int)
	for _, q := range c.Requests() {
		counts[q.Fault]++
	}
	if lost.Used() != rounds || busy.Used() != rounds || noticed.Used() != 2 ||
		counts["DropAfter"] != rounds || counts["Status(429)"] != rounds || counts["DelayBefore(1ms)"] != 2 {
		t.Errorf("used %d, %d and %d; noted %v", lost.Used(), busy.Used(), noticed.Used(), counts)
	}
	if n := len(c.Operations()); n != workers*rounds {
		t.Errorf("%d operations", n)
	}
}

// Close ends what hangs, refuses what comes, and can be called again.
func TestClose(t *testing.T) {
	t.Parallel()
	for _, fault := range []sftest.Fault{sftest.HangBefore(), sftest.HangAfter(), sftest.DelayBefore(time.Hour), sftest.DelayAfter(time.Hour), sftest.Late(time.Hour)} {
		t.Run(fault.String(), func(t *testing.T) {
			t.Parallel()
			c := sftest.NewCluster(t)
			id := c.Put(stopping())
			arrived := make(chan struct{})
			c.On(sftest.Force, fault)
			through := sftest.Func(func(server http.Handler) http.Handler { close(arrived); return server })
			answer := make(chan got)
			go func() { answer <- send(t.Context(), c.HTTPClient(), http.MethodPost, cancelURL(c, id, true)) }()
			after := strings.Contains(fault.String(), "After")
			for len(c.Requests()) == 0 || after && c.Requests()[0].Server == 0 {
				time.Sleep(time.Millisecond)
			}
			c.On(sftest.Any, through)
			send(t.Context(), c.HTTPClient(), http.MethodGet, listURL(c))
			<-arrived
			c.Close()
			if g := <-answer; !isLost(g.err) {
				t.Errorf("got %d %v", g.status, g.err)
			}
			c.Close()
			if g := send(t.Context(), c.HTTPClient(), http.MethodGet, listURL(c)); !errors.Is(g.err, syscall.ECONNREFUSED) {
				t.Errorf("after the end: %v", g.err)
			}
			// What has not been carried out by then never is.
			q := c.Requests()[0]
			if forced := c.Operation(id).Rollback == emulator.RollingBackForce; forced != after || forced != (q.Server != 0) {
				t.Errorf("forced: %v, %s", forced, q)
			}
		})
	}
}

// However close to the end a client connects, its connection ends, too.
func TestCloseWhileDialing(t *testing.T) {
	t.Parallel()
	for range 200 {
		c := sftest.NewCluster(t)
		ended := make(chan error)
		go func() {
			conn, err := c.Transport().DialContext(t.Context(), "tcp", "h:1")
			if err == nil {
				_, err = conn.Read(make([]byte, 1))
			}
			ended <- err
		}()
		c.Close()
		select {
		case err := <-ended:
			if err == nil {
				t.Error("a read after Close: got an answer, want an error")
			}
		case <-time.After(30 * time.Second):
			t.Fatal("30 s after Close: got an open connection, want it closed")
		}
	}
}

// A bubble ends though requests hang, are delayed, or keep a connection alive.
func TestBubbleEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := sftest.NewCluster(t, sftest.WithClock(time.Now))
		transport := c.Transport()
		transport.DisableKeepAlives = false
		send(t.Context(), &http.Client{Transport: transport}, http.MethodGet, listURL(c))
		for _, f := range []sftest.Fault{sftest.HangBefore(), sftest.HangAfter(), sftest.DelayBefore(time.Hour), sftest.DelayAfter(time.Hour), sftest.Late(time.Hour)} {
			c.On(sftest.Any, f)
			go send(context.Background(), c.HTTPClient(), http.MethodGet, listURL(c))
		}
		synctest.Wait()
	})
}

// A handler that does not heed the end of its request is told of, and holds nobody up.
func TestHandlerThatGoesOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		begin := time.Now()
		saysOne(t, watch(func(tb sftest.TB) {
			c := sftest.NewCluster(tb)
			c.On(sftest.Any, sftest.Func(func(server http.Handler) http.Handler { <-release; return server }))
			go send(t.Context(), c.HTTPClient(), http.MethodGet, listURL(c))
			synctest.Wait()
		}), "still under way 5s after", "Func")
		if took := time.Since(begin); took != 5*time.Second {
			t.Errorf("it took %v", took)
		}
		close(release)
	})
}
