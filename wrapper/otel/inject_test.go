package otel_test

import (
	"fmt"
	"net/http"
	"testing"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/otel"
)

var otelPropagation = otel.WithPropagator(propagation.TraceContext{})

// Every request carries the context of its own span, in the trace of the caller.
func TestPropagation(t *testing.T) {
	t.Parallel()
	c, m := sftest.NewCluster(t), newTelemetry(t)
	id := c.Put(emulator.Record{})
	c.On(sftest.Graceful, sftest.DropAfter())
	member, err := baggage.NewMember("tenant", "shop")
	if err != nil {
		t.Fatal(err)
	}
	bag, err := baggage.New(member)
	if err != nil {
		t.Fatal(err)
	}
	var before, after http.Header
	client := c.Client(fastWith(2), wrapper.WithAttemptMiddleware(func(next http.RoundTripper) http.RoundTripper {
		return trip(func(r *http.Request) (*http.Response, error) {
			before = r.Header.Clone()
			defer func() { after = r.Header }()
			return next.RoundTrip(r)
		})
	}), m.instrument(otel.WithPropagator(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}))))

	ctx, caller := m.tracers.Tracer("caller").Start(baggage.ContextWithBaggage(t.Context(), bag), "clean up")
	if _, err := client.Cancel(ctx, id, wrapper.CancelOptions{}); err != nil {
		t.Fatal(err)
	}
	caller.End()

	var want []string
	for _, s := range m.spans() {
		if s.SpanContext().TraceID() != caller.SpanContext().TraceID() {
			t.Errorf("%s: got trace %s, want %s", s.Name(), s.SpanContext().TraceID(), caller.SpanContext().TraceID())
		}
		if s.Name() == "POST /Faults/$/Cancel" {
			want = append(want, fmt.Sprintf("00-%s-%s-01", s.SpanContext().TraceID(), s.SpanContext().SpanID()))
		}
	}
	for i, q := range c.Requests() {
		if got := q.Header.Get("Traceparent"); got != want[i] {
			t.Errorf("request %d: got traceparent %q, want %q", i+1, got, want[i])
		}
		if got := q.Header.Get("Baggage"); got != "tenant=shop" {
			t.Errorf("request %d: got baggage %q, want tenant=shop", i+1, got)
		}
	}
	if fmt.Sprint(before) != fmt.Sprint(after) {
		t.Errorf("got headers %v after the request, want them unchanged: %v", after, before)
	}
}

// Without a propagator no header is added, and headers from middleware stay.
func TestNoPropagator(t *testing.T) {
	t.Parallel()
	c, m := sftest.NewCluster(t), newTelemetry(t)
	none := otel.WithPropagator(propagation.NewCompositeTextMapPropagator())
	client := c.Client(m.instrument(none), wrapper.WithAttemptMiddleware(changing(func(r *http.Request) { r.Header.Set("X-Own", "1") })))
	if _, err := client.Operations(t.Context()); err != nil {
		t.Fatal(err)
	}
	h := c.Requests()[0].Header
	if h.Get("Traceparent") != "" || h.Get("X-Own") != "1" {
		t.Errorf("got headers %v, want X-Own and no Traceparent", h)
	}
}
