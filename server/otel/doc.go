// Package otel makes a handler of package server report OpenTelemetry spans and metrics: a span for
// every request, in the trace of the client.
//
//	h, err := server.New(cluster{}, otel.Instrument())
//
// Without options the global providers and the global propagator are used, also if they are set
// later. [WithTracerProvider], [WithMeterProvider] and [WithPropagator] name others. What is not set
// costs little and reports nothing.
//
// Names and rules are those of the semantic conventions for HTTP, version 1.43.0: "HTTP spans" and
// "HTTP metrics". What begins with sfcancel is of this package, and means what it means in
// wrapper/otel.
//
// # Spans
//
// A span is of kind SERVER. It begins before anything is judged, and ends when the answer was
// written. Its name is the method and the route, such as POST /Faults/$/Cancel, and the method alone
// if the path or the verb is unknown. So a name has no name of anything in it, and there are few. The
// route is known only after the request was judged: a sampler sees the method alone.
//
// The implementation gets the context of the span, and so does the log line of the request.
//
// The status is Error if that of the answer is 500 or more, or if the answer broke off; the
// conventions leave what a client did wrong unset. The description is always empty.
//
// # Attributes
//
//	http.request.method        string  _OTHER if the conventions do not know it
//	http.route                 string  the path as the document has it; not if path or verb is unknown
//	http.response.status_code  int     if a header went out
//	url.scheme                 string  http or https, by the connection
//	url.path                   string  the path as it was sent
//	server.address             string  the host that the client asked for
//	server.port                int     its port, also if it is that of the scheme
//	network.protocol.version   string  1.1, 2
//	error.type                 string  the status if it is 500 or more; canceled or aborted if the answer broke off
//	sfcancel.api.operation     string  the operationId of the document, such as CancelOperation
//	sfcancel.code              string  the code of a failure; _OTHER if it is not a known one
//	sfcancel.role              string  user or admin; not before the client was authenticated
//	sfcancel.request.id        string  the X-ServiceFabricRequestId, or what was made up instead
//	sfcancel.aborted           bool    true if the answer broke off
//
// An answer that breaks off because the client is gone is canceled, any other one is aborted.
//
// # Metrics
//
//	http.server.request.duration  histogram  s  http.request.method, url.scheme, http.route, http.response.status_code, network.protocol.version, error.type
//
// Durations are those of the spans and of the log, and are there for spans that are not sampled,
// too. The address is left out, as the conventions advise: a client chooses it.
//
// # Secrets
//
// Of what a client writes, the path, the host and the request id are reported, and of the path's
// names only in url.path. No query, no other header, no body, and no name of a client is, nor the
// text of any error.
//
// Who may send a request may also name the trace that it belongs to, and say that it is sampled. To
// trust nobody, give [WithPropagator] one that reads nothing, and a sampler that asks no parent.
package otel
