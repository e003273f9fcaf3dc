package otel_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// telemetry records what a client reports.
type telemetry struct {
	t        testing.TB
	recorder *tracetest.SpanRecorder
	reader   *sdkmetric.ManualReader
	tracers  *sdktrace.TracerProvider
	meters   *sdkmetric.MeterProvider
}

func newTelemetry(t testing.TB, options ...sdktrace.TracerProviderOption) *telemetry {
	recorder, reader := tracetest.NewSpanRecorder(), sdkmetric.NewManualReader()
	return &telemetry{
		t, recorder, reader,
		sdktrace.NewTracerProvider(append(options, sdktrace.WithSpanProcessor(recorder))...),
		sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)),
	}
}

// instrument returns the option of a client that reports to m.
func (m *telemetry) instrument(options ...otel.Option) wrapper.Option {
	return otel.Instrument(append([]otel.Option{otel.WithTracerProvider(m.tracers), otel.WithMeterProvider(m.meters)}, options...)...)
}

// spans returns the spans that have ended. It fails the test if one has not ended, or ended twice.
func (m *telemetry) spans() []sdktrace.ReadOnlySpan {
	m.t.Helper()
	started, ended := m.recorder.Started(), m.recorder.Ended()
	if len(started) != len(ended) {
		m.t.Errorf("got %d ended spans, want all %d that were started", len(ended), len(started))
	}
	for _, s := range ended {
		if s.EndTime().Before(s.StartTime()) {
			m.t.Errorf("%s: got end %v, want one after the start %v", s.Name(), s.EndTime(), s.StartTime())
		}
	}
	return ended
}

// named returns the only span with a name.
func (m *telemetry) named(name string) sdktrace.ReadOnlySpan {
	m.t.Helper()
	var found []sdktrace.ReadOnlySpan
	for _, s := range m.spans() {
		if s.Name() == name {
			found = append(found, s)
		}
	}
	if len(found) != 1 {
		m.t.Fatalf("got %d spans named %s, want 1:\n%s", len(found), name, m.tree())
	}
	return found[0]
}

// short lists the attributes that a tree shows, in this order, and the words before them.
var short = []struct{ key, word string }{
	{"sfcancel.verdict", ""}, {"sfcancel.resolved", "resolved="}, {"sfcancel.state", ""},
	{"sfcancel.purpose", ""}, {"sfcancel.class", ""}, {"http.response.status_code", ""}, {"sfcancel.code", ""},
	{"http.request.resend_count", "resend="}, {"sfcancel.failover.from", ""}, {"sfcancel.failover.to", ""},
	{"sfcancel.force", "force="}, {"sfcancel.attempts", "attempts="}, {"error.type", "error="},
}

// tree returns all spans, one per line, indented below their parents. Events begin with a *.
func (m *telemetry) tree() string {
	spans := slices.Clone(m.recorder.Ended())
	slices.SortStableFunc(spans, func(a, b sdktrace.ReadOnlySpan) int { return a.StartTime().Compare(b.StartTime()) })
	var b strings.Builder
	var below func(parent sdktrace.ReadOnlySpan, indent string)
	below = func(parent sdktrace.ReadOnlySpan, indent string) {
		for _, s := range spans {
			if parent == nil && s.Parent().IsValid() || parent != nil && s.Parent().SpanID() != parent.SpanContext().SpanID() {
				continue
			}
			fmt.Fprintf(&b, "%s%s%s", indent, s.Name(), shortly(s.Attributes()))
			if s.Status().Code == codes.Error {
				b.WriteString(" !")
			}
			if d := s.Status().Description; d != "" {
				m.t.Errorf("%s: got status description %q, want none", s.Name(), d)
			}
			b.WriteString("\n")
			for _, e := range s.Events() {
				fmt.Fprintf(&b, "%s  *%s%s\n", indent, e.Name, shortly(e.Attributes))
			}
			below(s, indent+"  ")
		}
	}
	below(nil, "")
	return b.String()
}

func shortly(attrs []attribute.KeyValue) string {
	var b strings.Builder
	for _, s := range short {
		for _, a := range slices.Backward(attrs) {
			if string(a.Key) == s.key {
				b.WriteString(" " + s.word + a.Value.String())
				break
			}
		}
	}
	return b.String()
}

// wantTree compares the spans; the first line of want may be empty.
func (m *telemetry) wantTree(want string) {
	m.t.Helper()
	m.spans()
	if got, want := strings.TrimSpace(m.tree()), unindent(want); got != want {
		m.t.Errorf("got spans\n%s\nwant\n%s", got, want)
	}
}

func unindent(s string) string {
	lines := strings.Split(strings.Trim(s, "\n\t"), "\n")
	for i := range lines {
		lines[i] = strings.TrimLeft(lines[i], "\t")
	}
	return strings.Join(lines, "\n")
}

// attributes returns the attributes of a span or event, one per line, sorted by name, without the id of
// the request, which is random.
func attributes(attrs []attribute.KeyValue) string {
	var lines []string
	for _, a := range attrs {
		if a.Key != "sfcancel.request.id" {
			lines = append(lines, fmt.Sprintf("%s %s %s", a.Key, strings.ToLower(a.Value.Type().String()), a.Value.String()))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func (m *telemetry) collect() []metricdata.Metrics {
	m.t.Helper()
	var all metricdata.ResourceMetrics
	if err := m.reader.Collect(context.Background(), &all); err != nil {
		m.t.Fatal(err)
	}
	var found []metricdata.Metrics
	for _, scope := range all.ScopeMetrics {
		found = append(found, scope.Metrics...)
	}
	slices.SortFunc(found, func(a, b metricdata.Metrics) int { return cmp.Compare(a.Name, b.Name) })
	return found
}

// points returns every time series of a metric, one per line: the count of a histogram of durations, sum/count of
// any other histogram, and the value of a counter.
func (m *telemetry) points(name string) string {
	m.t.Helper()
	var lines []string
	add := func(attrs attribute.Set, format string, args ...any) {
		line := fmt.Sprintf(format, args...)
		for _, a := range attrs.ToSlice() {
			line += fmt.Sprintf(" %s=%s", a.Key, a.Value.String())
		}
		lines = append(lines, line)
	}
	for _, found := range m.collect() {
		if found.Name != name {
			continue
		}
		switch data := found.Data.(type) {
		case metricdata.Histogram[float64]:
			for _, p := range data.DataPoints {
				add(p.Attributes, "%d", p.Count)
			}
		case metricdata.Histogram[int64]:
			for _, p := range data.DataPoints {
				add(p.Attributes, "%d/%d", p.Sum, p.Count)
			}
		case metricdata.Sum[int64]:
			for _, p := range data.DataPoints {
				add(p.Attributes, "%d", p.Value)
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func (m *telemetry) wantPoints(name, want string) {
	m.t.Helper()
	if got, want := m.points(name), unindent(want); got != want {
		m.t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

// everything returns all that was reported as text, to search in.
func (m *telemetry) everything() string {
	m.t.Helper()
	spans, err := json.Marshal(tracetest.SpanStubsFromReadOnlySpans(m.spans()))
	if err != nil {
		m.t.Fatal(err)
	}
	var b strings.Builder
	b.Write(spans)
	for _, s := range m.spans() {
		fmt.Fprintf(&b, "%s %v %v %v\n", s.Name(), s.Attributes(), s.Events(), s.Status())
	}
	for _, found := range m.collect() {
		fmt.Fprintf(&b, "%+v\n%s\n", found, m.points(found.Name))
	}
	return b.String()
}

// fast is a retry policy without noticeable pauses.
var fast = wrapper.Retry{Base: time.Microsecond, BusyBase: time.Microsecond, Cap: time.Microsecond}

func fastWith(attempts int) wrapper.Option {
	r := fast
	r.MaxAttempts = attempts
	return wrapper.WithRetry(r)
}
