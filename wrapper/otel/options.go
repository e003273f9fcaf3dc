package otel

import (
	"errors"

	api "go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Option changes what [Instrument] uses. A nil Option is an error of [wrapper.New].
type Option func(*config) error

type config struct {
	tracers    trace.TracerProvider
	meters     metric.MeterProvider
	propagator propagation.TextMapPropagator
}

// configure applies the options to the global providers. Those may be set later than
// this: until then, what they hand out does nothing.
func configure(options []Option) (config, error) {
	c := config{api.GetTracerProvider(), api.GetMeterProvider(), api.GetTextMapPropagator()}
	var errs []error
	for _, option := range options {
		if option == nil {
			errs = append(errs, errors.New("an option is nil"))
		} else {
			errs = append(errs, option(&c))
		}
	}
	return c, errors.Join(errs...)
}

// WithTracerProvider takes the tracer from p. The default is the global provider; nil is
// an error.
func WithTracerProvider(p trace.TracerProvider) Option {
	return func(c *config) error {
		c.tracers = p
		return notNil(p, "tracer provider")
	}
}

// WithMeterProvider takes the meter from p. The default is the global provider; nil is an
// error.
func WithMeterProvider(p metric.MeterProvider) Option {
	return func(c *config) error {
		c.meters = p
		return notNil(p, "meter provider")
	}
}

// WithPropagator writes the trace context into each request with p. The default is the
// global propagator, which writes nothing unless the program has set one; nil is an error.
//
// A propagator of baggage sends the baggage of the caller to the cluster.
func WithPropagator(p propagation.TextMapPropagator) Option {
	return func(c *config) error {
		c.propagator = p
		return notNil(p, "propagator")
	}
}

func notNil(p any, name string) error {
	if p == nil {
		return errors.New("the " + name + " is nil")
	}
	return nil
}
