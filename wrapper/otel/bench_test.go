package otel_test

import (
	"net/http"
	"testing"

	"github.com/google/uuid"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/otel"
)

// A graceful cancel over a transport that answers at once, which measures only the client and the
// instrumentation.
func BenchmarkCancel(b *testing.B) {
	nothing := []otel.Option{
		otel.WithTracerProvider(tracenoop.NewTracerProvider()), otel.WithMeterProvider(metricnoop.NewMeterProvider()),
		otel.WithPropagator(propagation.NewCompositeTextMapPropagator()),
	}
	with := func(sampler sdktrace.Sampler) []otel.Option {
		return []otel.Option{
			otel.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSampler(sampler))),
			otel.WithMeterProvider(sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))),
			otel.WithPropagator(propagation.TraceContext{}),
		}
	}
	cases := []struct {
		name    string
		options []wrapper.Option
	}{
		{"bare", nil},
		{"no-op", []wrapper.Option{otel.Instrument(nothing...)}},
		{"not sampled", []wrapper.Option{otel.Instrument(with(sdktrace.NeverSample())...)}},
		{"sampled", []wrapper.Option{otel.Instrument(with(sdktrace.AlwaysSample())...)}},
	}
	for _, bc := range cases {
		b.Run(bc.name, func(b *testing.B) {
			done := trip(func(r *http.Request) (*http.Response, error) { return answer(r, ""), nil })
			client, err := wrapper.New("http://c:19080", append(bc.options,
				wrapper.WithHTTPClient(&http.Client{Transport: done}), wrapper.WithLedger(forgetful{}))...)
			if err != nil {
				b.Fatal(err)
			}
			ctx, id := b.Context(), uuid.UUID{1}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := client.Cancel(ctx, id, wrapper.CancelOptions{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
