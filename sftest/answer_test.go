package sftest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// The header of a scripted answer.
func TestAnswerHeader(t *testing.T) {
	t.Parallel()
	c := sftest.NewCluster(t)
	c.On(sftest.Any, sftest.Answer{Status: 418, Body: "short", Header: http.Header{"x-spout": {"yes"}}, RetryAfter: 1500 * time.Millisecond}.Before())
	c.On(sftest.Any, sftest.Status(503, wrapper.CodeServiceTooBusy))
	teapot := send(t.Context(), c.HTTPClient(), http.MethodGet, c.URL())
	if h := teapot.header; h.Get("Retry-After") != "2" || h.Get("X-Spout") != "yes" || h.Get("Content-Length") != "5" {
		t.Errorf("the teapot says %v", h)
	}
	c.On(sftest.Any, sftest.Answer{Status: 500, Code: "E_FAIL", Header: http.Header{"content-type": {"text/plain"}}}.Before())
	busy := send(t.Context(), c.HTTPClient(), http.MethodGet, c.URL())
	if h := busy.header; h.Get("Content-Type") != "application/json; charset=utf-8" || h.Get("Retry-After") != "" {
		t.Errorf("the server says %v", h)
	}
	plain := send(t.Context(), c.HTTPClient(), http.MethodGet, c.URL())
	if h := plain.header; len(h["Content-Type"]) != 1 || h.Get("Content-Type") != "text/plain" {
		t.Errorf("the plain one says %v", h)
	}
}

// What makes no sense fails the test where it is written.
func TestSenselessFaults(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		m     sftest.Matcher
		fault sftest.Fault
		says  string
	}{
		{"no matcher", nil, sftest.DropAfter(), "the matcher is nil"},
		{"no function", sftest.Any, sftest.Func(nil), "the function is nil"},
		{"no status", sftest.Any, sftest.Answer{}.Before(), "0 is no status"},
		{"a status that is no answer", sftest.Any, sftest.Status(103, ""), "103 is no status"},
		{"a status of four digits", sftest.Any, sftest.Status(1000, ""), "1000 is no status"},
		{"a code and a body", sftest.Any, sftest.Answer{Status: 500, Code: "E_FAIL", Body: "x"}.After(), "not both"},
		{"a negative delay", sftest.Any, sftest.Late(-1), "must not be negative"},
		{"a negative cut", sftest.Any, sftest.CutBody(-1), "must not be negative"},
		{"a stale force", sftest.Force, sftest.Stale(), "only a read can be stale"},
		{"a stale cancel of an operation", sftest.CancelOperation.Of([16]byte{1}), sftest.Stale(), "only a read can be stale"},
	}
	for _, tc := range cases {
		said := judged(func(tb sftest.TB) {
			sftest.NewCluster(tb).On(tc.m, tc.fault)
			tb.Errorf("On returned")
		})
		t.Run(tc.name, func(t *testing.T) { saysOne(t, said, "fatal: sftest: On(", tc.says) })
	}
}

// What could only be found out when the request came fails the test then.
func TestFaultsThatCannotBe(t *testing.T) {
	t.Parallel()
	t.Run("nothing to cut off", func(t *testing.T) {
		t.Parallel()
		saysOne(t, judged(func(tb sftest.TB) {
			c := sftest.NewCluster(tb)
			id := c.Put(stopping())
			c.On(sftest.Any, sftest.CutBody(0))
			if g := send(t.Context(), c.HTTPClient(), http.MethodPost, cancelURL(c, id, false)); g.status != 200 || g.err != nil {
				tb.Errorf("got %d %v", g.status, g.err)
			}
		}), "CutBody(0)", "0 bytes", "DropAfter")
	})
	t.Run("no more than there is", func(t *testing.T) {
		t.Parallel()
		saysOne(t, judged(func(tb sftest.TB) {
			c := sftest.NewCluster(tb)
			c.On(sftest.Any, sftest.CutBody(len("[]\n")))
			send(t.Context(), c.HTTPClient(), http.MethodGet, listURL(c))
		}), "CutBody(3)", "3 bytes")
	})
	t.Run("a stale write", func(t *testing.T) {
		t.Parallel()
		saysOne(t, judged(func(tb sftest.TB) {
			c := sftest.NewCluster(tb)
			id := c.Put(stopping())
			c.On(sftest.Any, sftest.Stale())
			if g := send(t.Context(), c.HTTPClient(), http.MethodPost, cancelURL(c, id, false)); !isLost(g.err) {
				tb.Errorf("got %d %v", g.status, g.err)
			}
		}), "Stale", "is no read")
	})
	t.Run("a panic", func(t *testing.T) {
		t.Parallel()
		saysOne(t, judged(func(tb sftest.TB) {
			c := sftest.NewCluster(tb)
			c.On(sftest.Any, sftest.Func(func(http.Handler) http.Handler { panic("boo") }))
			if g := send(t.Context(), c.HTTPClient(), http.MethodGet, listURL(c)); !isLost(g.err) {
				tb.Errorf("got %d %v", g.status, g.err)
			}
		}), "panic", "boo", "GetFaultOperationList", "answer_test.go")
	})
}
