package telemetry

import (
	"errors"

	api "go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Providers has the providers of an instrumentation.
type Providers struct {
	Tracers    trace.TracerProvider
	Meters     metric.MeterProvider
	Propagator propagation.TextMapPropagator
}

// Global returns the global providers. They may be set later: until then, their tracers and meters do
// nothing.
func Global() Providers {
	return Providers{api.GetTracerProvider(), api.GetMeterProvider(), api.GetTextMapPropagator()}
}

// Apply applies options to a configuration, and joins their errors. A nil option is an
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

// Option returns an option that calls set, or returns an error if given is nil.
func Option[C any](given any, name string, set func(*C)) func(*C) error {
	return func(c *C) error {
		if given == nil {
			return errors.New("the " + name + " is nil")
		}
		set(c)
		return nil
	}
}
