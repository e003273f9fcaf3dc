// Package otel makes a client of package wrapper report OpenTelemetry spans and metrics:
// a span for every call, with a child span for each of its requests.
//
//	client, err := wrapper.New("https://gateway:19080", otel.Instrument())
//
// Without options the global providers and the global propagator are used, even if they
// are set later. [WithTracerProvider], [WithMeterProvider] and [WithPropagator] set others.
// A provider that was never set costs little and reports nothing.
//
// Names and rules are those of the semantic conventions for HTTP, version 1.43.0: "HTTP
// spans" and "HTTP metrics". Names that begin with sfcancel are defined by this package.
//
// # Spans
//
//	span              kind      name                      ends
//	call              INTERNAL  sfcancel.force_cancel     when the call returns
//	request           CLIENT    POST /Faults/$/Cancel     when the response body has been read and classified
//
// The span of a call is named after [wrapper.Call], with underscores. The span of a request is named after its
// method and url.template. The template is the path of the endpoint followed by a path of the API, such as
// /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartDataLoss; a request to
// another path has none. So span names contain no ids, and have a low cardinality.
//
// Each try, probe and read is a request. Its span starts after the outer middleware,
// covers the inner middleware, and includes the response body. A request that outer
// middleware refused has no span.
//
// A call has the status Error, and an error.type, if it returned an error. A request has both
// if its status is 400 or more or the response was incomplete, as the conventions say for clients. A
// call that succeeds may have failed requests: a refused probe is the normal case.
// The description of a status is always empty.
//
// # Attributes of calls
//
//	sfcancel.call            string  cancel, force_cancel, stop, wait, watch, list_operations, ...
//	sfcancel.operation.id    string  the operation; not for a list
//	sfcancel.kind            string  the kind of the operation, if known
//	sfcancel.force           bool    true if the caller asked for a force, or a stop resorted to one
//	sfcancel.verdict         string  Accepted, AlreadyStarted, AlreadyStopping, AlreadyForced, Finished, NotFound
//	sfcancel.resolved        bool    with a verdict: see [wrapper.Result].Resolved
//	sfcancel.state           string  the last state seen
//	sfcancel.attempts        int     the number of requests
//	sfcancel.ledger.failed   bool    true if the ledger failed to record the verdict
//	error.type               string  see below
//
// # Attributes of requests
//
//	http.request.method        string  _OTHER if the conventions do not know it
//	server.address             string  the host of the endpoint
//	server.port                int     the port, even if it is the default of the scheme
//	url.scheme                 string  http or https
//	url.full                   string  credentials, and parameters that are not of the API, are redacted
//	url.template               string  see above
//	http.request.resend_count  int     omitted if 0; the second request of a call has 1
//	http.response.status_code  int     if there was a response
//	network.protocol.version   string  if there was a response: 1.1, 2
//	error.type                 string  see below
//	sfcancel.purpose           string  graceful, force, probe, read, start
//	sfcancel.request.id        string  the X-ServiceFabricRequestId, which the gateway writes into its trace
//	sfcancel.class             string  ambiguous, not_sent, refused, done; see [wrapper.Attempt.Class]
//	sfcancel.code              string  the code of a FabricError
//
// Every request of a call after the first has a resend_count, whatever its purpose, because the
// conventions count requests sent "to satisfy the same API call". The purpose distinguishes
// retries from probes and reads.
//
// # Events of calls
//
//	sfcancel.pause      the call pauses before a retry
//	sfcancel.state      the call sees another state while it waits, or the time of its force changes
//	sfcancel.failover   the client leaves an endpoint
//
//	sfcancel.pause.duration    double  in seconds
//	sfcancel.class             string  of the request before
//	http.response.status_code  int     of the request before, if there was a response
//	sfcancel.state             string  the state seen
//	sfcancel.force.in          double  seconds until the force of a stop, if it will send one; negative once it is due
//	sfcancel.failover.from     string  host:port
//	sfcancel.failover.to       string  host:port
//
// # Metrics
//
//	http.client.request.duration  histogram  s           http.request.method, server.address, server.port, http.response.status_code, network.protocol.version, error.type
//	sfcancel.call.duration        histogram  s           sfcancel.call, sfcancel.verdict, error.type
//	sfcancel.call.attempts        histogram  {attempt}   sfcancel.call
//	sfcancel.pauses               counter    {pause}     sfcancel.call, sfcancel.class
//	sfcancel.failovers            counter    {failover}  server.address, server.port
//
// Durations are those of the spans, and are also recorded for spans that are not sampled. A
// pause is counted with the class of the request before it, and a failover with the endpoint
// that the client leaves.
//
// # Values of error.type
//
// For a call, the meaning of its [wrapper.Error]:
//
//	invalid_argument  force_refused  not_sent      server_refused  outcome_unknown
//	unavailable       not_finished   panic         _OTHER
//
// For a request, its status if that is 400 or more, such as 503. Otherwise the reason why there is no
// complete response:
//
//	canceled           the context of the call was cancelled
//	timeout            a deadline passed, of the attempt, of the call or of the transport
//	not_sent           middleware or a token source refused it
//	connection_failed  the connection could not be established
//	connection_lost    the connection broke, possibly within the response
//	name_not_resolved, server_certificate_invalid
//	bad_answer         not a response of this API, such as a redirect
//	panic              the transport panicked, or ended its goroutine
//	_OTHER             anything else
//
// If middleware returns an error that is not one of package wrapper, its call has _OTHER.
//
// # Secrets
//
// No header, body or other text from a server is reported. Error messages are omitted, and an
// unknown state, kind or code is reported as _OTHER. In a URL, the values of parameters that are not of the
// API are replaced by REDACTED. The bearer token is added beneath this package, which never sees it.
//
// What the propagator writes is sent to the cluster, including baggage if it propagates baggage.
//
// # Limits
//
// A call with invalid arguments, or of a closed client, sends nothing and reaches no middleware, so it is
// not reported. [wrapper.Client.CancelAll] makes several calls: pass it a context with a span
// to group them. If other middleware replaces a context by one not derived from it, nothing beneath it is
// reported as part of the call.
package otel
