package sftest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// The header of a scripted answer.
func TestAnswerHeader(t *testing.T) {
	t.Parallel()
	c := sftest.NewCluster(t)
	c.On(sftest.Any, sftest.Answer{Status: 418, Body: "short", Header: http.Header{"x-spout": {"yes"}}, RetryAfter: 1500 * time.Millisecond}.Before())
	c.On(sftest.Any, sftest.Status(503, wrapper.Code(generated.ErrorCodeServiceTooBusy)))
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
