package etcd_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/internal/etcdtest"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/etcd"
)

// claim is what one Commit has answered. The value it wrote is written by no other.
type claim struct {
	value    string
	revision store.Revision
	err      error
}

// writers use a store from many goroutines at once, and remember all answers. Some
// write without a condition, some count up by compare-and-swap, and some have a
// context that ends soon.
type writers struct {
	stop  context.CancelFunc
	group sync.WaitGroup
	done  atomic.Int64 // commits that have returned nil

	mu     sync.Mutex
	claims []claim
}

const counters = 3

func startWriters(t *testing.T, s store.Store) *writers {
	w := new(writers)
	ctx, stop := context.WithCancel(t.Context())
	w.stop = stop
	t.Cleanup(w.finish)
	for g := range 24 {
		w.group.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				w.one(t, s, g, i)
			}
		})
	}
	return w
}

func (w *writers) finish() {
	w.stop()
	w.group.Wait()
}

// waitFor returns once n more commits have returned nil, however slowly.
func (w *writers) waitFor(t *testing.T, n int64) {
	t.Helper()
	last, since := w.done.Load(), time.Now()
	for goal := last + n; last < goal; time.Sleep(time.Millisecond) {
		switch now := w.done.Load(); {
		case now > last:
			last, since = now, time.Now()
		case time.Since(since) > 2*time.Minute:
			t.Fatalf("no commit in 2 minutes: got %d, want %d", last, goal)
		}
	}
}

func (w *writers) one(t *testing.T, s store.Store, g, i int) {
	id := fmt.Sprintf("%d.%d", g, i)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	if g%3 == 0 {
		cancel()
		ctx, cancel = context.WithTimeout(t.Context(), time.Duration(1+i%40)*time.Millisecond)
	}
	defer cancel()
	txn := store.Txn{Then: []store.Write{{Key: fmt.Sprint("plain/", g), Value: []byte(id)}}}
	if g%3 == 1 {
		key := fmt.Sprint("counter/", i%counters)
		item, err := s.Get(ctx, key)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return
		}
		n, _, _ := strings.Cut(string(item.Value), " ")
		count, _ := strconv.Atoi(n)
		id = fmt.Sprintf("%d %s", count+1, id)
		txn = store.Txn{
			If:   []store.Condition{{Key: key, Revision: item.Revision}},
			Then: []store.Write{{Key: key, Value: []byte(id)}},
		}
	}
	revision, err := s.Commit(ctx, txn)
	if err == nil {
		w.done.Add(1)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.claims = append(w.claims, claim{id, revision, err})
}

// judge holds what the writers were told against what has happened, and returns how
// many of the answers were ErrOutcomeUnknown. from is the revision before the first
// write, and witness a store that had no trouble.
func (w *writers) judge(t *testing.T, witness store.Store, from store.Revision) (unknown int) {
	t.Helper()
	w.finish()
	happened := make(map[string][]store.Revision)
	counts := make(map[string]int)
	for _, change := range history(t, witness, from) {
		for _, write := range change.Writes {
			happened[string(write.Value)] = append(happened[string(write.Value)], change.Revision)
			if strings.HasPrefix(write.Key, "counter/") {
				counts[write.Key]++
			}
		}
	}
	failed := 0
	for _, c := range w.claims {
		at := happened[c.value]
		switch {
		case len(at) > 1:
			t.Errorf("%q was written %d times, at %v; Commit: %v", c.value, len(at), at, c.err)
		case c.err == nil && (len(at) == 0 || at[0] != c.revision):
			t.Errorf("%q was written at %v, but Commit returned %d", c.value, at, c.revision)
		case errors.Is(c.err, store.ErrOutcomeUnknown):
			unknown++
		case c.err != nil && len(at) > 0:
			t.Errorf("%q was written at %v, but Commit returned %v", c.value, at, c.err)
		}
		if c.err != nil && !errors.Is(c.err, store.ErrConflict) {
			failed++
		}
		known := errors.Is(c.err, store.ErrConflict) || errors.Is(c.err, store.ErrUnavailable) ||
			errors.Is(c.err, store.ErrOutcomeUnknown) || errors.Is(c.err, context.DeadlineExceeded)
		if c.err != nil && !known {
			t.Errorf("Commit: %v", c.err)
		}
	}
	for key, count := range counts {
		item, err := witness.Get(t.Context(), key)
		if err != nil || !strings.HasPrefix(string(item.Value), strconv.Itoa(count)+" ") {
			t.Errorf("%s is %q, %v after %d increments", key, item.Value, err, count)
		}
	}
	t.Logf("%d commits, %d errors, of these %d unknown", len(w.claims), failed, unknown)
	return unknown
}

// history is what has happened after from until now.
func history(t *testing.T, s store.Store, from store.Revision) (changes []store.Change) {
	t.Helper()
	end, err := s.Commit(t.Context(), store.Txn{Then: []store.Write{{Key: "end"}}})
	if err != nil {
		t.Fatal(err)
	}
	for change, err := range s.Watch(t.Context(), "", from) {
		if err != nil {
			t.Fatal(err)
		}
		if change.Revision == end {
			break
		}
		changes = append(changes, change)
	}
	return changes
}

func now(t *testing.T, s store.Store) store.Revision {
	t.Helper()
	page, err := s.List(t.Context(), "", "", 1)
	if err != nil {
		t.Fatal(err)
	}
	return page.Revision
}

// Whatever happens to connections and members, every answer is true.
func TestAnswersAreTrue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		rounds  int
		trouble func(t *testing.T, c *etcdtest.Cluster, w *writers, round int)
	}{
		{"answers are lost", 25, func(t *testing.T, c *etcdtest.Cluster, w *writers, round int) {
			c.DropAnswers(round%3, 1+round%4)
			w.waitFor(t, 10)
		}},
		{"answers of all members are lost", 10, func(t *testing.T, c *etcdtest.Cluster, w *writers, round int) {
			for i := range 3 {
				c.DropAnswers(i, 3)
			}
			w.waitFor(t, 20)
		}},
		{"connections are cut", 10, func(t *testing.T, c *etcdtest.Cluster, w *writers, round int) {
			c.Cut(round % 3)
			w.waitFor(t, 20)
			c.Resume(round % 3)
			w.waitFor(t, 20)
		}},
		{"all connections are cut", 6, func(t *testing.T, c *etcdtest.Cluster, w *writers, round int) {
			for i := range 3 {
				c.Cut(i)
			}
			for i := range 3 {
				c.Resume(i)
			}
			w.waitFor(t, 50)
		}},
		{"connections are silent", 3, func(t *testing.T, c *etcdtest.Cluster, w *writers, round int) {
			c.Pause(round % 3)
			w.waitFor(t, 60)
			c.Resume(round % 3)
			w.waitFor(t, 30)
		}},
		{"the leader stops", 2, func(t *testing.T, c *etcdtest.Cluster, w *writers, _ int) {
			leader := c.Leader()
			c.Stop(leader)
			w.waitFor(t, 50)
			c.Restart(leader)
			w.waitFor(t, 50)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if testing.Short() && c.name != "answers are lost" {
				t.Skip("it waits for connections and elections; make test runs it")
			}
			t.Parallel()
			cluster, open := roughly(t)
			// There is always a majority, or soon again: how long it takes on a busy
			// machine to find out is not what is tested.
			s := open(cluster.Proxied(), etcd.WithRequestTimeout(4*time.Second), etcd.WithOutcomeWait(time.Minute))
			witness := open(cluster.Endpoints())
			from := now(t, witness)
			w := startWriters(t, s)
			w.waitFor(t, 50)
			for round := range c.rounds {
				c.trouble(t, cluster, w, round)
			}
			for i := range 3 {
				cluster.Resume(i)
			}
			// The cluster was there, so all could be found out.
			if unknown := w.judge(t, witness, from); unknown > 0 {
				t.Errorf("%d outcomes are unknown", unknown)
			}
		})
	}
}
