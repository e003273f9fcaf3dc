package otel_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"

	"github.com/sfcancel/sfcancel/emulator"
	"github.com/sfcancel/sfcancel/sftest"
	"github.com/sfcancel/sfcancel/wrapper"
)

// table returns the indented lines below a heading of the package comment: the rest of each line, by its first
// word.
func table(t *testing.T, heading string) map[string]string {
	t.Helper()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	_, below, ok := strings.Cut(string(text), "\n// # "+heading+"\n")
	if !ok {
		t.Fatalf("doc.go: got no heading %q, want one", heading)
	}
	below, _, _ = strings.Cut(below, "\n// # ")
	rows := map[string]string{}
	for line := range strings.Lines(below) {
		if row, ok := strings.CutPrefix(line, "//\t"); ok {
			name, rest, _ := strings.Cut(strings.TrimSpace(row), " ")
			rows[name] = strings.TrimSpace(rest)
		}
	}
	return rows
}

// The tables in the package comment list exactly what is reported, with its types and units.
func TestDocTables(t *testing.T) {
	t.Parallel()
	c, m := sftest.NewCluster(t), newTelemetry(t)
	stopping, seen := context.WithCancel(t.Context())
	ends := wrapper.WithObserver(func(_ context.Context, e wrapper.Event) {
		if e.Name == "state" {
			seen()
		}
	})
	client := c.Client(fastWith(3), m.instrument(), ends, brokenLedger, wrapper.WithEndpoints("http://second.test"))
	ctx, id := t.Context(), c.Put(emulator.Record{})
	_, _ = client.Cancel(ctx, id, wrapper.CancelOptions{})
	c.On(sftest.Force, sftest.Status(503, "E_ABORT"))
	_, _ = client.ForceCancel(ctx, id, wrapper.ForceOptions{Policy: wrapper.ServerDecides{}})
	_, _ = client.Operation(ctx, uuid.UUID{9})
	_, _ = client.Stop(stopping, c.Put(emulator.Record{}), wrapper.StopOptions{})
	_, _ = client.StartNodeTransition(ctx, wrapper.Node{Name: "n", Instance: 1}, "Stop", time.Hour, wrapper.StartOptions{})

	reported := map[string]map[string]string{"Attributes of calls": {}, "Attributes of requests": {}, "Events of calls": {}}
	add := func(heading string, attrs []attribute.KeyValue) {
		for _, a := range attrs {
			name := map[attribute.Type]string{attribute.INT64: "int", attribute.FLOAT64: "double"}[a.Value.Type()]
			if name == "" {
				name = strings.ToLower(a.Value.Type().String())
			}
			reported[heading][string(a.Key)] = name
		}
	}
	for _, s := range m.spans() {
		if s.SpanKind() == trace.SpanKindClient {
			add("Attributes of requests", s.Attributes())
			continue
		}
		add("Attributes of calls", s.Attributes())
		for _, e := range s.Events() {
			reported["Events of calls"][e.Name] = "the"
			add("Events of calls", e.Attributes)
		}
	}
	for heading, got := range reported {
		compare(t, heading, got, table(t, heading), func(got, row string) bool {
			first, _, _ := strings.Cut(row, " ")
			return first == got
		})
	}

	metrics := map[string]string{}
	for _, f := range m.collect() {
		var keys []string
		kind := "histogram"
		note := func(s attribute.Set) {
			for _, a := range s.ToSlice() {
				if !slices.Contains(keys, string(a.Key)) {
					keys = append(keys, string(a.Key))
				}
			}
		}
		switch data := f.Data.(type) {
		case metricdata.Histogram[float64]:
			for _, p := range data.DataPoints {
				note(p.Attributes)
			}
		case metricdata.Histogram[int64]:
			for _, p := range data.DataPoints {
				note(p.Attributes)
			}
		case metricdata.Sum[int64]:
			kind = "counter"
			for _, p := range data.DataPoints {
				note(p.Attributes)
			}
		}
		slices.Sort(keys)
		metrics[f.Name] = kind + " " + f.Unit + " " + strings.Join(keys, " ")
	}
	compare(t, "Metrics", metrics, table(t, "Metrics"), func(got, row string) bool {
		words := strings.Fields(strings.ReplaceAll(row, ",", ""))
		slices.Sort(words[2:])
		return got == strings.Join(words, " ")
	})
}

func compare(t *testing.T, heading string, got, rows map[string]string, same func(got, row string) bool) {
	t.Helper()
	for name, is := range got {
		switch row, ok := rows[name]; {
		case !ok:
			t.Errorf("%s: got %s (%s) reported, want it in doc.go", heading, name, is)
		case !same(is, row):
			t.Errorf("%s: %s: got %q, want %q as in doc.go", heading, name, is, row)
		}
	}
	for name := range rows {
		if _, ok := got[name]; !ok {
			t.Errorf("%s: got no %s reported, want it as in doc.go", heading, name)
		}
	}
}
