package etcd_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/store/etcd"
)

// What is at the endpoint is no etcd, or not the one that was meant: Open says so, in
// time, and at once if its context is cancelled.
func TestStrangersAtTheEndpoint(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(http.NotFoundHandler())
	defer web.Close()
	web2 := httptest.NewUnstartedServer(http.NotFoundHandler())
	web2.Config.Protocols = new(http.Protocols)
	web2.Config.Protocols.SetUnencryptedHTTP2(true)
	web2.Start()
	defer web2.Close()
	for _, c := range []struct{ name, endpoint, says string }{
		{"web server", web.URL, "connection error"},
		{"web server of HTTP/2", web2.URL, "not an etcd"},
		{"silent", "http://" + listen(t, func(net.Conn) {}), "DeadlineExceeded"},
		{"hangs up", "http://" + listen(t, func(conn net.Conn) { _ = conn.Close() }), "Unavailable"},
		{"talks first", "http://" + listen(t, func(conn net.Conn) { _, _ = conn.Write([]byte("220 hello\r\n")) }), "connection error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := openSays(t, c.says, []string{c.endpoint})
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), c.endpoint) {
				t.Errorf("Open: %v, want %q", err, c.says)
			}
			if c.says != "not an etcd" && !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("Open: %v, want ErrUnavailable", err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(50*time.Millisecond, cancel)
			err = soon(t, "Open", 0, func() error {
				_, err := etcd.Open(ctx, []string{c.endpoint}, etcd.WithDialTimeout(2*hang))
				return err
			})
			if !errors.Is(err, context.Canceled) && c.says != "not an etcd" {
				t.Errorf("Open: %v, want Canceled", err)
			}
		})
	}
	t.Run("among members", func(t *testing.T) {
		endpoints := append([]string{"http://127.0.0.1:1", web.URL}, shared.Endpoints()...)
		s := open(t, endpoints, withNewPrefix())
		_, err := s.Commit(t.Context(), write("a", "1"))
		ok(t, 0, err)
	})
}

// openSays opens with more and more time, until the error says what it should: how soon that
// is known is up to the machine. No error comes much later than it has to.
func openSays(t *testing.T, says string, endpoints []string, opts ...etcd.Option) error {
	t.Helper()
	for patience := 200 * time.Millisecond; ; patience *= 2 {
		err := soon(t, "Open", patience, func() error {
			s, err := etcd.Open(t.Context(), endpoints, append(opts, etcd.WithDialTimeout(patience))...)
			if err == nil {
				t.Fatal("Open: no error", s.Close())
			}
			return err
		})
		if strings.Contains(err.Error(), says) || patience > hang {
			return err
		}
	}
}

// listen serves each connection at an address of its own, until the test ends.
func listen(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	ok(t, listener, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			serve(conn)
		}
	}()
	return listener.Addr().String()
}
