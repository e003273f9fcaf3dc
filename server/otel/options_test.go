package otel_test

import (
	"errors"
	"testing"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"

	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/server/otel"
)

func TestWrongOptions(t *testing.T) {
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
		_, err := server.New(implementation{}, otel.Instrument(tc.option))
		if want := "OpenTelemetry: " + tc.want; err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

var errRefused = errors.New("no histograms here")

// refusing is a meter provider that does not make histograms.
type refusing struct{ noop.MeterProvider }

func (refusing) Meter(string, ...metric.MeterOption) metric.Meter { return refusingMeter{} }

type refusingMeter struct{ noop.Meter }

func (refusingMeter) Float64Histogram(string, ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return nil, errRefused
}

// One option for two handlers, and two instrumentations of one handler.
func TestSeveral(t *testing.T) {
	t.Parallel()
	m, other := newTelemetry(t), newTelemetry(t)
	instrument := m.instrument()
	for range 2 {
		serve(newHandler(t, implementation{}, instrument, other.instrument()), newRequest(t, "POST", cancel))
	}
	for _, each := range []*telemetry{m, other} {
		if n := len(each.recorder.Ended()); n != 2 {
			t.Errorf("there are %d spans, want 2", n)
		}
	}
}
