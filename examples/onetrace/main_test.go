package main

import (
	"testing"

	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
)

func TestRun(t *testing.T) {
	t.Parallel()
	var spans tracetest.InMemoryExporter
	if err := run(t.Context(), &spans); err != nil {
		t.Fatal(err)
	}
	kinds, parents := map[trace.SpanKind]int{}, map[trace.SpanID]trace.SpanKind{}
	for _, s := range spans.GetSpans() {
		kinds[s.SpanKind]++
		parents[s.SpanContext.SpanID()] = s.SpanKind
	}
	if kinds[trace.SpanKindInternal] != 1 || kinds[trace.SpanKindClient] != 2 || kinds[trace.SpanKindServer] != 2 {
		t.Errorf("got the spans %v, want one of the call, two of requests, and two of the server", kinds)
	}
	above := map[trace.SpanKind]trace.SpanKind{trace.SpanKindClient: trace.SpanKindInternal, trace.SpanKindServer: trace.SpanKindClient}
	for _, s := range spans.GetSpans() {
		if got, want := parents[s.Parent.SpanID()], above[s.SpanKind]; got != want {
			t.Errorf("%s: got the parent %s, want %s", s.Name, got, want)
		}
	}
}
