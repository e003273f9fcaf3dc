package otel

import (
	"context"
	"maps"
	"net/http"

	"go.opentelemetry.io/otel/propagation"
)

// inject returns a copy of the request with the context of its span and the headers of the propagator. A round
// tripper must not change the request it is given.
func (in *instrumentation) inject(ctx context.Context, r *http.Request) *http.Request {
	sent := r.WithContext(ctx)
	in.propagator.Inject(ctx, &carrier{propagation.HeaderCarrier(sent.Header), sent, false})
	return sent
}

// carrier copies the headers of a request when the first one is set, so that nothing is copied without a
// propagator.
type carrier struct {
	propagation.HeaderCarrier
	of  *http.Request
	own bool
}

// Set implements [propagation.TextMapCarrier].
func (c *carrier) Set(key, value string) {
	if !c.own {
		c.own = true
		headers := make(http.Header, len(c.of.Header)+2)
		maps.Copy(headers, c.of.Header)
		c.of.Header, c.HeaderCarrier = headers, propagation.HeaderCarrier(headers)
	}
	c.HeaderCarrier.Set(key, value)
}
