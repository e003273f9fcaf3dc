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

// Instrument makes a client report spans and metrics. Pass it to [wrapper.New] before
// other options with middleware, so that its spans include their work.
//
// The option may be passed to several clients, and several Instrument options with different providers
// to one client. It is safe for concurrent use if the providers are, as OpenTelemetry requires. New
// fails with [wrapper.ErrInvalidArgument] if an option is invalid, or if the meter provider refuses an
// instrument.
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

// instrumentation is the tracer, the propagator and the instruments of one client.
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

// callKey is the context key of a call. Each instrumentation has its own key, so that several of one client
// do not see each other's calls.
type callKey struct{ in *instrumentation }

// callOf returns the call that a context belongs to, or nil if middleware has replaced the context by
// one not derived from it.
func (in *instrumentation) callOf(ctx context.Context) *call {
	k, _ := ctx.Value(callKey{in}).(*call)
	return k
}
