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

// backend is a server that counts what reaches it.
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

// nobody is an address where nobody listens.
func nobody(t *testing.T) string {
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

// What was sent to one server never goes to another: only the client knows whether it may
// be repeated.
func TestBalancer(t *testing.T) {
	hangUp := func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	for _, c := range []struct {
		name    string
		servers func(t *testing.T) (urls []string, count func() int64)
		status  int
		sent    int64 // requests that reached a server, of 12
	}{
		{"all there", func(t *testing.T) ([]string, func() int64) {
			a, b := newBackend(t, echo), newBackend(t, echo)
			return []string{a.URL, b.URL}, func() int64 {
				if a.requests.Load() == 0 || b.requests.Load() == 0 {
					t.Error("one of the two servers got everything")
				}
				return a.requests.Load() + b.requests.Load()
			}
		}, http.StatusOK, 12},
		{"one is gone", func(t *testing.T) ([]string, func() int64) {
			b := newBackend(t, echo)
			return []string{nobody(t), b.URL, nobody(t)}, b.requests.Load
		}, http.StatusOK, 12},
		{"one hangs up", func(t *testing.T) ([]string, func() int64) {
			b := newBackend(t, hangUp)
			return []string{b.URL}, b.requests.Load
		}, http.StatusBadGateway, 12},
		{"all are gone", func(t *testing.T) ([]string, func() int64) {
			return []string{nobody(t), nobody(t)}, func() int64 { return 0 }
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
			const path = "/Faults/$/Cancel?api-version=6.0&Force=True;x" // as it came, whatever it is
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
					t.Fatalf("status %d, %v, want %d", answer.StatusCode, err, c.status)
				}
				if c.status == http.StatusOK && string(body) != "POST "+path+" body" {
					t.Errorf("the server got %q", body)
				}
			}
			if got := count(); got != c.sent {
				t.Errorf("%d requests reached a server, want %d", got, c.sent)
			}
		})
	}
}
