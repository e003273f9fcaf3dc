package sftest

import (
	"net/http"
	"time"

	"github.com/sfcancel/sfcancel/wrapper"
)

// host is in a reserved domain (RFC 6761).
const host = "cluster.test:19080"

// URL returns an address of the cluster for clients that use [Cluster.HTTPClient] or
// [Cluster.Transport]. These connect to the cluster whatever the host, so a
// production address works, too, if it begins with http://.
func (c *Cluster) URL() string { return "http://" + host }

// Client returns a client of the cluster, which is closed at the end of the test. It
// has the defaults of [wrapper.New], except that it pauses for at most a millisecond
// before a retry, because time stands still in the engine anyway. With [WithClock] the
// pauses have their defaults. The options override all that.
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

// Transport returns a new transport that connects to the cluster, for other
// clients. It may be changed before its first use. Its connections end with the cluster.
//
// Keep-alives are off: each request has its own connection. Otherwise net/http
// would itself retry a GET on a reused connection that breaks, and
// a test of a lost read would pass although its client never noticed. To test with
// reuse as in production, set DisableKeepAlives to false.
func (c *Cluster) Transport() *http.Transport {
	return &http.Transport{DialContext: c.network.dial, DisableKeepAlives: true}
}

// SetReachable takes the cluster off the network, or brings it back. While it is unreachable, new
// connections are refused, so that requests are not sent, and are not in
// [Cluster.Requests]. Requests in progress continue.
func (c *Cluster) SetReachable(reachable bool) { c.network.unreachable.Store(!reachable) }
