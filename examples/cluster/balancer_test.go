package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// backend is a server that counts the requests that reach it.
type backend struct {
	*httptest.Server
	requests atomic.Int64
}

func newBackend(t *testing.T, answer http.HandlerFunc) *backend {
	b := new(backend)
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.requests.Add(1)
		answer(w, r)
	}))
	t.Cleanup(b.Close)
	return b
}

// refusing returns the URL of an address that refuses connections.
func refusing(t *testing.T) string {
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	return "http://" + listener.Addr().String()
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	_, _ = io.WriteString(w, r.Method+" "+r.URL.RequestURI()+" "+string(body))
}

// A request that was sent to one server is never sent to another: only the client knows whether it may
// be repeated.
func TestBalancer(t *testing.T) {
	hangUp := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	for _, c := range []struct {
		name    string
		servers func(t *testing.T) (urls []string, count func() int64)
		status  int
		sent    int64 // requests that reached a server, of 12
	}{
		{"all servers up", func(t *testing.T) ([]string, func() int64) {
			a, b := newBackend(t, echo), newBackend(t, echo)
			return []string{a.URL, b.URL}, func() int64 {
				if a.requests.Load() == 0 || b.requests.Load() == 0 {
					t.Errorf("got %d and %d requests, want both servers to get some", a.requests.Load(), b.requests.Load())
				}
				return a.requests.Load() + b.requests.Load()
			}
		}, http.StatusOK, 12},
		{"two of three refuse connections", func(t *testing.T) ([]string, func() int64) {
			b := newBackend(t, echo)
			return []string{refusing(t), b.URL, refusing(t)}, b.requests.Load
		}, http.StatusOK, 12},
		{"the only server closes the connection", func(t *testing.T) ([]string, func() int64) {
			b := newBackend(t, hangUp)
			return []string{b.URL}, b.requests.Load
		}, http.StatusBadGateway, 12},
		{"all refuse connections", func(t *testing.T) ([]string, func() int64) {
			return []string{refusing(t), refusing(t)}, func() int64 { return 0 }
		}, http.StatusBadGateway, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			urls, count := c.servers(t)
			handler, err := newBalancer(urls)
			if err != nil {
				t.Fatal(err)
			}
			front := httptest.NewServer(handler)
			defer front.Close()
			const path = "/Faults/$/Cancel?api-version=6.0&Force=True;x" // malformed, and passed on unchanged
			for range 12 {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, front.URL+path, strings.NewReader("body"))
				if err != nil {
					t.Fatal(err)
				}
				answer, err := front.Client().Do(request)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(answer.Body)
				_ = answer.Body.Close()
				if err != nil || answer.StatusCode != c.status {
					t.Fatalf("got status %d, %v, want %d", answer.StatusCode, err, c.status)
				}
				if c.status == http.StatusOK && string(body) != "POST "+path+" body" {
					t.Errorf("the server got %q, want %q", body, "POST "+path+" body")
				}
			}
			if got := count(); got != c.sent {
				t.Errorf("got %d requests that reached a server, want %d", got, c.sent)
			}
		})
	}
}
