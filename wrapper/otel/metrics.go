package otel

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/httpconv"

	"github.com/sfcancel/sfcancel/wrapper"
)

// metrics holds the instruments. All their attributes have low cardinality.
type metrics struct {
	requests  httpconv.ClientRequestDuration
	calls     metric.Float64Histogram
	attempts  metric.Int64Histogram
	pauses    metric.Int64Counter
	failovers metric.Int64Counter
}

func newMetrics(from metric.MeterProvider) (metrics, error) {
	meter := from.Meter(scope, metric.WithSchemaURL(semconv.SchemaURL))
	requests, err := httpconv.NewClientRequestDuration(meter)
	calls, err2 := meter.Float64Histogram("sfcancel.call.duration",
		metric.WithUnit("s"), metric.WithDescription("Duration of calls, with all their requests and pauses."),
		metric.WithExplicitBucketBoundaries( // those of the conventions for requests, and longer ones for calls that wait
			0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 120, 300, 600, 1800, 3600))
	attempts, err3 := meter.Int64Histogram("sfcancel.call.attempts",
		metric.WithUnit("{attempt}"), metric.WithDescription("Requests that calls needed, probes and reads included."),
		metric.WithExplicitBucketBoundaries(0, 1, 2, 3, 4, 5, 6, 8, 16, 32, 64, 128))
	pauses, err4 := meter.Int64Counter("sfcancel.pauses",
		metric.WithUnit("{pause}"), metric.WithDescription("Pauses before a call asked again after a failure."))
	failovers, err5 := meter.Int64Counter("sfcancel.failovers",
		metric.WithUnit("{failover}"), metric.WithDescription("Times that a client left an endpoint because it failed."))
	return metrics{requests, calls, attempts, pauses, failovers}, errors.Join(err, err2, err3, err4, err5)
}

func (m metrics) request(ctx context.Context, to target, got answer, took time.Duration) {
	if m.requests.Enabled(ctx) {
		m.requests.Record(ctx, took.Seconds(), httpconv.RequestMethodAttr(to.method), to.address, to.port, got.attributes(got.failure())...)
	}
}

func (m metrics) call(ctx context.Context, name string, verdict wrapper.Verdict, err error, attempts int, took time.Duration) {
	if m.calls.Enabled(ctx) {
		attrs := []attribute.KeyValue{keyCall.String(name)}
		switch {
		case err != nil:
			attrs = append(attrs, semconv.ErrorTypeKey.String(meaning(err)))
		case verdict != "":
			attrs = append(attrs, keyVerdict.String(string(verdict)))
		}
		m.calls.Record(ctx, took.Seconds(), metric.WithAttributes(attrs...))
	}
	if m.attempts.Enabled(ctx) {
		m.attempts.Record(ctx, int64(attempts), metric.WithAttributes(keyCall.String(name)))
	}
}

func (m metrics) pause(ctx context.Context, name string, class attribute.KeyValue) {
	if m.pauses.Enabled(ctx) {
		m.pauses.Add(ctx, 1, metric.WithAttributes(keyCall.String(name), class))
	}
}

func (m metrics) failover(ctx context.Context, from target) {
	if m.failovers.Enabled(ctx) {
		m.failovers.Add(ctx, 1, metric.WithAttributes(semconv.ServerAddress(from.address), semconv.ServerPort(from.port)))
	}
}
