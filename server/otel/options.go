package otel

import (
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/sfcancel/sfcancel/internal/telemetry"
)

// Option changes what [Instrument] uses. A nil Option is an error of [server.New].
type Option func(*config) error

type config struct{ telemetry.Providers }

// WithTracerProvider takes the tracer from p. The default is the global provider; nil is an error.
func WithTracerProvider(p trace.TracerProvider) Option {
	return telemetry.Option(p, "tracer provider", func(c *config) { c.Tracers = p })
}

// WithMeterProvider takes the meter from p. The default is the global provider; nil is an error.
func WithMeterProvider(p metric.MeterProvider) Option {
	return telemetry.Option(p, "meter provider", func(c *config) { c.Meters = p })
}

// WithPropagator uses p to read the parent of each span from the headers of the request. The default is
// the global propagator, which reads nothing unless the program has set one; nil is an error.
func WithPropagator(p propagation.TextMapPropagator) Option {
	return telemetry.Option(p, "propagator", func(c *config) { c.Propagator = p })
}
