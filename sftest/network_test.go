package sftest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/emulator"
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

// Close ends what hangs, refuses what comes, and can be called again.
func TestClose(t *testing.T) {
	t.Parallel()
	for _, fault := range []sftest.Fault{sftest.HangBefore(), sftest.HangAfter(), sftest.DelayBefore(time.Hour), sftest.DelayAfter(time.Hour), sftest.Late(time.Hour)} {
		t.Run(fault.String(), func(t *testing.T) {
			t.Parallel()
			c := sftest.NewCluster(t)
			id := c.Put(stopping())
			arrived := make(chan struct{})
			c.On(sftest.Force, fault)
			through := sftest.Func(func(server http.Handler) http.Handler { close(arrived); return server })
			answer := make(chan got)
			go func() { answer <- send(t.Context(), c.HTTPClient(), http.MethodPost, cancelURL(c, id, true)) }()
			after := strings.Contains(fault.String(), "After")
			for len(c.Requests()) == 0 || after && c.Requests()[0].Server == 0 {
				time.Sleep(time.Millisecond)
			}
			c.On(sftest.Any, through)
			send(t.Context(), c.HTTPClient(), http.MethodGet, listURL(c))
			<-arrived
			c.Close()
			if g := <-answer; !isLost(g.err) {
				t.Errorf("got %d %v", g.status, g.err)
			}
			c.Close()
			if g := send(t.Context(), c.HTTPClient(), http.MethodGet, listURL(c)); !errors.Is(g.err, syscall.ECONNREFUSED) {
				t.Errorf("after the end: %v", g.err)
			}
			// What has not been carried out by then never is.
			q := c.Requests()[0]
			if forced := c.Operation(id).Rollback == emulator.RollingBackForce; forced != after || forced != (q.Server != 0) {
				t.Errorf("forced: %v, %s", forced, q)
			}
		})
	}
}

// However close to the end a client connects, its connection ends, too.
func TestCloseWhileDialing(t *testing.T) {
	t.Parallel()
	for range 200 {
		c := sftest.NewCluster(t)
		ended := make(chan error)
		go func() {
			conn, err := c.Transport().DialContext(t.Context(), "tcp", "h:1")
			if err == nil {
				_, err = conn.Read(make([]byte, 1))
			}
			ended <- err
		}()
		c.Close()
		select {
		case err := <-ended:
			if err == nil {
				t.Error("somebody answers")
			}
		case <-time.After(30 * time.Second):
			t.Fatal("the connection is still there after 30 s")
		}
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
		t.Error("the connection is still there")
	}
}

// A body that breaks off is as broken behind a fault as without one.
func TestBrokenBody(t *testing.T) {
	t.Parallel()
	c := sftest.NewCluster(t)
	c.On(sftest.MatchFunc(func(sftest.Request) bool { return len(c.Requests()) == 2 }), sftest.DelayAfter(0))
	for n := range 2 {
		conn, err := c.Transport().DialContext(t.Context(), "tcp", "h:1")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, "POST /Faults/$/Cancel?api-version=6.0 HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nabc")
		_ = conn.Close()
		for len(c.Requests()) == n || last(t, c).Server == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	if all := c.Requests(); all[0].Fault != "" || all[1].Fault == "" || all[0].Server != all[1].Server {
		t.Errorf("got %v", all)
	}
}

// Of a handler that says no status, what net/http makes up is noted.
func TestImplicitStatus(t *testing.T) {
	t.Parallel()
	c := sftest.NewCluster(t)
	for name, serve := range map[string]http.HandlerFunc{
		"nothing": func(http.ResponseWriter, *http.Request) {},
		"a body":  func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("x")) },
		"a flush": func(w http.ResponseWriter, _ *http.Request) { _ = http.NewResponseController(w).Flush() },
		"a deadline": func(w http.ResponseWriter, _ *http.Request) {
			if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Hour)); err != nil {
				t.Error(err)
			}
		},
		"a hint": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusOK)
		},
	} {
		c.On(sftest.Any, sftest.Func(func(http.Handler) http.Handler { return serve }))
		g := send(t.Context(), c.HTTPClient(), http.MethodGet, c.URL())
		if q := last(t, c); g.status != 200 || q.Status != 200 || q.Server != 0 {
			t.Errorf("%s: got %d, %s", name, g.status, q)
		}
	}
}

// A request that a fault made up itself reaches the server, too.
func TestMadeUpRequest(t *testing.T) {
	t.Parallel()
	c := sftest.NewCluster(t)
	c.On(sftest.Any, sftest.Func(func(server http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			r, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, listURL(c), http.NoBody)
			server.ServeHTTP(w, r)
		})
	}))
	if g := send(t.Context(), c.HTTPClient(), http.MethodGet, c.URL()); g.status != 200 || g.body != "[]\n" || last(t, c).Server != 0 {
		t.Errorf("got %d %q, %s", g.status, g.body, last(t, c))
	}
}
