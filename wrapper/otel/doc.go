// Package otel makes a client of package wrapper report OpenTelemetry spans and metrics:
// a span for every call, with a span for each of its requests in it.
//
//	client, err := wrapper.New("https://gateway:19080", otel.Instrument())
//
// Without options the global providers and the global propagator are used, also if they
// are set later. [WithTracerProvider], [WithMeterProvider] and [WithPropagator] name
// others. What is not set costs little and reports nothing.
//
// Names and rules are those of the semantic conventions for HTTP, version 1.43.0: "HTTP
// spans" and "HTTP metrics". What begins with sfcancel is of this package.
//
// # Spans
//
//	span              kind      name                      ends
//	call              INTERNAL  sfcancel.force_cancel     when the call returns
//	request           CLIENT    POST /Faults/$/Cancel     when the body of its answer was read and judged
//
// The name of a call is that of [wrapper.Call] with underscores; the name of a request is its
// method and url.template. The template is a path of the API behind
// the path of the endpoint, such as
// /Faults/Services/{serviceId}/$/GetPartitions/{partitionId}/$/StartDataLoss; a request to
// another path has none. So a name has no id in it, and there are few.
//
// Each try, probe and read is a request. The time of a request begins after the middleware
// around this one, covers the middleware beneath it, and includes the body of the answer.
// A request that middleware refused before it came here has no span.
//
// A call has the status Error if it returned an error, with error.type; a request if its
// status is 400 or more or there was no whole answer, as the conventions say for clients. A
// call that succeeds may have requests that did not: a probe is refused when all is well.
// The description of a status is always empty.
//
// # Attributes of calls
//
//	sfcancel.call            string  cancel, force_cancel, stop, wait, watch, list_operations, ...
//	sfcancel.operation.id    string  the operation; not for a list
//	sfcancel.kind            string  the kind of a start, or what was learnt of the kind
//	sfcancel.force           bool    true if a force was asked for, or a stop came to need one
//	sfcancel.verdict         string  Accepted, AlreadyStarted, AlreadyStopping, AlreadyForced, Finished, NotFound
//	sfcancel.resolved        bool    beside a verdict: whether it took more than an answer to find out
//	sfcancel.state           string  the state as it was seen last
//	sfcancel.attempts        int     the requests that were made
//	sfcancel.ledger.failed   bool    true if the ledger could not note a verdict
//	error.type               string  see below
//
// # Attributes of requests
//
//	http.request.method        string  _OTHER if the conventions do not know it
//	server.address             string  the host of the endpoint
//	server.port                int     its port, also if it is that of the scheme
//	url.scheme                 string  http or https
//	url.full                   string  credentials, and parameters that are not of the API, are redacted
//	url.template               string  see above
//	http.request.resend_count  int     0 is left out; the second request of a call has 1
//	http.response.status_code  int     if an answer came
//	network.protocol.version   string  if an answer came: 1.1, 2
//	error.type                 string  see below
//	sfcancel.purpose           string  graceful, force, probe, read, start
//	sfcancel.request.id        string  the X-ServiceFabricRequestId, which the gateway writes into its trace
//	sfcancel.class             string  ambiguous, not_sent, refused, done; see [wrapper.Attempt.Class]
//	sfcancel.code              string  the code of a FabricError
//
// Every request of a call after the first has a resend_count, whatever it asks: the
// conventions count what is sent "to satisfy the same API call". The purpose tells
// repetitions from probes and reads.
//
// # Events of calls
//
//	sfcancel.pause      the call will ask again
//	sfcancel.state      a call that waits sees the operation in another state, or the time of its force changes
//	sfcancel.failover   the client leaves an endpoint
//
//	sfcancel.pause.duration    double  in seconds
//	sfcancel.class             string  of the request before
//	http.response.status_code  int     of the request before, if an answer came
//	sfcancel.state             string  the state that was seen
//	sfcancel.force.in          double  seconds until the force of a stop, if one will go out; negative once it is due
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
// Durations are those of the spans, and are there for spans that are not sampled, too. A
// pause is counted with the class of the request before it, a failover with the endpoint
// that is left.
//
// # The values of error.type
//
// Of a call, what the [wrapper.Error] means:
//
//	invalid_argument  force_refused  not_sent      server_refused  outcome_unknown
//	unavailable       not_finished   panic         _OTHER
//
// Of a request, its status if that is 400 or more, such as 503, or else why there is no
// whole answer:
//
//	canceled           the context of the call was cancelled
//	timeout            no answer in time, whoever set the time
//	not_sent           middleware or a token source refused it
//	connection_failed  there was no connection
//	connection_lost    it broke off, perhaps within the answer
//	name_not_resolved, server_certificate_invalid
//	bad_answer         not an answer of this API, such as a redirect
//	panic              the transport panicked, or ended its goroutine
//	_OTHER             anything else
//
// An error that middleware made and that is none of package wrapper is _OTHER for its call.
//
// # Secrets
//
// No header, no body and no text that others wrote is reported: not the message of an
// error, and of states, kinds and codes only those that are known; others are _OTHER. Of a
// URL, the values of parameters that are not of the API are replaced by REDACTED. The bearer
// token is added beneath this package, which never sees it.
//
// What the propagator writes is sent to the cluster, and so is baggage if it is a propagator
// of that.
//
// # What is not reported
//
// A call whose arguments make no sense sends nothing and reaches no middleware, nor does one
// of a closed client. [wrapper.Client.CancelAll] is made of calls: give it a context with a span
// to have them together. If other middleware replaces a context by one that is not made
// from it, what is beneath goes on unreported.
package otel
