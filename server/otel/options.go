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
	return func(c *config) error {
		c.Tracers = p
		return telemetry.NotNil(p, "tracer provider")
	}
}

// WithMeterProvider takes the meter from p. The default is the global provider; nil is an error.
func WithMeterProvider(p metric.MeterProvider) Option {
	return func(c *config) error {
		c.Meters = p
		return telemetry.NotNil(p, "meter provider")
	}
}

// WithPropagator reads the parent of each span from the headers of the request with p. The default is
// the global propagator, which reads nothing unless the program has set one; nil is an error.
func WithPropagator(p propagation.TextMapPropagator) Option {
	return func(c *config) error {
		c.Propagator = p
		return telemetry.NotNil(p, "propagator")
	}
}
