package etcd_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/internal/etcdtest"
	"github.com/sfcancel/sfcancel/internal/tcpfault"
	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/etcd"
	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// claim is the result of one Commit. No other Commit writes the same value.
type claim struct {
	value    string
	revision store.Revision
	err      error
}

// writers use a store from many goroutines at once, and record all results. Some
// write without a condition, some increment counters by compare-and-swap, and some have a
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

// waitFor returns once n more commits have returned nil. It fails if none does for 2 minutes.
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

// judge compares the results of the writers with the history, and returns how
// many results were ErrOutcomeUnknown. from is the revision before the first
// write, and witness a store with undisturbed connections.
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
			t.Errorf("%q was written %d times, at %v, want at most once; Commit: %v", c.value, len(at), at, c.err)
		case c.err == nil && (len(at) == 0 || at[0] != c.revision):
			t.Errorf("%q was written at %v, want at %d as Commit returned", c.value, at, c.revision)
		case errors.Is(c.err, store.ErrOutcomeUnknown):
			unknown++
		case c.err != nil && len(at) > 0:
			t.Errorf("%q was written at %v, want never, as Commit returned %v", c.value, at, c.err)
		}
		if c.err != nil && !errors.Is(c.err, store.ErrConflict) {
			failed++
		}
		known := errors.Is(c.err, store.ErrConflict) || errors.Is(c.err, store.ErrUnavailable) ||
			errors.Is(c.err, store.ErrOutcomeUnknown) || errors.Is(c.err, context.DeadlineExceeded)
		if c.err != nil && !known {
			t.Errorf("Commit: %v, want a documented error", c.err)
		}
	}
	for key, count := range counts {
		item, err := witness.Get(t.Context(), key)
		if err != nil || !strings.HasPrefix(string(item.Value), strconv.Itoa(count)+" ") {
			t.Errorf("%s is %q, %v, want %d, the number of increments", key, item.Value, err, count)
		}
	}
	t.Logf("%d commits, %d errors, of these %d unknown", len(w.claims), failed, unknown)
	return unknown
}

// history returns the changes from after revision from until now.
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

// Whatever fails between store and members, every result of Commit is true.
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
			// There is always a majority, or soon again. The timeouts are long, because the time to
			// recover on a busy machine is not what is tested.
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
			// The cluster was always reachable in time, so every outcome can be found out.
			if unknown := w.judge(t, witness, from); unknown > 0 {
				t.Errorf("%d outcomes are unknown, want 0", unknown)
			}
		})
	}
}

var (
	manyFor  = flag.Duration("many-for", 4*time.Second, "minimum duration of TestAnswersOfManyStoresAreTrue")
	manySeed = flag.Uint64("many-seed", 1, "seed of its transactions and faults; the interleaving depends on the machine")
)

// The load. There are few keys, so that transactions conflict.
const (
	manyStores  = 3
	manyWriters = 6 // of each store
	manyKeys    = 5
)

// attempted is a transaction and the result of its Commit. Every value that it writes
// begins with its unique id. A transaction that only deletes leaves no such mark.
type attempted struct {
	id       string
	txn      store.Txn
	revision store.Revision
	err      error
}

// TestAnswersOfManyStoresAreTrue runs several stores, each with its own connections, that
// write to the same few keys with all sorts of transactions, while connections lose
// answers, break and fall silent, contexts end, and stores are closed. It compares the results
// with etcd's own history.
func TestAnswersOfManyStoresAreTrue(t *testing.T) {
	if testing.Short() {
		t.Skip("it commits from many stores for seconds; make test runs it")
	}
	t.Parallel()
	cluster, _ := roughly(t)
	prefix := newPrefix()
	client := cluster.Client(t)
	open(t, cluster.Endpoints(), etcd.WithPrefix(prefix)) // makes the mark
	start, err := client.Get(t.Context(), prefix, clientv3.WithPrefix())
	ok(t, start, err)

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var succeeded atomic.Bool
	time.AfterFunc(*manyFor, func() { // and then until a commit has succeeded
		defer stop()
		for begin := time.Now(); !succeeded.Load() && time.Since(begin) < hang; {
			time.Sleep(time.Millisecond)
		}
	})
	var all []attempted
	var mu sync.Mutex
	var group sync.WaitGroup
	for i := range manyStores {
		proxies, urls := proxiesOf(t, cluster)
		group.Go(func() { disturb(ctx, proxies, rand.New(rand.NewPCG(*manySeed, uint64(i)))) })
		group.Go(func() {
			for life := uint64(0); ctx.Err() == nil; life++ {
				s, err := etcd.Open(context.WithoutCancel(ctx), urls, etcd.WithPrefix(prefix), etcd.WithDialTimeout(time.Minute),
					etcd.WithRequestTimeout(2*time.Second), etcd.WithOutcomeWait(2*time.Second))
				if err != nil {
					t.Error(err)
					return
				}
				closed, after := make(chan struct{}), time.Duration(600+i*900)*time.Millisecond
				time.AfterFunc(after, func() {
					defer close(closed)
					if err := s.Close(); err != nil {
						t.Error(err)
					}
				})
				var writing sync.WaitGroup
				for w := range manyWriters {
					random := rand.New(rand.NewPCG(*manySeed<<8+life, uint64(i*manyWriters+w)))
					writing.Go(func() {
						var answers []attempted
						for n := 0; ctx.Err() == nil; n++ {
							a := attempt(ctx, s, random, fmt.Sprintf("%d.%d.%d.%d ", i, life, w, n))
							answers = append(answers, a)
							if a.err == nil {
								succeeded.Store(true)
							}
							if errors.Is(a.err, store.ErrClosed) {
								break
							}
						}
						mu.Lock()
						defer mu.Unlock()
						all = append(all, answers...)
					})
				}
				writing.Wait()
				<-closed
			}
		})
	}
	group.Wait()
	// Requests still on their way can arrive now.
	time.Sleep(500 * time.Millisecond)
	judgeMany(t, all, rawHistory(t, client, prefix, start.Header.Revision))
}

// proxiesOf returns new proxies of the members, and their URLs.
func proxiesOf(t *testing.T, cluster *etcdtest.Cluster) (proxies []*tcpfault.Proxy, urls []string) {
	t.Helper()
	for _, endpoint := range cluster.Endpoints() {
		p, err := tcpfault.New(strings.TrimPrefix(endpoint, "http://"))
		ok(t, p, err)
		t.Cleanup(p.Close)
		proxies, urls = append(proxies, p), append(urls, "http://"+p.Addr())
	}
	return proxies, urls
}

// disturb causes one fault after the other until ctx ends. It leaves all proxies working.
func disturb(ctx context.Context, proxies []*tcpfault.Proxy, random *rand.Rand) {
	wait := func(most int) {
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(random.IntN(most)) * time.Millisecond):
		}
	}
	for ctx.Err() == nil {
		p := proxies[random.IntN(len(proxies))]
		switch random.IntN(5) {
		case 0, 1:
			p.DropAnswers(1 + random.IntN(3))
		case 2:
			p.Break()
		case 3:
			p.Cut()
			wait(150)
			p.Mend()
		case 4: // sometimes for longer than one attempt
			p.Pause()
			wait(900)
			p.Resume()
		}
		wait(60)
	}
	for _, p := range proxies {
		p.DropAnswers(0)
	}
}

// attempt commits a random transaction. Its context may end at any moment.
func attempt(ctx context.Context, s store.Store, random *rand.Rand, id string) attempted {
	key := func() string { return fmt.Sprint("k", random.IntN(manyKeys)) }
	a := attempted{id: id}
	written := map[string]bool{}
	add := func(w store.Write) {
		if !written[w.Key] {
			written[w.Key] = true
			a.txn.Then = append(a.txn.Then, w)
		}
	}
	switch sort := random.IntN(100); {
	case sort == 0: // the longest value
		add(store.Write{Key: key(), Value: append([]byte(id), make([]byte, store.MaxValue-len(id))...)})
	case sort == 1: // as many operations as there may be
		for i := range store.MaxOps {
			add(store.Write{Key: fmt.Sprint("many/", i), Value: []byte(id), Delete: i > 0 && random.IntN(3) == 0})
			a.txn.If = append(a.txn.If, store.Condition{Key: fmt.Sprint("none/", i)})
		}
	case sort < 12: // only deletes, some of a key that never existed
		for range 1 + random.IntN(2) {
			add(store.Write{Key: []string{key(), "never"}[random.IntN(2)], Delete: true})
		}
	default:
		for range 1 + random.IntN(3) {
			add(store.Write{Key: key(), Value: []byte(id), Delete: len(a.txn.Then) > 0 && random.IntN(3) == 0})
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	for range random.IntN(3) {
		name := key() // written or not
		if item, err := s.Get(ctx, name); err == nil || errors.Is(err, store.ErrNotFound) {
			a.txn.If = append(a.txn.If[:min(len(a.txn.If), store.MaxOps-1)], store.Condition{Key: name, Revision: item.Revision})
		}
	}
	if random.IntN(2) == 0 {
		timer := time.AfterFunc(time.Duration(random.IntN(40_000))*time.Microsecond, cancel)
		defer timer.Stop()
	}
	a.revision, a.err = s.Commit(ctx, a.txn)
	return a
}

// rawHistory returns etcd's own events under a prefix after revision from, grouped by
// revision.
func rawHistory(t *testing.T, client *clientv3.Client, prefix string, from int64) [][]*clientv3.Event {
	t.Helper()
	end, err := client.Put(t.Context(), prefix+"end", "")
	ok(t, end, err)
	var changes [][]*clientv3.Event
	for answer := range client.Watch(t.Context(), prefix, clientv3.WithPrefix(), clientv3.WithRev(from+1)) {
		if err := answer.Err(); err != nil {
			t.Fatal(err)
		}
		for _, e := range answer.Events {
			e.Kv.Key = bytes.TrimPrefix(e.Kv.Key, []byte(prefix))
			switch n := len(changes); {
			case e.Kv.ModRevision == end.Header.Revision:
				return changes
			case n > 0 && changes[n-1][0].Kv.ModRevision == e.Kv.ModRevision:
				changes[n-1] = append(changes[n-1], e)
			default:
				changes = append(changes, []*clientv3.Event{e})
			}
		}
	}
	t.Fatal("the watch has ended before the end mark")
	return nil
}

// judgeMany checks that Commit returned the revision of each transaction in the history, or
// ErrOutcomeUnknown; that each wrote exactly its writes, at a moment when its conditions
// held; and that the history has every transaction for which Commit returned nil.
func judgeMany(t *testing.T, all []attempted, history [][]*clientv3.Event) {
	t.Helper()
	byRevision, byID, counts := map[store.Revision]*attempted{}, map[string]*attempted{}, map[string]int{}
	unknownDeletes := 0
	for i := range all {
		a := &all[i]
		byID[a.id] = a
		switch {
		case a.err == nil && byRevision[a.revision] != nil:
			t.Errorf("two transactions returned revision %d, want one", a.revision)
		case a.err == nil:
			byRevision[a.revision] = a
		case errors.Is(a.err, store.ErrOutcomeUnknown) && onlyDeletes(a.txn):
			unknownDeletes++
		}
		counts[sortOf(t, a.err)]++
	}
	held := map[string]store.Revision{}
	happened := map[string]int{}
	for _, events := range history {
		revision := store.Revision(events[0].Kv.ModRevision)
		items, isTxn := map[string]*mvccpb.KeyValue{}, false
		for _, e := range events {
			if key, found := strings.CutPrefix(string(e.Kv.Key), "item/"); found {
				items[key] = e.Kv
			} else {
				isTxn = isTxn || strings.HasPrefix(string(e.Kv.Value), "txn ")
			}
		}
		if !isTxn {
			if len(items) > 0 {
				t.Errorf("revision %d wrote items but no slot, want a write to a slot", revision)
			}
			continue
		}
		a := byRevision[revision]
		if a == nil {
			a = markOf(items, byID)
		}
		switch {
		case a == nil && unknownDeletes > 0:
			unknownDeletes--
		case a == nil:
			t.Errorf("revision %d matches no transaction, want one that may have happened", revision)
		case a.err != nil && !errors.Is(a.err, store.ErrOutcomeUnknown):
			t.Errorf("%shappened at %d, want never, as Commit returned %v", a.id, revision, a.err)
		default:
			happened[a.id]++
			checkEffect(t, a, revision, items, held)
		}
		for key, kv := range items {
			if held[key] = revision; kv.Version == 0 { // a delete
				delete(held, key)
			}
		}
	}
	for _, a := range all {
		if n := happened[a.id]; a.err == nil && n != 1 || n > 1 {
			t.Errorf("%sis in the history %d times, want once, or at most once after an error; Commit returned %d, %v", a.id, n, a.revision, a.err)
		}
	}
	t.Logf("%d transactions: %v", len(all), counts)
	if counts["nil"] == 0 {
		t.Errorf("results are %v, want at least one commit that succeeded", counts)
	}
}

func onlyDeletes(txn store.Txn) bool {
	for _, w := range txn.Then {
		if !w.Delete {
			return false
		}
	}
	return true
}

// markOf returns the transaction whose id is at the beginning of a value.
func markOf(items map[string]*mvccpb.KeyValue, byID map[string]*attempted) *attempted {
	for _, kv := range items {
		if id, _, found := bytes.Cut(kv.Value, []byte(" ")); found {
			return byID[string(id)+" "]
		}
	}
	return nil
}

// checkEffect compares items, the writes at a revision, with those that a makes in state held.
func checkEffect(t *testing.T, a *attempted, revision store.Revision, items map[string]*mvccpb.KeyValue, held map[string]store.Revision) {
	t.Helper()
	for _, c := range a.txn.If {
		if held[c.Key] != c.Revision {
			t.Errorf("%shappened at %d when %q was at %d, want only at %d", a.id, revision, c.Key, held[c.Key], c.Revision)
		}
	}
	effects := 0
	for _, w := range a.txn.Then {
		if w.Delete && held[w.Key] == 0 {
			continue
		}
		effects++
		kv := items[w.Key]
		if kv == nil || (kv.Version == 0) != w.Delete || !w.Delete && !bytes.Equal(kv.Value, w.Value) {
			t.Errorf("%sat %d changed %q to %.200q, want %.200q (delete: %t)", a.id, revision, w.Key, kv.GetValue(), w.Value, w.Delete)
		}
	}
	if effects != len(items) {
		t.Errorf("%sat %d wrote %d items, want %d", a.id, revision, len(items), effects)
	}
}

// sortOf returns a name for an error of Commit. It fails t if Commit must not return it here.
func sortOf(t *testing.T, err error) string {
	t.Helper()
	switch {
	case err == nil:
		return "nil"
	case errors.Is(err, store.ErrOutcomeUnknown):
		return "unknown"
	case errors.Is(err, store.ErrConflict):
		return "conflict"
	case errors.Is(err, store.ErrClosed):
		return "closed"
	case errors.Is(err, store.ErrUnavailable):
		return "unavailable"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "context"
	}
	t.Errorf("Commit: %v, want a documented error", err)
	return "other"
}
