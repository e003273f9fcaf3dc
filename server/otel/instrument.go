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

// Instrument reports spans and metrics of a handler. It is a [server.WithTrace]; pass it to
// [server.New] before other traces, so that they run inside its spans.
//
// It may be used for several handlers, and several times for one with different providers. It is safe for
// concurrent use if the providers are, which OpenTelemetry requires. [server.New] returns errors of
// the options, and of the meter provider.
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

// instrumentation has the instruments of a handler.
type instrumentation struct {
	tracer     trace.Tracer
	propagator propagation.TextMapPropagator
	durations  httpconv.ServerRequestDuration
}
