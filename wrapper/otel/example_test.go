package otel_test

import (
	"context"
	"fmt"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/otel"
)

// printing is an exporter that prints each span when it ends.
type printing struct{}

func (printing) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	for _, s := range spans {
		fmt.Println(s.Name(), s.Status().Code)
		for _, a := range s.Attributes() {
			switch a.Key {
			case "sfcancel.purpose", "sfcancel.class", "sfcancel.verdict", "sfcancel.resolved", "error.type":
				fmt.Println("   ", a.Key, a.Value.String())
			}
		}
	}
	return nil
}

func (printing) Shutdown(context.Context) error { return nil }

// The response to a force is lost. The spans show how the call finds out that the force took effect.
func ExampleInstrument() {
	sftest.Run(func(t sftest.TB) {
		provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(printing{}))
		c := sftest.NewCluster(t)
		id := c.Put(emulator.Record{})
		c.On(sftest.Force, sftest.DropAfter())

		ctx, client := context.Background(), c.Client(otel.Instrument(otel.WithTracerProvider(provider)))
		_, err := client.Cancel(ctx, id, wrapper.CancelOptions{})
		if err != nil {
			t.Fatalf("%v", err)
		}
		_, err = client.ForceCancel(ctx, id, wrapper.ForceOptions{Policy: wrapper.ServerDecides{}})
		fmt.Println(err)
	})
	// Output:
	// POST /Faults/$/Cancel Unset
	//     sfcancel.purpose graceful
	//     sfcancel.class done
	// sfcancel.cancel Unset
	//     sfcancel.verdict Accepted
	//     sfcancel.resolved false
	// POST /Faults/$/Cancel Error
	//     sfcancel.purpose force
	//     error.type connection_lost
	//     sfcancel.class ambiguous
	// GET /Faults/ Unset
	//     sfcancel.purpose read
	//     sfcancel.class done
	// POST /Faults/$/Cancel Error
	//     sfcancel.purpose probe
	//     error.type 400
	//     sfcancel.class refused
	// sfcancel.force_cancel Unset
	//     sfcancel.verdict Accepted
	//     sfcancel.resolved true
	// <nil>
}
