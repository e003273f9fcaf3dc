package otel

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/internal/telemetry"
	"github.com/sfcancel/sfcancel/wrapper"
)

// attempt is a request in progress: from when it is sent until its response, including the body, has been
// classified.
type attempt struct {
	call  *call
	ctx   context.Context // of the request
	span  trace.Span
	begun time.Time
	to    target
	got   answer // guarded by the mutex of the call
}

// aroundAttempt is the middleware around every request.
func (in *instrumentation) aroundAttempt(next http.RoundTripper) http.RoundTripper {
	return roundTripper{in, next}
}

type roundTripper struct {
	in   *instrumentation
	next http.RoundTripper
}

// RoundTrip starts the span of an attempt. [instrumentation.judged] ends it; if that is never called, the end
// of the call does.
func (t roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	_, sent, ok := wrapper.AttemptFrom(r.Context())
	k := t.in.callOf(r.Context())
	if !ok || k == nil {
		return t.next.RoundTrip(r)
	}
	a := k.attempt(r, sent)
	returned := false
	defer func() {
		if !returned {
			a.brought(answer{err: errPanic})
		}
	}()
	response, err := t.next.RoundTrip(t.in.inject(a.ctx, r))
	returned = true
	a.brought(answerOf(response, err))
	return response, err
}

// attempt starts an attempt. It ends one that is still open, which happens if middleware sends twice.
func (k *call) attempt(r *http.Request, sent wrapper.Attempt) *attempt {
	a := &attempt{call: k, ctx: r.Context(), span: k.span, begun: time.Now(), to: targetOf(r)}
	if k.traced {
		template := templateOf(sent.Endpoint, r.URL.EscapedPath())
		a.ctx, a.span = k.in.tracer.Start(r.Context(), telemetry.SpanName(a.to.method, template),
			trace.WithTimestamp(a.begun), trace.WithSpanKind(trace.SpanKindClient),
			trace.WithAttributes( // the conventions require these at the start, for samplers
				semconv.HTTPRequestMethodKey.String(a.to.method),
				semconv.ServerAddress(a.to.address),
				semconv.ServerPort(a.to.port),
				semconv.URLFull(fullURL(r.URL)),
			))
		if a.span.IsRecording() {
			a.span.SetAttributes(sentFor(r, sent, template)...)
		}
	}
	if old := k.replace(a); old != nil {
		old.end(a.begun, nil)
	}
	return a
}

// replace makes a the open attempt of the call, and returns the attempt to end: the previous one, if any, or
// a itself if the call is over.
func (k *call) replace(a *attempt) *attempt {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.over {
		return a
	}
	old := k.open
	k.open = a
	return old
}

func sentFor(r *http.Request, sent wrapper.Attempt, template string) []attribute.KeyValue {
	attrs := []attribute.KeyValue{semconv.URLScheme(r.URL.Scheme), keyPurpose.String(sent.Purpose())}
	if template != "" {
		attrs = append(attrs, semconv.URLTemplate(template))
	}
	if sent.Number > 1 {
		attrs = append(attrs, semconv.HTTPRequestResendCount(sent.Number-1))
	}
	return attrs
}

// brought records the result of the round trip, unless the attempt has already ended.
func (a *attempt) brought(got answer) {
	a.call.mu.Lock()
	defer a.call.mu.Unlock()
	if a.call.open == a {
		a.got = got
	}
}

// end ends an attempt. The caller has removed it from its call, so that it no longer changes.
func (a *attempt) end(at time.Time, judged *wrapper.Attempt) {
	took := max(at.Sub(a.begun), 0) // negative if middleware gave up before it started
	if a.call.traced {
		if a.span.IsRecording() {
			failure := a.got.failure()
			a.span.SetAttributes(a.got.attributes(failure)...)
			a.span.SetAttributes(worth(judged)...)
			if failure != "" {
				a.span.SetStatus(codes.Error, "")
			}
		}
		a.span.End(trace.WithTimestamp(a.begun.Add(took)))
	}
	a.call.in.metrics.request(a.ctx, a.to, a.got, took)
}

// worth returns the attributes from the classification of an attempt; nil if it was never classified.
func worth(judged *wrapper.Attempt) []attribute.KeyValue {
	if judged == nil {
		return nil
	}
	attrs := []attribute.KeyValue{keyClass.String(className(*judged))}
	if judged.RequestID != (uuid.UUID{}) {
		attrs = append(attrs, keyRequestID.String(judged.RequestID.String()))
	}
	if judged.Code != "" {
		attrs = append(attrs, keyCode.String(telemetry.Code(generated.ErrorCode(judged.Code))))
	}
	return attrs
}
