package otel

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/sfcancel/sfcancel/wrapper"
)

// call is a call in progress.
type call struct {
	in    *instrumentation
	name  string // with underscores, as in attributes; of low cardinality
	span  trace.Span
	begun time.Time

	// traced is false if the span is a no-op, since a span of an SDK has a valid context even if it is not
	// sampled. Then attempts need no spans.
	traced bool

	// mu guards the fields below: middleware may send from a goroutine of its own.
	mu       sync.Mutex
	attempts int
	open     *attempt // the attempt in progress, or nil
	over     bool
}

// aroundCall is the middleware around every call.
func (in *instrumentation) aroundCall(next wrapper.CallFunc) wrapper.CallFunc {
	return func(ctx context.Context, asked wrapper.Call) (outcome wrapper.Outcome, err error) {
		ctx, k := in.begin(ctx, asked)
		returned := false
		defer func() {
			if !returned {
				k.end(ctx, wrapper.Outcome{}, errPanic)
			}
		}()
		outcome, err = next(ctx, asked)
		returned = true
		k.end(ctx, outcome, err)
		return outcome, err
	}
}

func (in *instrumentation) begin(ctx context.Context, asked wrapper.Call) (context.Context, *call) {
	k := &call{in: in, name: callName(asked), begun: time.Now()}
	ctx, k.span = in.tracer.Start(ctx, "sfcancel."+k.name, trace.WithTimestamp(k.begun), trace.WithSpanKind(trace.SpanKindInternal))
	k.traced = k.span.SpanContext().IsValid()
	if k.span.IsRecording() {
		k.span.SetAttributes(asks(k.name, asked)...)
	}
	return context.WithValue(ctx, callKey{in}, k), k
}

func asks(name string, asked wrapper.Call) []attribute.KeyValue {
	attrs := []attribute.KeyValue{keyCall.String(name)}
	if asked.OperationID != (uuid.UUID{}) {
		attrs = append(attrs, keyOperationID.String(asked.OperationID.String()))
	}
	if asked.Kind != "" {
		attrs = append(attrs, keyKind.String(knownKind(asked.Kind)))
	}
	if asked.Force {
		attrs = append(attrs, keyForce.Bool(true))
	}
	return attrs
}

// end ends the call and any attempt that is still open, because of a panic or of middleware that did not
// wait for it.
func (k *call) end(ctx context.Context, outcome wrapper.Outcome, err error) {
	now := time.Now()
	k.mu.Lock()
	left, attempts := k.open, k.attempts
	k.open, k.over = nil, true
	k.mu.Unlock()
	if left != nil {
		if errors.Is(err, errPanic) {
			left.got.err = errPanic
		}
		left.end(now, nil)
	}
	if k.span.IsRecording() {
		k.span.SetAttributes(append(cameOf(outcome, err), keyAttempts.Int(attempts))...)
		if err != nil {
			k.span.SetAttributes(semconv.ErrorTypeKey.String(meaning(err)))
			k.span.SetStatus(codes.Error, "") // the error text may contain text from a server
		}
	}
	k.span.End(trace.WithTimestamp(now))
	k.in.metrics.call(ctx, k.name, outcome.Result.Verdict, err, attempts, now.Sub(k.begun))
}

// cameOf returns the attributes known after a call.
func cameOf(outcome wrapper.Outcome, err error) []attribute.KeyValue {
	result := outcome.Result
	state, kind, force := result.State, result.Kind, result.Force
	var attrs []attribute.KeyValue
	var e *wrapper.Error
	switch {
	case errors.As(err, &e):
		state, force = e.State(), e.Force()
	case result.Verdict != "":
		attrs = append(attrs, keyVerdict.String(string(result.Verdict)), keyResolved.Bool(result.Resolved))
	case len(outcome.Operations) == 1: // a read or a watch
		state, kind = outcome.Operations[0].State, outcome.Operations[0].Kind
	}
	if state != "" {
		attrs = append(attrs, keyState.String(knownState(state)))
	}
	if kind != "" {
		attrs = append(attrs, keyKind.String(knownKind(kind)))
	}
	if force { // also of a stop, which the caller may not have asked to force
		attrs = append(attrs, keyForce.Bool(true))
	}
	if result.LedgerErr != nil {
		attrs = append(attrs, keyLedgerFailed.Bool(true))
	}
	return attrs
}
