package otel_test

import (
	"context"
	"testing"

	api "go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server/otel"
)

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// A span is the child of the one that the headers name, and what the implementation begins is its
// child.
func TestPropagation(t *testing.T) {
	t.Parallel()
	m := newTelemetry(t)
	var inner trace.SpanContext
	look := implementation{cancel: func(ctx context.Context) (generated.CancelOperationResponseObject, error) {
		inner = trace.SpanContextFromContext(ctx)
		return generated.CancelOperation200Response{}, nil
	}}
	r := newRequest(t, "POST", cancel)
	r.Header.Set("Traceparent", parent)
	serve(newHandler(t, look, m.instrument(otel.WithPropagator(propagation.TraceContext{}))), r)
	s := m.only()
	if s.Parent().SpanID().String() != parent[36:52] || s.SpanContext().TraceID().String() != parent[3:35] || !s.Parent().IsRemote() {
		t.Errorf("the parent is %+v, want %s", s.Parent(), parent)
	}
	if !inner.Equal(s.SpanContext()) {
		t.Errorf("the implementation saw %+v, want %+v", inner, s.SpanContext())
	}
}

// A propagator that reads nothing trusts nobody.
func TestNoPropagator(t *testing.T) {
	t.Parallel()
	m := newTelemetry(t)
	r := newRequest(t, "POST", cancel)
	r.Header.Set("Traceparent", parent)
	serve(newHandler(t, implementation{}, m.instrument(otel.WithPropagator(propagation.NewCompositeTextMapPropagator()))), r)
	if s := m.only(); s.Parent().IsValid() {
		t.Errorf("the parent is %+v, want none", s.Parent())
	}
}

// The global providers do, and may come after the handler. This test alone uses them, and is not
// parallel.
func TestGlobalProviders(t *testing.T) {
	if api.GetTextMapPropagator().Fields() != nil {
		t.Skip("the global providers are set already")
	}
	m := newTelemetry(t)
	h := newHandler(t, implementation{}, otel.Instrument())
	serve(h, newRequest(t, "POST", cancel)) // nobody listens yet
	api.SetTracerProvider(m.tracers)
	api.SetMeterProvider(m.meters)
	api.SetTextMapPropagator(propagation.TraceContext{})
	r := newRequest(t, "POST", cancel)
	r.Header.Set("Traceparent", parent)
	serve(h, r)
	if s := m.only(); !s.Parent().IsValid() {
		t.Error("the span has no parent")
	}
	want(t, "the points", m.points(), `1 http.request.method=POST http.response.status_code=200 http.route=/Faults/$/Cancel network.protocol.version=1.1 url.scheme=http`)
}
