package sftest_test

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"syscall"
	"testing"

	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

var dialer net.Dialer

// onSocket serves the engine of a cluster on a socket as well, as a program would, and
// returns the address.
func onSocket(t *testing.T, c *sftest.Cluster, profile server.Profile) string {
	t.Helper()
	handler, err := server.New(c.Engine(), server.WithProfile(profile))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := server.NewHTTPServer(handler, nil)
	go func() { _ = srv.Serve(listener) }()
	t.Cleanup(func() { _ = srv.Close() })
	return listener.Addr().String()
}

// Any host is the cluster, and a body of any length gets there.
func TestAnyHost(t *testing.T) {
	t.Parallel()
	c := sftest.NewCluster(t)
	body := strings.NewReader(strings.Repeat("x", 1<<20))
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://production.example:19080/Faults/$/Cancel?api-version=6.0", body)
	if err != nil {
		t.Fatal(err)
	}
	response, err := c.HTTPClient().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if last(t, c).Call != sftest.CancelOperation || response.StatusCode != 404 {
		t.Errorf("%v: %v", last(t, c), response.Status)
	}
}

// A body that is longer than the server reads is refused as on a socket, spoilt or not.
func TestHugeBody(t *testing.T) {
	t.Parallel()
	c := sftest.NewCluster(t)
	c.On(sftest.Any, sftest.DelayAfter(0))
	for range 2 {
		body := strings.NewReader(strings.Repeat("x", 5<<20))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, cancelURL(c, [16]byte{1}, false), body)
		if err != nil {
			t.Fatal(err)
		}
		if response, err := c.HTTPClient().Do(r); err == nil { // else it was cut off while it sent
			_ = response.Body.Close()
		}
		if q := last(t, c); q.Server != 413 || q.Status != 413 {
			t.Errorf("got %v", q)
		}
	}
}

// Connections are not reused, so that net/http asks nothing again by itself, unless
// somebody wants it.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	for _, alive := range []bool{false, true} {
		c := sftest.NewCluster(t)
		transport := c.Transport()
		if alive {
			transport.DisableKeepAlives = false
		}
		client := &http.Client{Transport: transport}
		reused := 0
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
			if i.Reused {
				reused++
			}
		}})
		for range 3 {
			if g := send(ctx, client, http.MethodGet, listURL(c)); g.err != nil {
				t.Fatal(g.err)
			}
		}
		if alive != (reused == 2) {
			t.Errorf("alive: %v, reused %d times", alive, reused)
		}
		// What production does with a lost read.
		c.On(sftest.Any, sftest.DropBefore())
		g := send(ctx, client, http.MethodGet, listURL(c))
		if alive && (g.err != nil || len(c.Requests()) != 5) || !alive && (!isLost(g.err) || len(c.Requests()) != 4) {
			t.Errorf("alive: %v, %v after %v", alive, g.err, c.Requests())
		}
	}
}

// Off the network nothing is sent.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	c := sftest.NewCluster(t)
	id := c.Put(stopping())
	client := c.Client(wrapper.WithRetry(wrapper.Retry{MaxAttempts: 1}))
	c.SetReachable(false)
	_, err := client.Cancel(t.Context(), id, wrapper.CancelOptions{})
	if !errors.Is(err, wrapper.ErrNotSent) || !errors.Is(err, syscall.ECONNREFUSED) || len(c.Requests()) != 0 ||
		!strings.Contains(err.Error(), "dial sftest cluster.test:19080: connection refused") {
		t.Errorf("got %v after %v", err, c.Requests())
	}
	c.SetReachable(true)
	if _, err := client.Cancel(t.Context(), id, wrapper.CancelOptions{}); err != nil {
		t.Error(err)
	}
}

// A test that ends while a client is connected and silent ends all the same.
func TestSilentClient(t *testing.T) {
	t.Parallel()
	c := sftest.NewCluster(t)
	conn, err := c.Transport().DialContext(t.Context(), "tcp", "h:1")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = conn.Write([]byte("GET / HT"))
	c.Close()
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("a read after Close: got a byte, want an error")
	}
}
