// Command onetrace prints the OpenTelemetry spans of one cancel whose first answer is lost. One trace contains
// the call, its requests, and the server span of each request. The server runs in this process.
//
//	go run ./onetrace
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/sfcancel/sfcancel/emulator"
	serverotel "github.com/sfcancel/sfcancel/server/otel"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
	clientotel "github.com/sfcancel/sfcancel/wrapper/otel"
)

func main() {
	if err := run(context.Background(), printer{os.Stdout}); err != nil {
		fmt.Fprintln(os.Stderr, "onetrace:", err)
		os.Exit(1)
	}
}

// run cancels an operation and exports the spans. A program with global OpenTelemetry providers needs no options
// of Instrument.
func run(ctx context.Context, exporter sdktrace.SpanExporter) (err error) {
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	inHeaders := propagation.TraceContext{} // carries the trace from the client to the server
	sftest.Run(func(t sftest.TB) {
		c := sftest.NewCluster(t, sftest.WithServer(
			serverotel.Instrument(serverotel.WithTracerProvider(provider), serverotel.WithPropagator(inHeaders))))
		id := c.Put(emulator.Record{})            // a running data loss
		c.On(sftest.Graceful, sftest.DropAfter()) // the cancel is carried out, but its answer is lost
		client := c.Client(
			clientotel.Instrument(clientotel.WithTracerProvider(provider), clientotel.WithPropagator(inHeaders)))
		_, err = client.Cancel(ctx, id, wrapper.CancelOptions{})
	})
	return err
}

// printer is a span exporter that prints each span when it ends.
type printer struct{ out io.Writer }

func (p printer) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	for _, s := range spans {
		fmt.Fprintf(p.out, "trace %s: %s in %s: %-8s %s\n", s.SpanContext().TraceID(),
			s.SpanContext().SpanID(), s.Parent().SpanID(), s.SpanKind(), s.Name())
	}
	return nil
}

func (printer) Shutdown(context.Context) error { return nil }
