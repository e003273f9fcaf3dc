// Package otel reports OpenTelemetry spans and metrics of a handler of package server: a span for
// every request, in the trace of the client.
//
//	h, err := server.New(cluster{}, otel.Instrument())
//
// Without options the global providers and the global propagator are used, even if they are set
// later. [WithTracerProvider], [WithMeterProvider] and [WithPropagator] replace them. A provider that is
// not set reports nothing and costs little.
//
// Names and rules are those of the semantic conventions for HTTP, version 1.43.0: "HTTP spans" and
// "HTTP metrics". Names that begin with sfcancel are of this package, and have the same meaning in
// wrapper/otel.
//
// # Spans
//
// A span is of kind SERVER. It begins before any check, and ends when the answer was
// written. Its name is the method and the route, such as POST /Faults/$/Cancel, or the method alone
// if the path or the verb is unknown. A span name contains no variable of the path, so there are few
// names. The route is known only after the checks began: a sampler sees only the method.
//
// The implementation gets the context of the span, and so does the log line of the request.
//
// The span status is Error if the HTTP status is 500 or more, or if the answer was truncated. For errors of
// the client the conventions leave it unset. The description is always empty.
//
// # Attributes
//
//	http.request.method        string  _OTHER if the conventions do not know it
//	http.route                 string  the path template of the document; not if path or verb is unknown
//	http.response.status_code  int     if a header was sent
//	url.scheme                 string  http or https, by the connection
//	url.path                   string  the path as it was sent
//	server.address             string  the host that the client requested
//	server.port                int     its port, also the default one
//	network.protocol.version   string  1.1, 2
//	error.type                 string  the status if it is 500 or more; canceled or aborted if the answer was truncated
//	sfcancel.api.operation     string  the operationId of the document, such as CancelOperation
//	sfcancel.code              string  the code of a failure; _OTHER if it is unknown
//	sfcancel.role              string  user or admin; not before the client was authenticated
//	sfcancel.request.id        string  the X-ServiceFabricRequestId, or the generated one
//	sfcancel.aborted           bool    true if the answer was truncated
//
// If an answer is truncated because the client has gone, error.type is canceled, otherwise aborted.
//
// # Metrics
//
//	http.server.request.duration  histogram  s  http.request.method, url.scheme, http.route, http.response.status_code, network.protocol.version, error.type
//
// Durations are the same as in the spans and the log, and are also recorded for spans that are not
// sampled. The address is left out, as the conventions advise: a client chooses it.
//
// # Secrets
//
// Of the input of a client, only the path, the host and the request id are reported. Names in the
// path are only in url.path. Queries, other headers, bodies, names of clients and the
// texts of errors are not reported.
//
// A client can name the trace of its request and mark it as sampled. To ignore that, use
// [WithPropagator] with a propagator that reads nothing, and a sampler that ignores the parent.
package otel
