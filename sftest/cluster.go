package sftest

import (
	"context"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/internal/wirefault"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/store/memory"
)

// Cluster is a reference server and its engine in memory. Make one with [NewCluster].
// It is safe for concurrent use, except that methods that may call Fatalf must be called
// from the goroutine of the test, as with [testing.T].
type Cluster struct {
	tb     TB
	config config
	clock  *clock // nil with WithClock
	now    func() time.Time

	store  *memory.Store
	engine *emulator.Emulator
	viewer *emulator.Emulator // reads the store, and is always available
	server http.Handler

	network *network
	http    *http.Server
	served  chan struct{} // closed when the server accepts no more connections
	running sync.WaitGroup
	life    context.Context // of the cluster
	end     context.CancelFunc

	closing sync.Mutex
	closed  bool

	wire    wirefault.Wire
	journal journal

	mu     sync.Mutex
	script []*Step
	named  uint32 // the number of ids that Put has made
}

// NewCluster starts a cluster that ends with the test. For a test in a bubble of
// testing/synctest, call it inside the bubble. It fails the
// test if an option is invalid.
func NewCluster(tb TB, options ...Option) *Cluster {
	tb.Helper()
	c := &Cluster{tb: tb, store: memory.New(), network: newNetwork(), served: make(chan struct{})}
	var err error
	if c.config, err = read(options); err != nil {
		tb.Fatalf("sftest: %v", err)
	}
	if c.now = c.config.now; c.now == nil {
		c.clock = &clock{now: c.config.start}
		if c.clock.now.IsZero() {
			c.clock.now = start()
		}
		c.now = c.clock.Now
	}
	c.engine = emulator.New(c.store, c.config.engineOptions(c.now)...)
	c.viewer = emulator.New(c.store, c.config.engineOptions(c.now)...)
	if c.config.things != nil {
		if err := c.engine.SetCluster(context.Background(), *c.config.things); err != nil {
			tb.Fatalf("sftest: %v", err)
		}
	}
	handler, err := server.New(c.engine, c.config.serverOptions()...)
	if err != nil {
		tb.Fatalf("sftest: %v", err)
	}
	c.server = c.hear(handler)
	c.serve()
	tb.Cleanup(c.Close)
	return c
}

// serve starts the server, with the limits of production.
func (c *Cluster) serve() {
	c.life, c.end = context.WithCancel(context.Background())
	c.http = server.NewHTTPServer(http.HandlerFunc(c.receive), nil)
	c.http.BaseContext = func(net.Listener) context.Context { return c.life }
	c.http.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			c.running.Add(1)
		case http.StateClosed, http.StateHijacked:
			c.running.Done()
		default:
		}
	}
	go func() {
		defer close(c.served)
		_ = c.http.Serve(c.network) // until the network is closed
	}()
}

// closeTime is how long Close waits for handlers that ignore the end of their context.
const closeTime = 5 * time.Second

// Close ends the cluster: it closes connections, ends hanging and delayed requests,
// and refuses new connections. It fails the test for every step of the script that
// was not used up. It is called at the end of the test; call it earlier to test a
// client without a cluster. The state of the cluster can still be read.
func (c *Cluster) Close() {
	c.tb.Helper()
	c.closing.Lock()
	defer c.closing.Unlock()
	if c.closed {
		return
	}
	c.closed = true
	c.end()
	_ = c.network.Close()
	<-c.served // then the server has registered every connection that it must close
	_ = c.http.Close()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.running.Wait()
	}()
	timer := time.NewTimer(closeTime)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
		c.tb.Errorf("sftest: a request is still under way %v after the cluster was closed: a handler of Func has to end with the context of its request", closeTime)
	}
	c.checkScript()
}

// sleep waits, and returns false if the cluster was closed meanwhile.
func (c *Cluster) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-c.life.Done():
		return false
	}
}
