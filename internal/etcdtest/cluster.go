// Package etcdtest runs an etcd cluster within a test: real members in this process,
// with a scriptable TCP proxy in front of each.
package etcdtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/etcd/client/pkg/v3/transport"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/goleak"
	"go.uber.org/zap"

	"github.com/sfcancel/sfcancel/internal/etcdtest/etcdmember"
	"github.com/sfcancel/sfcancel/internal/tcpfault"
)

// startTimeout limits the start of a member. It is far longer than needed, because the
// machine may be busy.
const startTimeout = 5 * time.Minute

// Option changes how [Start] works.
type Option func(*etcdmember.Config)

// WithFsync makes the members use fsync, as in production: they are durable, and slower.
func WithFsync() Option {
	return func(c *etcdmember.Config) { c.NoFsync = false }
}

// WithQuota sets the members' storage quota in bytes.
func WithQuota(bytes int64) Option {
	return func(c *etcdmember.Config) { c.Quota = bytes }
}

// WithTLS makes the members use TLS with their clients.
func WithTLS(info transport.TLSInfo) Option {
	return func(c *etcdmember.Config) { c.TLS = info }
}

// Cluster is a running cluster. Its methods take the index of a member, from 0
// on, and are not safe for concurrent use.
type Cluster struct {
	tb      testing.TB
	configs []etcdmember.Config
	members []*etcdmember.Member // nil while stopped
	proxies []*tcpfault.Proxy
}

// Start starts a cluster, which stops at the end of the test. Its data are in a temporary
// directory, and it does not use fsync without [WithFsync].
func Start(t testing.TB, members int, opts ...Option) *Cluster {
	t.Helper()
	c, stop, err := New(t.TempDir(), members, opts...)
	if err != nil {
		t.Fatal(err)
	}
	c.tb = t
	t.Cleanup(stop)
	return c
}

// New is [Start] for a TestMain, which has no test yet: dir holds the data, and the
// caller must call stop. Methods of the cluster panic instead of failing a test.
func New(dir string, members int, opts ...Option) (c *Cluster, stop func(), err error) {
	for try := range 10 {
		c, stop, err = start(filepath.Join(dir, fmt.Sprint(try)), members, opts...)
		if !errors.Is(err, syscall.EADDRINUSE) { // another process took an address that was free
			break
		}
	}
	return c, stop, err
}

func start(dir string, members int, opts ...Option) (c *Cluster, stop func(), err error) {
	c = &Cluster{members: make([]*etcdmember.Member, members)}
	scheme := "http"
	probe := etcdmember.Config{}
	for _, opt := range opts {
		opt(&probe)
	}
	if !probe.TLS.Empty() {
		scheme = "https"
	}
	addresses, err := freeAddresses(2 * members)
	if err != nil {
		return nil, nil, err
	}
	var initial []string
	for i := range members {
		config := etcdmember.Config{
			Name:      fmt.Sprint("member", i),
			Dir:       filepath.Join(dir, fmt.Sprint("member", i)),
			ClientURL: scheme + "://" + addresses[2*i],
			PeerURL:   "http://" + addresses[2*i+1],
			NoFsync:   true,
			// The members share a process, and the machine may be busy: slow members
			// must not trigger one election after the other.
			Election: 2 * time.Second,
		}
		for _, opt := range opts {
			opt(&config)
		}
		initial = append(initial, config.Name+"="+config.PeerURL)
		c.configs = append(c.configs, config)
	}
	for i := range c.configs {
		c.configs[i].InitialCluster = strings.Join(initial, ",")
		p, err := tcpfault.New(addresses[2*i])
		if err != nil {
			c.stop()
			return nil, nil, err
		}
		c.proxies = append(c.proxies, p)
	}
	if err := c.startAll(); err != nil {
		c.stop()
		return nil, nil, err
	}
	return c, c.stop, nil
}

// freeAddresses returns addresses with ports that were free a moment ago. Members must know each
// other's addresses before they start.
func freeAddresses(n int) ([]string, error) {
	var addresses []string
	for range n {
		listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer listener.Close() // at the end, so that all of them differ
		addresses = append(addresses, listener.Addr().String())
	}
	return addresses, nil
}

func (c *Cluster) startAll() error {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	failed := make([]error, len(c.configs))
	var group sync.WaitGroup
	for i, config := range c.configs {
		group.Go(func() {
			if c.members[i], failed[i] = etcdmember.Start(ctx, config); failed[i] != nil {
				cancel() // the others would wait for this member
			}
		})
	}
	group.Wait()
	return errors.Join(failed...)
}

func (c *Cluster) stop() {
	for _, p := range c.proxies {
		p.Close()
	}
	var group sync.WaitGroup
	for _, m := range c.members {
		if m != nil {
			group.Go(m.Stop)
		}
	}
	group.Wait()
}

// Endpoints returns the members' own URLs.
func (c *Cluster) Endpoints() []string {
	var urls []string
	for _, config := range c.configs {
		urls = append(urls, config.ClientURL)
	}
	return urls
}

// Proxied returns the URLs of the proxies, one for each member.
func (c *Cluster) Proxied() []string {
	var urls []string
	for i, p := range c.proxies {
		scheme, _, _ := strings.Cut(c.configs[i].ClientURL, "://")
		urls = append(urls, scheme+"://"+p.Addr())
	}
	return urls
}

// Leader returns the index of the current leader. It waits until there is one.
func (c *Cluster) Leader() int {
	deadline := time.Now().Add(startTimeout)
	for time.Now().Before(deadline) {
		for i, m := range c.members {
			if m != nil && m.Leads() {
				return i
			}
		}
		time.Sleep(time.Millisecond)
	}
	c.fail("no member leads")
	return 0
}

// Stop stops a member as if its process had died: its connections end, and it does not
// transfer its leadership.
func (c *Cluster) Stop(i int) {
	// Open streams through the proxy would delay the member's end by seconds.
	c.proxies[i].Cut()
	c.members[i].Stop()
	c.members[i] = nil
	c.proxies[i].Mend()
}

// Restart starts stopped members again, with their data, and waits until they have joined
// the cluster. If there is no majority, one call must restart enough members for one.
func (c *Cluster) Restart(members ...int) {
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	failed := make([]error, len(members))
	var group sync.WaitGroup
	for n, i := range members {
		group.Go(func() {
			for {
				c.members[i], failed[n] = etcdmember.Start(ctx, c.configs[i])
				if ctx.Err() != nil || !errors.Is(failed[n], syscall.EADDRINUSE) {
					return
				}
				time.Sleep(100 * time.Millisecond) // another process uses the port for an outgoing connection
			}
		})
	}
	group.Wait()
	if err := errors.Join(failed...); err != nil {
		c.fail(err)
	}
}

// Cut closes the connections through the proxy of a member, and refuses new ones
// until Resume.
func (c *Cluster) Cut(i int) { c.proxies[i].Cut() }

// Pause keeps the connections through the proxy of a member open, but passes no data in
// either direction until Resume.
func (c *Cluster) Pause(i int) { c.proxies[i].Pause() }

// Resume undoes Cut, Pause and DropAnswers.
func (c *Cluster) Resume(i int) {
	p := c.proxies[i]
	p.Mend()
	p.DropAnswers(0)
	p.Resume()
}

// DropAnswers makes the proxy of a member forward requests, but close the connection
// instead of forwarding the answer, n times from now on. All other requests
// in progress on that connection lose their answers as well. Events of a watch
// count as answers. DropAnswers does not work with TLS.
func (c *Cluster) DropAnswers(i, n int) { c.proxies[i].DropAnswers(n) }

// Dropped reports whether all answers of the last DropAnswers have been dropped.
func (c *Cluster) Dropped(i int) bool { return c.proxies[i].Dropped() }

// Client returns a client of the members without the proxies. It is closed at the end of the test.
func (c *Cluster) Client(t testing.TB) *clientv3.Client {
	t.Helper()
	client, err := clientv3.New(clientv3.Config{
		Endpoints: c.Endpoints(), DialTimeout: startTimeout, Logger: zap.NewNop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// Compact compacts the history before revision.
func (c *Cluster) Compact(t testing.TB, revision int64) {
	t.Helper()
	if _, err := c.Client(t).Compact(t.Context(), revision, clientv3.WithCompactPhysical()); err != nil {
		t.Fatal(err)
	}
}

func (c *Cluster) fail(why any) {
	if c.tb == nil {
		panic(why)
	}
	c.tb.Helper()
	c.tb.Fatal(why)
}

// LeakOptions makes goleak ignore the goroutines that stopped members leave behind. Each
// of them is started once for the process.
func LeakOptions() []goleak.Option {
	return []goleak.Option{
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
		goleak.IgnoreAnyFunction("net/http.(*connReader).backgroundRead"),
		goleak.IgnoreAnyFunction("net/http.(*conn).serve"),
	}
}
