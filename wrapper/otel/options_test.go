package otel_test

import (
	"errors"
	"net/http"
	"sync"
	"testing"

	api "go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"

	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/otel"
)

func TestInvalidOptions(t *testing.T) {
	t.Parallel()
	cases := []struct {
		option otel.Option
		want   string
	}{
		{nil, "an option is nil"},
		{otel.WithTracerProvider(nil), "the tracer provider is nil"},
		{otel.WithMeterProvider(nil), "the meter provider is nil"},
		{otel.WithPropagator(nil), "the propagator is nil"},
		{otel.WithMeterProvider(refusing{}), errRefused.Error()},
	}
	for _, tc := range cases {
		_, err := wrapper.New("http://c", otel.Instrument(tc.option))
		if want := "new client: invalid argument: OpenTelemetry: " + tc.want + "; no request was sent"; !errors.Is(err, wrapper.ErrInvalidArgument) || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

var errRefused = errors.New("no counters here")

// refusing is a meter provider whose meter refuses a counter.
type refusing struct{ noop.MeterProvider }

func (refusing) Meter(string, ...metric.MeterOption) metric.Meter { return refusingMeter{} }

type refusingMeter struct{ noop.Meter }

func (refusingMeter) Int64Counter(name string, _ ...metric.Int64CounterOption) (metric.Int64Counter, error) {
	if name == "sfcancel.pauses" {
		return nil, errRefused
	}
	return noop.Int64Counter{}, nil
}

var globals sync.Once

// Without options the global providers are used, even if they are set after the client was created. They can be set
// once per process, so only this test uses them, and it is not parallel.
func TestGlobalProviders(t *testing.T) {
	first := false
	globals.Do(func() { first = true })
	if !first {
		t.Skip("the global providers have already been set")
	}
	m := newTelemetry(t)
	c := sftest.NewCluster(t)
	client := c.Client(otel.Instrument())
	if _, err := client.Operations(t.Context()); err != nil { // before the providers are set
		t.Fatal(err)
	}
	api.SetTracerProvider(m.tracers)
	api.SetMeterProvider(m.meters)
	api.SetTextMapPropagator(propagation.TraceContext{})
	if _, err := client.Operations(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.wantTree(`
		sfcancel.list_operations attempts=1
		  GET /Faults/ read done 200`)
	m.wantPoints("sfcancel.call.attempts", `1/1 sfcancel.call=list_operations`)
	if requests := c.Requests(); requests[0].Header.Get("Traceparent") != "" || requests[1].Header.Get("Traceparent") == "" {
		t.Errorf("got requests %v, want a Traceparent in the second alone", requests)
	}
}

// One option works for two clients, and one client with two instrumentations.
func TestSharedOption(t *testing.T) {
	t.Parallel()
	c, m, other := sftest.NewCluster(t), newTelemetry(t), newTelemetry(t)
	instrument := m.instrument()
	for range 2 {
		if _, err := c.Client(instrument, other.instrument()).Operations(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, each := range []*telemetry{m, other} {
		if n := len(each.spans()); n != 4 {
			t.Errorf("got %d spans, want 4: 2 calls of one request", n)
		}
		each.wantPoints("sfcancel.call.attempts", `2/2 sfcancel.call=list_operations`)
	}
}

// Concurrent calls do not mix up their requests.
func TestConcurrentCalls(t *testing.T) {
	t.Parallel()
	m := newTelemetry(t)
	client, err := wrapper.New("http://c", m.instrument(otelPropagation), wrapper.WithHTTPClient(&http.Client{Transport: trip(okay)}))
	if err != nil {
		t.Fatal(err)
	}
	const calls = 50
	done := make(chan error)
	for range calls {
		go func() {
			_, err := client.Operations(t.Context())
			done <- err
		}()
	}
	for range calls {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	children := map[string]int{}
	for _, s := range m.spans() {
		if s.Parent().IsValid() {
			children[s.Parent().SpanID().String()]++
		}
	}
	for parent, n := range children {
		if n != 1 {
			t.Errorf("call %s: got %d requests, want 1", parent, n)
		}
	}
	if len(children) != calls {
		t.Errorf("got %d calls with requests, want %d", len(children), calls)
	}
}
