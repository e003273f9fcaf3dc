package otel_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
	"github.com/sfcancel/sfcancel/server/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// telemetry is what a handler has reported.
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

// instrument is the option of a handler that reports here.
func (m *telemetry) instrument(options ...otel.Option) server.Option {
	return otel.Instrument(append([]otel.Option{otel.WithTracerProvider(m.tracers), otel.WithMeterProvider(m.meters)}, options...)...)
}

// only is the only span. It fails the test if there is another one, or one that has not ended.
func (m *telemetry) only() sdktrace.ReadOnlySpan {
	m.t.Helper()
	started, ended := m.recorder.Started(), m.recorder.Ended()
	if len(started) != 1 || len(ended) != 1 {
		m.t.Fatalf("%d spans were begun, and %d have ended, want 1", len(started), len(ended))
	}
	return ended[0]
}

// text is a span: its name, with a ! if its status is Error, and its attributes by name, one a line,
// but for the id of the request, which is another one each time.
func text(s sdktrace.ReadOnlySpan) string {
	first := s.Name()
	if s.Status().Code == codes.Error {
		first += " !"
	}
	var lines []string
	for _, a := range s.Attributes() {
		if a.Key != "sfcancel.request.id" {
			lines = append(lines, fmt.Sprintf("%s %s", a.Key, a.Value.String()))
		}
	}
	slices.Sort(lines)
	return first + s.Status().Description + "\n" + strings.Join(lines, "\n")
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
	return found
}

// points is every time series of the only metric, one a line, with how many values it has had.
func (m *telemetry) points() string {
	m.t.Helper()
	var lines []string
	for _, p := range m.histogram().DataPoints {
		line := fmt.Sprint(p.Count)
		for _, a := range p.Attributes.ToSlice() {
			line += fmt.Sprintf(" %s=%s", a.Key, a.Value.String())
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func (m *telemetry) histogram() metricdata.Histogram[float64] {
	m.t.Helper()
	found := m.collect()
	if len(found) != 1 {
		m.t.Fatalf("there are %d metrics, want 1", len(found))
	}
	h, ok := found[0].Data.(metricdata.Histogram[float64])
	if !ok {
		m.t.Fatalf("the metric is %T, want a histogram", found[0].Data)
	}
	return h
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	lines := strings.Split(strings.Trim(want, "\n\t"), "\n")
	for i := range lines {
		lines[i] = strings.TrimLeft(lines[i], "\t")
	}
	if want := strings.Join(lines, "\n"); got != want {
		t.Errorf("%s:\n%s\nwant\n%s", what, got, want)
	}
}

// implementation is one whose cancel is given.
type implementation struct {
	server.Unimplemented
	cancel func(context.Context) (generated.CancelOperationResponseObject, error)
}

func (i implementation) CancelOperation(ctx context.Context, _ generated.CancelOperationRequestObject) (generated.CancelOperationResponseObject, error) {
	if i.cancel == nil {
		return generated.CancelOperation200Response{}, nil
	}
	return i.cancel(ctx)
}

// failing is an implementation whose cancel fails.
func failing(err error) implementation {
	return implementation{cancel: func(context.Context) (generated.CancelOperationResponseObject, error) { return nil, err }}
}

// visit is a response object that writes by itself.
type visit func(http.ResponseWriter) error

func (v visit) VisitCancelOperationResponse(w http.ResponseWriter) error { return v(w) }

// breaksOff is an implementation whose cancel fails behind its header.
func breaksOff() implementation {
	return implementation{cancel: func(context.Context) (generated.CancelOperationResponseObject, error) {
		return visit(func(w http.ResponseWriter) error {
			w.WriteHeader(http.StatusOK)
			return errors.New("the disk is full")
		}), nil
	}}
}

func newHandler(t testing.TB, impl generated.StrictServerInterface, options ...server.Option) *server.Handler {
	t.Helper()
	h, err := server.New(impl, options...)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

const cancel = "/Faults/$/Cancel?api-version=6.0&OperationId=5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01&Force=false"

func newRequest(t testing.TB, method, target string) *http.Request {
	return httptest.NewRequestWithContext(t.Context(), method, target, http.NoBody)
}

// serve has a handler answer a request, and lets it cut the connection.
func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	defer func() {
		if v := recover(); v != nil && v != http.ErrAbortHandler { //nolint:errorlint // a panic is a value
			panic(v)
		}
	}()
	h.ServeHTTP(w, r)
	return w
}

func has(attrs []attribute.KeyValue, key string) (string, bool) {
	for _, a := range attrs {
		if string(a.Key) == key {
			return a.Value.String(), true
		}
	}
	return "", false
}
