package sftest

import (
	"net/http"
	"time"

	"github.com/sfcancel/sfcancel/wrapper"
)

// host is in a domain that nobody can own (RFC 6761).
const host = "cluster.test:19080"

// URL is an address of the cluster for clients that use [Cluster.HTTPClient] or
// [Cluster.Transport]. These connect to the cluster whatever the host, so that the
// address of production will do as well, as long as it begins with http://.
func (c *Cluster) URL() string { return "http://" + host }

// Client returns a client of the cluster, which is closed at the end of the test. It
// has the defaults of [wrapper.New], except that it pauses for a millisecond at most
// before it asks again, since no time passes in the engine anyway. With [WithClock] the
// pauses are the client's own. The options come after that, and win.
func (c *Cluster) Client(options ...wrapper.Option) *wrapper.Client {
	c.tb.Helper()
	ready := []wrapper.Option{wrapper.WithHTTPClient(c.HTTPClient())}
	if c.clock != nil {
		ready = append(ready, wrapper.WithRetry(wrapper.Retry{Base: time.Millisecond, BusyBase: time.Millisecond, Cap: time.Millisecond}))
	}
	client, err := wrapper.New(c.URL(), append(ready, options...)...)
	if err != nil {
		c.tb.Fatalf("sftest: %v", err)
	}
	c.tb.Cleanup(client.Close)
	return client
}

// HTTPClient returns a new HTTP client of the cluster with a [Cluster.Transport].
func (c *Cluster) HTTPClient() *http.Client { return &http.Client{Transport: c.Transport()} }

// Transport returns a new transport that connects to the cluster, for clients of one's
// own. Change what you like before you use it. Its connections end with the cluster.
//
// Keep-alives are off: each request has a connection of its own. Otherwise net/http
// would send a GET again by itself if a connection that it used before breaks off, and
// a test of a lost read would pass without its client ever having noticed. To test with
// the reuse of production, set DisableKeepAlives to false.
func (c *Cluster) Transport() *http.Transport {
	return &http.Transport{DialContext: c.network.dial, DisableKeepAlives: true}
}

// SetReachable takes the cluster off the network, or brings it back. Off it, new
// connections are refused, so that requests are not sent at all, and none of them is among
// [Cluster.Requests]. Requests under way go on.
func (c *Cluster) SetReachable(reachable bool) { c.network.unreachable.Store(!reachable) }
