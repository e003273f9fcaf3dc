package otel_test

import (
	"reflect"
	"testing"

	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// Metrics cover all calls, whether or not their spans are sampled.
func TestMetrics(t *testing.T) {
	t.Parallel()
	c, m := sftest.NewCluster(t), newTelemetry(t, sdktrace.WithSampler(sdktrace.NeverSample()))
	id := c.Put(emulator.Record{})
	ctx := t.Context()
	client := c.Client(fastWith(2), m.instrument(otelPropagation), wrapper.WithEndpoints("http://second.test"))
	for range 2 {
		if _, err := client.Cancel(ctx, id, wrapper.CancelOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	c.On(sftest.GetFaultOperationList, sftest.Status(503, "E_ABORT"))
	if _, err := client.Operations(ctx); err != nil {
		t.Fatal(err)
	}
	c.SetReachable(false)
	_, _ = c.Client(fastWith(2), m.instrument(otelPropagation)).Operations(ctx)
	if n := len(m.spans()); n != 0 {
		t.Errorf("got %d sampled spans, want 0", n)
	}
	for _, q := range c.Requests() {
		if parent := q.Header.Get("Traceparent"); len(parent) != 55 || parent[53:] != "00" {
			t.Errorf("got traceparent %q, want one that is not sampled", parent)
		}
	}

	m.wantPoints("http.client.request.duration", `
		1 error.type=503 http.request.method=GET http.response.status_code=503 network.protocol.version=1.1 server.address=cluster.test server.port=19080
		1 http.request.method=GET http.response.status_code=200 network.protocol.version=1.1 server.address=second.test server.port=80
		2 error.type=connection_failed http.request.method=GET server.address=cluster.test server.port=19080
		2 http.request.method=POST http.response.status_code=200 network.protocol.version=1.1 server.address=cluster.test server.port=19080`)
	m.wantPoints("sfcancel.call.duration", `
		1 error.type=not_sent sfcancel.call=list_operations
		1 sfcancel.call=cancel sfcancel.verdict=Accepted
		1 sfcancel.call=cancel sfcancel.verdict=AlreadyStopping
		1 sfcancel.call=list_operations`)
	m.wantPoints("sfcancel.call.attempts", `
		2/2 sfcancel.call=cancel
		4/2 sfcancel.call=list_operations`)
	m.wantPoints("sfcancel.pauses", `
		1 sfcancel.call=list_operations sfcancel.class=ambiguous
		1 sfcancel.call=list_operations sfcancel.class=not_sent`)
	m.wantPoints("sfcancel.failovers", `1 server.address=cluster.test server.port=19080`)
}

// The histogram of requests has the bounds that the conventions advise, and every instrument has a description and a
// unit.
func TestInstruments(t *testing.T) {
	t.Parallel()
	m := newTelemetry(t)
	read(t, m, "http://c", okay)
	found := m.collect()
	if len(found) != 3 { // there was no pause and no failover
		t.Errorf("got %d metrics, want 3", len(found))
	}
	for _, f := range found {
		if f.Description == "" || f.Unit == "" {
			t.Errorf("%s: got unit %q and description %q, want both set", f.Name, f.Unit, f.Description)
		}
		if f.Name == "http.client.request.duration" {
			want := []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10}
			if got := f.Data.(metricdata.Histogram[float64]).DataPoints[0].Bounds; !reflect.DeepEqual(got, want) {
				t.Errorf("got bounds %v, want %v", got, want)
			}
		}
	}
}
