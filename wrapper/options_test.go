package wrapper_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/wrapper"
)

// Headers of PerCall are in every request of that call, over a socket, and in no other call. They do not replace the
// client's own headers.
func TestPerCallHeader(t *testing.T) {
	t.Parallel()
	c := newCluster(t, server.Documented)
	makeRunning(t, c)
	var mu sync.Mutex
	var seen []http.Header
	served := c.handler
	c.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		first := len(seen) == 0
		seen = append(seen, r.Header.Clone())
		mu.Unlock()
		if first {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		served.ServeHTTP(w, r)
	})
	client := c.client(t, wrapper.WithTokenSource(new(tokens).Token))
	drill := []string{"7"}
	own := http.Header{"x-drill": drill, "User-Agent": {"me"}, "X-ServiceFabricRequestId": {"1"}, "Authorization": {"Basic eA=="}}
	ctx := wrapper.PerCall(t.Context(), wrapper.CallOptions{Header: own})
	drill[0] = "changed since"
	_, err := client.Cancel(ctx, opID, wrapper.CancelOptions{})
	must(t, err)
	_, err = client.Operations(t.Context())
	must(t, err)
	if len(seen) != 3 {
		t.Fatalf("got %d requests, want 3", len(seen))
	}
	for i, want := range []string{"7", "7", ""} {
		h := seen[i]
		if got := h.Get("X-Drill"); got != want {
			t.Errorf("request %d: got X-Drill %q, want %q", i, got, want)
		}
		if ids := h.Values("X-ServiceFabricRequestId"); len(ids) != 1 || len(ids[0]) != 36 ||
			!strings.HasPrefix(h.Get("User-Agent"), "sfcancel/") || !strings.HasPrefix(h.Get("Authorization"), "Bearer ") {
			t.Errorf("request %d: got headers %v, want the client's own request id, user agent and token", i, h)
		}
	}
}

// Retry settings of PerCall replace the client's.
func TestPerCallRetry(t *testing.T) {
	t.Parallel()
	p := serving(answer{status: 503})
	client := directClient(t, &p.answers, fastWith(5))
	once := fast
	once.MaxAttempts = 1
	for _, tc := range []struct {
		retry *wrapper.Retry
		want  int
	}{{nil, 5}, {&once, 1}} {
		p.served = 0
		_, err := client.Operations(wrapper.PerCall(t.Context(), wrapper.CallOptions{Retry: tc.retry}))
		if onlyKind(t, err, wrapper.ErrUnavailable); p.served != tc.want {
			t.Errorf("%+v: got %d requests, want %d", tc.retry, p.served, tc.want)
		}
	}
}

// A call with an Endpoint uses only that endpoint, whichever the client currently uses, and however it is spelled.
func TestPerCallEndpoint(t *testing.T) {
	t.Parallel()
	g := newGateways(newCluster(t, server.Documented))
	client := g.client(t, fastWith(3))
	at := func(endpoint string) error {
		_, err := client.Operations(wrapper.PerCall(t.Context(), wrapper.CallOptions{Endpoint: endpoint}))
		return err
	}
	must(t, at("http://B:80/"))
	if got, want := g.take(), "b list"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	g.fails["b"] = loses
	onlyKind(t, at("http://b"), wrapper.ErrUnavailable)
	if got, want := g.take(), "b list, b list, b list"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	must(t, at(""))
	if got, want := g.take(), "a list"; got != want {
		t.Errorf("got %q, want %q, since the failures at b do not affect other calls", got, want)
	}
}

// Invalid options are an error before anything is sent.
func TestPerCallRefused(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]wrapper.CallOptions{
		"unknown endpoint":     {Endpoint: "http://elsewhere"},
		"not a URL":            {Endpoint: "elsewhere"},
		"retry":                {Retry: &wrapper.Retry{MaxAttempts: -1}},
		"name of a header":     {Header: http.Header{"a b": {"x"}}},
		"no name":              {Header: http.Header{"": {"x"}}},
		"value of a header":    {Header: http.Header{"A": {"x\r\nB: y"}}},
		"value with an escape": {Header: http.Header{"A": {"x", "\x1b"}}},
	} {
		p := serving(done)
		_, err := directClient(t, &p.answers).Cancel(wrapper.PerCall(t.Context(), options), opID, wrapper.CancelOptions{})
		if onlyKind(t, err, wrapper.ErrInvalidArgument); p.served != 0 {
			t.Errorf("%s: got %d requests, want none", name, p.served)
		}
	}
}

// The calls of a CancelAll use the options of PerCall, except that Attempts has only the list.
func TestPerCallOfMany(t *testing.T) {
	t.Parallel()
	c := newCluster(t, server.Documented)
	makeRunning(t, c)
	var sent []string
	client := directClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = append(sent, r.Method+" "+r.Header.Get("X-Drill"))
		c.handler.ServeHTTP(w, r)
	}))
	var attempts []wrapper.Attempt
	ctx := wrapper.PerCall(t.Context(), wrapper.CallOptions{Header: http.Header{"X-Drill": {"7"}}, Attempts: &attempts})
	for _, err := range client.CancelAll(ctx, wrapper.Selector{}, wrapper.CancelAllOptions{}) {
		must(t, err)
	}
	if want := []string{"GET 7", "POST 7"}; !slices.Equal(sent, want) {
		t.Errorf("got %q, want %q", sent, want)
	}
	if len(attempts) != 1 || attempts[0].Purpose() != "read" {
		t.Errorf("got %d attempts, want the list alone", len(attempts))
	}
}
