package etcd_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sfcancel/sfcancel/internal/etcdtest"
	"github.com/sfcancel/sfcancel/store/etcd"
)

// shared is for the tests that leave the cluster unchanged, rough for those that cut
// connections and stop members: see [roughly]. Both have three
// members.
var (
	shared *etcdtest.Cluster
	rough  = make(chan *etcdtest.Cluster, 1) // empty while a test has it
)

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "etcd-test-")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	var group sync.WaitGroup
	var stop [2]func()
	for i := range stop {
		group.Go(func() {
			c, stopIt, err := etcdtest.New(filepath.Join(dir, fmt.Sprint(i)), 3)
			if err != nil {
				panic(err)
			}
			if stop[i] = stopIt; i == 0 {
				shared = c
			} else {
				rough <- c
			}
		})
	}
	group.Wait()
	flag.Parse()
	// Most parallel tests wait for the rough cluster. They must not block
	// the tests that do not need it.
	if err := flag.Set("test.parallel", "32"); err != nil {
		panic(err)
	}
	// A commit takes a thousand times as long as in memory, and more with -race.
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		n := "30"
		if testing.Short() {
			n = "8"
		}
		if err := checks.Value.Set(n); err != nil {
			panic(err)
		}
	}
	code := m.Run()
	for _, stop := range stop {
		group.Go(stop)
	}
	group.Wait()
	if err := goleak.Find(etcdtest.LeakOptions()...); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

var prefixes atomic.Int64

// newPrefix returns a prefix that no other test uses.
func newPrefix() string { return fmt.Sprintf("test/%d/", prefixes.Add(1)) }

// hang is how long a test waits before it fails, more than any machine should need.
const hang = 30 * time.Second

// open opens a store and closes it at the end of the test. The test may close it earlier.
func open(t testing.TB, endpoints []string, opts ...etcd.Option) *etcd.Store {
	t.Helper()
	s, err := etcd.Open(t.Context(), endpoints, append([]etcd.Option{etcd.WithDialTimeout(2 * hang)}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// opener opens stores on one prefix, through proxies or directly.
type opener func(endpoints []string, opts ...etcd.Option) *etcd.Store

// roughly returns the rough cluster, for this test alone, and an opener on a new prefix of
// it. The test must restart the members it has stopped. Connections are resumed when it
// ends.
func roughly(t *testing.T) (*etcdtest.Cluster, opener) {
	t.Helper()
	cluster := <-rough
	t.Cleanup(func() {
		for i := range cluster.Endpoints() {
			cluster.Resume(i)
		}
		rough <- cluster
	})
	prefix := newPrefix()
	return cluster, func(endpoints []string, opts ...etcd.Option) *etcd.Store {
		t.Helper()
		return open(t, endpoints, append([]etcd.Option{etcd.WithPrefix(prefix)}, opts...)...)
	}
}

// hasty returns short timeouts that are long enough for a busy machine.
func hasty() []etcd.Option {
	return []etcd.Option{etcd.WithRequestTimeout(time.Second), etcd.WithOutcomeWait(time.Second / 2)}
}
