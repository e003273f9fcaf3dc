package wrapper_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// openConns counts the connections of a server that are open.
type openConns struct {
	mu   sync.Mutex
	open map[net.Conn]bool
}

func (o *openConns) serve(tb testing.TB, handler http.Handler) string {
	tb.Helper()
	o.open = map[net.Conn]bool{}
	srv := httptest.NewUnstartedServer(handler)
	srv.Config.ConnState = func(conn net.Conn, s http.ConnState) {
		o.mu.Lock()
		defer o.mu.Unlock()
		switch s {
		case http.StateNew:
			o.open[conn] = true
		case http.StateClosed:
			delete(o.open, conn)
		default:
		}
	}
	srv.Start()
	tb.Cleanup(srv.Close)
	return srv.URL
}

func (o *openConns) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.open)
}

// waitFor waits until the server has noticed.
func (o *openConns) waitFor(tb testing.TB, want int) {
	tb.Helper()
	if !happens(func() bool { return o.count() == want }) {
		tb.Errorf("%d connections are open, want %d", o.count(), want)
	}
}

// happens waits for what a server does in its own time, and reports whether it does it at all:
// a minute is no time for a machine to be fast in.
func happens(what func() bool) bool {
	for end := time.Now().Add(time.Minute); !what(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}
