package telemetry

import (
	"errors"

	api "go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Providers are what an instrumentation reports with.
type Providers struct {
	Tracers    trace.TracerProvider
	Meters     metric.MeterProvider
	Propagator propagation.TextMapPropagator
}

// Global returns the global providers. Those may be set later than this: until then, what they hand
// out does nothing.
func Global() Providers {
	return Providers{api.GetTracerProvider(), api.GetMeterProvider(), api.GetTextMapPropagator()}
}

// Apply applies options to a configuration, and joins what they have against it. A nil option is an
// error.
func Apply[C any, O ~func(*C) error](c *C, options []O) error {
	var errs []error
	for _, option := range options {
		if option == nil {
			errs = append(errs, errors.New("an option is nil"))
		} else {
			errs = append(errs, option(c))
		}
	}
	return errors.Join(errs...)
}

// Option is an option of a configuration that sets what it was given, which must not be nil.
func Option[C any](given any, name string, set func(*C)) func(*C) error {
	return func(c *C) error {
		if given == nil {
			return errors.New("the " + name + " is nil")
		}
		set(c)
		return nil
	}
}
