package otel_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/sfcancel/sfcancel/generated"
)

// Metrics are those of all requests, do not depend on whether spans are sampled, and have no address
// and no path that a client chose.
func TestMetrics(t *testing.T) {
	t.Parallel()
	m := newTelemetry(t, sdktrace.WithSampler(sdktrace.NeverSample()))
	h := newHandler(t, implementation{}, m.instrument())
	for _, target := range []string{cancel, "https://other.example.com" + cancel, "http://other.example.com" + cancel, cancel + "x"} {
		serve(h, newRequest(t, "POST", target))
	}
	serve(h, newRequest(t, "GET", "/Faults/?api-version=6.0&StateFilter=65535&TypeFilter=65535"))
	serve(h, newRequest(t, "GET", "/1?api-version=6.0"))
	serve(h, newRequest(t, "GET", "/2?api-version=6.0"))
	serve(newHandler(t, failing(errors.New("no")), m.instrument()), newRequest(t, "POST", cancel))
	if n := len(m.recorder.Ended()); n != 0 {
		t.Errorf("%d spans were sampled, want none", n)
	}
	want(t, "the points", m.points(), `
		1 error.type=500 http.request.method=POST http.response.status_code=500 http.route=/Faults/$/Cancel network.protocol.version=1.1 url.scheme=http
		1 error.type=501 http.request.method=GET http.response.status_code=501 http.route=/Faults/ network.protocol.version=1.1 url.scheme=http
		1 http.request.method=POST http.response.status_code=200 http.route=/Faults/$/Cancel network.protocol.version=1.1 url.scheme=https
		1 http.request.method=POST http.response.status_code=400 http.route=/Faults/$/Cancel network.protocol.version=1.1 url.scheme=http
		2 http.request.method=GET http.response.status_code=400 network.protocol.version=1.1 url.scheme=http
		2 http.request.method=POST http.response.status_code=200 http.route=/Faults/$/Cancel network.protocol.version=1.1 url.scheme=http`)
}

// The bounds are those that the conventions advise, and span and metric have one duration.
func TestDuration(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := newTelemetry(t)
		slow := implementation{cancel: func(context.Context) (generated.CancelOperationResponseObject, error) {
			time.Sleep(3 * time.Second)
			return generated.CancelOperation200Response{}, nil
		}}
		serve(newHandler(t, slow, m.instrument()), newRequest(t, "POST", cancel))
		s, p := m.only(), m.histogram().DataPoints[0]
		if took := s.EndTime().Sub(s.StartTime()); took != 3*time.Second || p.Sum != 3 {
			t.Errorf("the span took %v, the metric %v s, want 3 s", took, p.Sum)
		}
		if want := []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}; !reflect.DeepEqual(p.Bounds, want) {
			t.Errorf("the bounds are %v, want %v", p.Bounds, want)
		}
		if len(p.Exemplars) != 1 || [8]byte(p.Exemplars[0].SpanID) != s.SpanContext().SpanID() {
			t.Errorf("the exemplars are %v, want the span", p.Exemplars)
		}
	})
}
