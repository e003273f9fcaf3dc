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

// shared is a cluster of three for the tests that leave it as it was, and rough one
// for those that cut and stop its members: see [roughly].
var shared, rough *etcdtest.Cluster

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
	for i, c := range []**etcdtest.Cluster{&shared, &rough} {
		group.Go(func() {
			var err error
			if *c, stop[i], err = etcdtest.New(filepath.Join(dir, fmt.Sprint(i)), 3); err != nil {
				panic(err)
			}
		})
	}
	group.Wait()
	// A commit takes a thousand times as long as in memory, and more with -race.
	flag.Parse()
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		if err := checks.Value.Set("30"); err != nil {
			panic(err)
		}
	}
	code := m.Run()
	group.Go(stop[0])
	group.Go(stop[1])
	group.Wait()
	if err := goleak.Find(etcdtest.LeakOptions()...); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

var prefixes atomic.Int64

// newPrefix is one that no other test uses.
func newPrefix() string { return fmt.Sprintf("test/%d/", prefixes.Add(1)) }

// open opens a store that the test closes, or leaves to be closed at its end.
func open(t testing.TB, endpoints []string, opts ...etcd.Option) *etcd.Store {
	t.Helper()
	s, err := etcd.Open(t.Context(), endpoints, opts...)
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

// opener opens stores on one prefix: through proxies, or past them.
type opener func(endpoints []string, opts ...etcd.Option) *etcd.Store

var roughing sync.Mutex // one test at a time

// roughly returns the cluster that may be cut and stopped, and an opener on a new
// prefix of it. The test has to restart what it has stopped; the rest is undone.
func roughly(t *testing.T) (*etcdtest.Cluster, opener) {
	t.Helper()
	roughing.Lock()
	t.Cleanup(func() {
		for i := range rough.Endpoints() {
			rough.Resume(i)
		}
		roughing.Unlock()
	})
	prefix := newPrefix()
	return rough, func(endpoints []string, opts ...etcd.Option) *etcd.Store {
		t.Helper()
		return open(t, endpoints, append([]etcd.Option{etcd.WithPrefix(prefix)}, opts...)...)
	}
}

// hasty are timeouts that fail fast, but not on a busy machine.
func hasty() []etcd.Option {
	return []etcd.Option{etcd.WithRequestTimeout(time.Second), etcd.WithOutcomeWait(time.Second / 2)}
}
