package otel

import (
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/sfcancel/sfcancel/internal/telemetry"
)

// Option configures [Instrument]. A nil Option makes [wrapper.New] fail.
type Option func(*config) error

type config struct{ telemetry.Providers }

// WithTracerProvider takes the tracer from p. The default is the global provider. A nil p is an error.
func WithTracerProvider(p trace.TracerProvider) Option {
	return telemetry.Option(p, "tracer provider", func(c *config) { c.Tracers = p })
}

// WithMeterProvider takes the meter from p. The default is the global provider. A nil p is an error.
func WithMeterProvider(p metric.MeterProvider) Option {
	return telemetry.Option(p, "meter provider", func(c *config) { c.Meters = p })
}

// WithPropagator writes the trace context into each request with p. The default is the
// global propagator, which writes nothing unless the program has set one. A nil p is an error.
//
// A propagator of baggage sends the baggage of the caller to the cluster.
func WithPropagator(p propagation.TextMapPropagator) Option {
	return telemetry.Option(p, "propagator", func(c *config) { c.Propagator = p })
}
