package etcdtest_test

import (
	"context"
	"errors"
	"net"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/sfcancel/sfcancel/internal/etcdtest"
	"github.com/sfcancel/sfcancel/internal/etcdtest/etcdmember"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, etcdtest.LeakOptions()...) }

func TestClusterSurvivesItsLeader(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for elections; make test runs it")
	}
	c := etcdtest.Start(t, 3)
	client := proxied(t, c)
	put := func(value string) func(context.Context) error {
		return func(ctx context.Context) error { _, err := client.Put(ctx, "a", value); return err }
	}
	answered(t, "Put", put("1"))
	begin := time.Now()
	leader := c.Leader()
	c.Stop(leader)
	t.Log("stop", time.Since(begin))
	answered(t, "Get without the leader", func(ctx context.Context) error {
		got, err := client.Get(ctx, "a")
		if err == nil && len(got.Kvs) != 1 {
			t.Fatalf("Get = %v, want one item", got)
		}
		return err
	})
	begin = time.Now()
	c.Restart(leader)
	t.Log("restart", time.Since(begin))
	c.Stop((leader + 1) % 3)
	answered(t, "Put without another member", put("2"))
}

// answered repeats a request until it succeeds: etcd answers with an error while it takes the members too long
// to elect a leader.
func answered(t *testing.T, what string, request func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		err := request(ctx)
		if err == nil {
			return
		}
		if ctx.Err() != nil {
			t.Fatalf("%s: %v, want no error in a minute", what, err)
		}
	}
}

func TestDroppedAnswer(t *testing.T) {
	c := etcdtest.Start(t, 1)
	client := proxied(t, c)
	if _, err := client.Get(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	c.DropAnswers(0, 1)
	if _, err := client.Put(t.Context(), "a", "1"); err == nil {
		t.Fatal("Put: got an answer, want an error")
	}
	if got, err := client.Get(t.Context(), "a"); err != nil || len(got.Kvs) != 1 {
		t.Fatalf("Get after the Put = %v, %v, want one item", got, err)
	}
}

func TestPauseAndCut(t *testing.T) {
	c := etcdtest.Start(t, 1)
	client := proxied(t, c)
	for name, stop := range map[string]func(int){"paused": c.Pause, "cut": c.Cut} {
		if _, err := client.Get(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		stop(0)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		if _, err := client.Get(ctx, "a"); err == nil {
			t.Errorf("Get while %s: got an answer, want an error", name)
		}
		cancel()
		c.Resume(0)
	}
}

func proxied(t *testing.T, c *etcdtest.Cluster) *clientv3.Client {
	t.Helper()
	client, err := clientv3.New(clientv3.Config{Endpoints: c.Proxied(), Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// If an address is taken, [etcdtest.New] starts the cluster again with others. For that, the error must wrap EADDRINUSE.
func TestAddressInUse(t *testing.T) {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	taken := "http://" + listener.Addr().String()
	for name, config := range map[string]etcdmember.Config{
		"by clients": {ClientURL: taken, PeerURL: "http://127.0.0.1:0"},
		"by members": {ClientURL: "http://127.0.0.1:0", PeerURL: taken},
	} {
		config.Name, config.Dir, config.InitialCluster = "m", t.TempDir(), "m="+config.PeerURL
		if _, err := etcdmember.Start(t.Context(), config); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("%s: got %v, want %v", name, err, syscall.EADDRINUSE)
		}
	}
}
