package otel

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/attribute"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/sfcancel/sfcancel/wrapper"
)

// observe handles the events within a call.
func (in *instrumentation) observe(ctx context.Context, e wrapper.Event) {
	switch e.Name {
	case "request":
		in.judged(ctx, e.Attempt)
	case "pause":
		in.pause(ctx, e.Call, e.Attempt, e.Pause)
	case "state":
		in.state(ctx, e.State, e.ForceAt)
	case "failover":
		in.failover(ctx, e.Attempt.Endpoint, e.To)
	}
}

// judged ends the span of an attempt once its body has been read, because only then the attempt is classified.
func (in *instrumentation) judged(ctx context.Context, judged wrapper.Attempt) {
	k := in.callOf(ctx)
	if k == nil {
		return
	}
	k.mu.Lock()
	k.attempts++
	a := k.open
	k.open = nil
	k.mu.Unlock()
	if a == nil { // outer middleware refused the request
		return
	}
	if a.got.err == nil {
		a.got.err = judged.Err
	}
	switch { // the end of a context is the cause of any error from net/http
	case a.got.err == nil:
	case errors.Is(ctx.Err(), context.Canceled):
		a.got.err = context.Canceled
	case errors.Is(a.ctx.Err(), context.DeadlineExceeded):
		a.got.err = context.DeadlineExceeded
	}
	a.end(judged.Start.Add(judged.Duration), &judged)
}

func (in *instrumentation) pause(ctx context.Context, asked wrapper.Call, after wrapper.Attempt, pause time.Duration) {
	class := keyClass.String(className(after))
	in.metrics.pause(ctx, callName(asked), class)
	k := in.callOf(ctx)
	if k == nil || !k.span.IsRecording() {
		return
	}
	attrs := []attribute.KeyValue{keyPause.Float64(pause.Seconds()), class}
	if after.Status != 0 {
		attrs = append(attrs, semconv.HTTPResponseStatusCode(after.Status))
	}
	k.span.AddEvent("sfcancel.pause", trace.WithAttributes(attrs...))
}

func (in *instrumentation) state(ctx context.Context, seen wrapper.State, forceAt time.Time) {
	k := in.callOf(ctx)
	if k == nil || !k.span.IsRecording() {
		return
	}
	attrs := []attribute.KeyValue{keyState.String(knownState(seen))}
	if !forceAt.IsZero() {
		attrs = append(attrs, keyForceIn.Float64(time.Until(forceAt).Seconds()))
	}
	k.span.AddEvent("sfcancel.state", trace.WithAttributes(attrs...))
}

func (in *instrumentation) failover(ctx context.Context, from, to string) {
	in.metrics.failover(ctx, endpointOf(from))
	if k := in.callOf(ctx); k != nil && k.span.IsRecording() {
		k.span.AddEvent("sfcancel.failover", trace.WithAttributes(
			keyFrom.String(endpointOf(from).String()), keyTo.String(endpointOf(to).String())))
	}
}
