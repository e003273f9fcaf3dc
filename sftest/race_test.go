package sftest_test

import (
	"net/http"
	"sync"
	"testing"
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

// What is said of a request is there when its answer is.
func TestRequestsComplete(t *testing.T) {
	t.Parallel()
	c := sftest.NewCluster(t)
	for range 100 {
		c.Put(emulator.Record{}) // a long list goes out before the handler ends
	}
	client := c.HTTPClient()
	for range 60 {
		g := send(t.Context(), client, http.MethodGet, listURL(c))
		if q := last(t, c); q.Status != g.status || q.Server != g.status {
			t.Fatalf("the answer is %d, and it says %v", g.status, q)
		}
	}
}
