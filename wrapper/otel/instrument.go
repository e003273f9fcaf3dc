package otel

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/sfcancel/sfcancel/internal/telemetry"
	"github.com/sfcancel/sfcancel/wrapper"
)

// scope is the name of the instrumentation: the import path, as OpenTelemetry advises.
const scope = "github.com/sfcancel/sfcancel/wrapper/otel"

// Instrument makes a client report spans and metrics. Give it to [wrapper.New] before
// other options with middleware, so that its spans are around what those do.
//
// It may be given to several clients, and several times to one, with other providers. It
// is safe for concurrent use if the providers are, which OpenTelemetry asks of them. New
// returns what was wrong with the options, or what a meter provider had against an
// instrument, as [wrapper.ErrInvalidArgument].
func Instrument(options ...Option) wrapper.Option {
	return func(c *wrapper.Client) error {
		in, err := newInstrumentation(options)
		if err != nil {
			return fmt.Errorf("OpenTelemetry: %w", err)
		}
		return wrapper.Options(
			wrapper.WithCallMiddleware(in.aroundCall),
			wrapper.WithAttemptMiddleware(in.aroundAttempt),
			wrapper.WithObserver(in.observe),
		)(c)
	}
}

// instrumentation is what one client reports with.
type instrumentation struct {
	tracer     trace.Tracer
	propagator propagation.TextMapPropagator
	metrics    metrics
}

func newInstrumentation(options []Option) (*instrumentation, error) {
	c := config{telemetry.Global()}
	if err := telemetry.Apply(&c, options); err != nil {
		return nil, err
	}
	m, err := newMetrics(c.Meters)
	if err != nil {
		return nil, err
	}
	tracer := c.Tracers.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL))
	return &instrumentation{tracer, c.Propagator, m}, nil
}

// callKey finds the call in the context of what belongs to it. There is one key for each
// instrumentation, so that those of one client do not take each other's calls.
type callKey struct{ in *instrumentation }

// callOf returns the call that a context belongs to; nil if middleware has replaced the
// context by one that knows nothing of it.
func (in *instrumentation) callOf(ctx context.Context) *call {
	k, _ := ctx.Value(callKey{in}).(*call)
	return k
}
