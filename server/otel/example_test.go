package otel_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/server/otel"
)

// printing is an exporter that prints the spans, as they end.
type printing struct{}

func (printing) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	for _, s := range spans {
		fmt.Println(s.Name(), s.Status().Code)
		for _, a := range s.Attributes() {
			switch a.Key {
			case "http.response.status_code", "sfcancel.api.operation", "sfcancel.code", "error.type":
				fmt.Println("   ", a.Key, a.Value.String())
			}
		}
	}
	return nil
}

func (printing) Shutdown(context.Context) error { return nil }

// An implementation with nothing in it, and what two requests to it report.
func ExampleInstrument() {
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(printing{}))
	h, err := server.New(server.Unimplemented{}, otel.Instrument(otel.WithTracerProvider(provider)))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, target := range []string{
		"/Faults/?api-version=6.0&StateFilter=65535&TypeFilter=65535",
		"/Faults/?api-version=6.0&StateFilter=all&TypeFilter=65535",
	} {
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(context.Background(), http.MethodGet, target, http.NoBody))
	}
	// Output:
	// GET /Faults/ Error
	//     http.response.status_code 501
	//     error.type 501
	//     sfcancel.api.operation GetFaultOperationList
	//     sfcancel.code E_NOTIMPL
	// GET /Faults/ Unset
	//     http.response.status_code 400
	//     sfcancel.api.operation GetFaultOperationList
	//     sfcancel.code E_INVALIDARG
}
