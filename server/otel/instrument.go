package otel

import (
	"fmt"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/httpconv"
	"go.opentelemetry.io/otel/trace"

	"github.com/sfcancel/sfcancel/internal/telemetry"
	"github.com/sfcancel/sfcancel/server"
)

// scope is the name of the instrumentation: the import path, as OpenTelemetry advises.
const scope = "github.com/sfcancel/sfcancel/server/otel"

// Instrument makes a handler report spans and metrics. It is a [server.WithTrace]; give it to
// [server.New] before other traces, so that they are in its spans.
//
// It may be given to several handlers, and several times to one, with other providers. It is safe for
// concurrent use if the providers are, which OpenTelemetry asks of them. New returns what was wrong
// with the options, or what a meter provider had against the instrument.
func Instrument(options ...Option) server.Option {
	c := config{telemetry.Global()}
	if err := telemetry.Apply(&c, options); err != nil {
		return server.Invalid(fmt.Errorf("OpenTelemetry: %w", err))
	}
	durations, err := httpconv.NewServerRequestDuration(c.Meters.Meter(scope, metric.WithSchemaURL(semconv.SchemaURL)))
	if err != nil {
		return server.Invalid(fmt.Errorf("OpenTelemetry: %w", err))
	}
	in := &instrumentation{c.Tracers.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL)), c.Propagator, durations}
	return server.WithTrace(in.begin)
}

// instrumentation is what a handler reports with.
type instrumentation struct {
	tracer     trace.Tracer
	propagator propagation.TextMapPropagator
	durations  httpconv.ServerRequestDuration
}
