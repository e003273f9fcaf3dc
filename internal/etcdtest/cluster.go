// Package etcdtest is an etcd cluster within a test: real members in this process,
// with a TCP proxy before each that a test can script.
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

// startTimeout bounds the start of a member. It is far more than is needed, as the
// machine may be busy with other things.
const startTimeout = 5 * time.Minute

// Option changes how [Start] works.
type Option func(*etcdmember.Config)

// WithFsync makes the members as durable, and as slow, as they are elsewhere.
func WithFsync() Option {
	return func(c *etcdmember.Config) { c.NoFsync = false }
}

// WithQuota makes the members full at so many bytes.
func WithQuota(bytes int64) Option {
	return func(c *etcdmember.Config) { c.Quota = bytes }
}

// WithTLS makes the members speak TLS with their clients.
func WithTLS(info transport.TLSInfo) Option {
	return func(c *etcdmember.Config) { c.TLS = info }
}

// Cluster is a running cluster. Its methods take the number of a member, from 0
// on, and are for one goroutine at a time.
type Cluster struct {
	tb      testing.TB
	configs []etcdmember.Config
	members []*etcdmember.Member // nil while stopped
	proxies []*tcpfault.Proxy
}

// Start starts a cluster, and ends it with the test. Its data are in a temporary
// directory, and it does not use fsync unless told to.
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

// New is [Start] for a TestMain, which has no test yet: dir keeps the data, and the
// caller must call stop. Methods of the cluster panic where they would fail a test.
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
			// They share a process, and a machine that may be busy: those that are late
			// must not take each other for dead, again and again.
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

// freeAddresses are of ports that were free a moment ago. Members must know each
// other's before they start.
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
				cancel() // the others would wait for it
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

// Endpoints are the members' own URLs.
func (c *Cluster) Endpoints() []string {
	var urls []string
	for _, config := range c.configs {
		urls = append(urls, config.ClientURL)
	}
	return urls
}

// Proxied are the URLs of the proxies, one for each member.
func (c *Cluster) Proxied() []string {
	var urls []string
	for i, p := range c.proxies {
		scheme, _, _ := strings.Cut(c.configs[i].ClientURL, "://")
		urls = append(urls, scheme+"://"+p.Addr())
	}
	return urls
}

// Leader is the member that leads now; it waits until there is one.
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

// Stop stops a member as if its process had died: its connections end, and it hands
// nothing over.
func (c *Cluster) Stop(i int) {
	// Through the proxy, streams would keep the member from ending for seconds.
	c.proxies[i].Cut()
	c.members[i].Stop()
	c.members[i] = nil
	c.proxies[i].Mend()
}

// Restart starts a stopped member again, with its data, and waits until it is one
// of the cluster; where there was no majority, restart as many at once as it takes.
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
				time.Sleep(100 * time.Millisecond) // another process uses the address for a connection of its own
			}
		})
	}
	group.Wait()
	if err := errors.Join(failed...); err != nil {
		c.fail(err)
	}
}

// Cut ends the connections through the proxy of a member, and refuses new ones
// until Resume.
func (c *Cluster) Cut(i int) { c.proxies[i].Cut() }

// Pause keeps the connections through the proxy of a member, but nothing passes in
// either direction until Resume.
func (c *Cluster) Pause(i int) { c.proxies[i].Pause() }

// Resume undoes Cut, Pause and DropAnswers.
func (c *Cluster) Resume(i int) {
	p := c.proxies[i]
	p.Mend()
	p.DropAnswers(0)
	p.Resume()
}

// DropAnswers makes the proxy of a member pass requests on, but end the connection
// when an answer is about to come back, n times from now on. Everything else that
// is under way on that connection loses its answer, too. What a watch yields
// counts as an answer. It cannot see into TLS.
func (c *Cluster) DropAnswers(i, n int) { c.proxies[i].DropAnswers(n) }

// Dropped reports whether the answers have been dropped that DropAnswers asked for.
func (c *Cluster) Dropped(i int) bool { return c.proxies[i].Dropped() }

// Client is a client of the members themselves, which ends with the test.
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

// Compact makes the cluster forget what was before revision.
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

// LeakOptions are for goleak: what a member leaves behind after it has stopped, each
// of it a goroutine that was started once for the process.
func LeakOptions() []goleak.Option {
	return []goleak.Option{
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
		goleak.IgnoreAnyFunction("net/http.(*connReader).backgroundRead"),
		goleak.IgnoreAnyFunction("net/http.(*conn).serve"),
	}
}
