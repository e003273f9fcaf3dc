package otel

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/httpconv"
	"go.opentelemetry.io/otel/trace"

	"github.com/sfcancel/sfcancel/internal/telemetry"
	"github.com/sfcancel/sfcancel/server"
)

// The attributes that the conventions do not define.
const (
	keyOperation = attribute.Key("sfcancel.api.operation")
	keyCode      = attribute.Key("sfcancel.code")
	keyRole      = attribute.Key("sfcancel.role")
	keyRequestID = attribute.Key("sfcancel.request.id")
	keyAborted   = attribute.Key("sfcancel.aborted")
)

// request is one request in progress.
type request struct {
	in       *instrumentation
	ctx      context.Context // with its span
	span     trace.Span
	begun    time.Time
	method   string
	scheme   string
	protocol string
}

// begin is a [server.Trace].
func (in *instrumentation) begin(ctx context.Context, r *http.Request) (context.Context, func(server.Served)) {
	q := &request{in: in, begun: time.Now(), method: telemetry.Method(r.Method), scheme: "http", protocol: telemetry.Protocol(r.ProtoMajor, r.ProtoMinor)}
	if r.TLS != nil {
		q.scheme = "https"
	}
	attrs := []attribute.KeyValue{ // those that the conventions require for samplers
		semconv.HTTPRequestMethodKey.String(q.method), semconv.URLScheme(q.scheme), semconv.URLPath(r.URL.EscapedPath()),
	}
	if r.Host != "" {
		host, port := telemetry.Address(&url.URL{Scheme: q.scheme, Host: r.Host})
		attrs = append(attrs, semconv.ServerAddress(host), semconv.ServerPort(port))
	}
	ctx = in.propagator.Extract(ctx, propagation.HeaderCarrier(r.Header))
	q.ctx, q.span = in.tracer.Start(ctx, telemetry.SpanName(q.method, ""),
		trace.WithTimestamp(q.begun), trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(attrs...))
	return q.ctx, q.end
}

func (q *request) end(s server.Served) {
	failure := q.failure(s)
	answered := q.answered(s, failure)
	if q.span.IsRecording() {
		q.span.SetName(telemetry.SpanName(q.method, s.Route))
		q.span.SetAttributes(answered...)
		q.span.SetAttributes(about(s)...)
		if failure != "" {
			q.span.SetStatus(codes.Error, "")
		}
	}
	q.span.End(trace.WithTimestamp(q.begun.Add(s.Duration)))
	if q.in.durations.Enabled(q.ctx) {
		q.in.durations.Record(q.ctx, s.Duration.Seconds(), httpconv.RequestMethodAttr(q.method), q.scheme, answered...)
	}
}

// failure returns the error.type of a request; "" if it has none. A status takes precedence over a
// truncation, and an error of the client is not an error of the server (HTTP spans, "Status").
func (q *request) failure(s server.Served) string {
	switch {
	case s.Status >= 500:
		return strconv.Itoa(s.Status)
	case !s.Aborted:
		return ""
	case q.ctx.Err() != nil: // net/http ends the context if the client has gone
		return "canceled"
	default:
		return "aborted"
	}
}

// answered returns the attributes of the answer, which spans and metrics have in common.
func (q *request) answered(s server.Served, failure string) []attribute.KeyValue {
	attrs := make([]attribute.KeyValue, 0, 4)
	if s.Route != "" {
		attrs = append(attrs, semconv.HTTPRoute(s.Route))
	}
	if s.Status != 0 {
		attrs = append(attrs, semconv.HTTPResponseStatusCode(s.Status))
	}
	if q.protocol != "" {
		attrs = append(attrs, semconv.NetworkProtocolVersion(q.protocol))
	}
	if failure != "" {
		attrs = append(attrs, semconv.ErrorTypeKey.String(failure))
	}
	return attrs
}

// about returns the attributes that only spans have.
func about(s server.Served) []attribute.KeyValue {
	attrs := append(make([]attribute.KeyValue, 0, 5), keyRequestID.String(s.RequestID))
	if s.Operation != nil {
		attrs = append(attrs, keyOperation.String(s.Operation.ID))
	}
	if s.Code != "" {
		attrs = append(attrs, keyCode.String(telemetry.Code(s.Code)))
	}
	if s.Role != 0 {
		attrs = append(attrs, keyRole.String(s.Role.String()))
	}
	if s.Aborted {
		attrs = append(attrs, keyAborted.Bool(true))
	}
	return attrs
}
