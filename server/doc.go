// Package server turns an implementation of the fault API into a correct HTTP
// edge for it.
//
// An implementation is any generated.StrictServerInterface: a method for each
// operation, typed requests, typed responses. Embed [Unimplemented] and write the ones you need:
//
//	type cluster struct{ server.Unimplemented }
//
//	func (cluster) CancelOperation(ctx context.Context, r generated.CancelOperationRequestObject) (generated.CancelOperationResponseObject, error) {
//		return generated.CancelOperation200Response{}, nil
//	}
//
//	h, err := server.New(cluster{}, server.WithProfile(server.Runtime))
//	srv := server.NewHTTPServer(h, slog.Default())
//	srv.Addr = "localhost:19080"
//	err = srv.ListenAndServe()
//
// # The way of a request
//
// The checks come in the order of the runtime's gateway; the first that fails
// answers.
//
//  1. Path, verb and api-version: 400 E_INVALIDARG. There is no 404 for a path,
//     no 405, and no redirect. Empty pieces of a path do not matter, letter case
//     does. A variable spans pieces, so that the service ids app/svc and app~svc
//     both work; it is handed over decoded once. An operation that came after the
//     api-version of the request is not there.
//  2. Where a browser says that the request comes from, and on a loopback address the
//     Host, which the runtime does not look at: 403 E_ACCESSDENIED; see [WithOrigins] and [WithHosts].
//  3. The ClusterId header, with [WithClusterID]: 403 E_ACCESSDENIED.
//  4. The client certificate, with [WithClientCertificates]: 403 with an empty
//     body.
//  5. The body: read and forgotten; over 4 MiB, 413 FABRIC_E_MESSAGE_TOO_LARGE.
//  6. The parameters: 404 FABRIC_E_NAME_DOES_NOT_EXIST for a missing one, 400
//     E_INVALIDARG for a bad one, and a few codes of their own. In the query,
//     names mind their case, the first pair of a name counts, and values are
//     taken raw: %2D is three characters and + is a plus. A pair without a value
//     is as good as none, and unknown names are ignored.
//  7. The role of the client: 403 E_ACCESSDENIED.
//  8. Its turn, with [WithLimits]: 503 FABRIC_E_SERVICE_TOO_BUSY.
//  9. The implementation, with a context that ends at the request's timeout.
//
// # Security
//
// Without an option there is none: everybody is an admin, as in a cluster
// without security. [WithClientCertificates] takes the place of X.509 security.
// A client must then show a certificate that is in one of two lists, is within
// its dates and, if there is a CA, chains to it. A chain is verified once for a
// connection, and its dates are checked with every request, so a certificate that
// expires in between is turned away.
//
// With roles on, an operation is for the role that the document gives it (Role of
// generated.Operation, docs/operations.md), and one of which it says nothing is for
// admins. [ClientRole] tells an implementation who is asking.
//
//	h, err := server.New(cluster{}, server.WithClientCertificates(server.ClientCertificates{
//		Admin: []string{"CN=operators"},
//		User:  []string{"0123456789ABCDEF0123456789ABCDEF01234567"},
//		Roles: true,
//		CA:    roots,
//	}))
//	srv := server.NewHTTPServer(h, slog.Default())
//	srv.TLSConfig = server.TLSConfig(cert)
//	err = srv.ListenAndServeTLS("", "")
//
// The certificate must reach the handler: behind a proxy that ends the TLS
// everybody is turned away. Revocation is not checked. A thumbprint is a SHA-1,
// because that is what Service Fabric has; a CA takes the weight off it.
//
// # What a gateway answers besides
//
// Three paths that tools ask are answered in front of any implementation. The
// rules for paths, verbs and the ClusterId header hold for them, too.
//
//	                          api-version   certificate   answer, 200
//	GET /                     not read      any role      a page of HTML
//	GET /$/GetClusterVersion  required      any role      {"Version":"8.2.0.0"}, by WithRuntimeVersion
//	GET /$/GetAadMetadata     required      none needed   {"type":"","metadata":{}}: it is off
//
// # Failures
//
// Every failure is a FabricError with a Message that is never empty; only a
// client that is turned away for its certificate gets no body. Return an
// [Error] to choose code, status and message. [context.DeadlineExceeded] in a
// chain is 504 FABRIC_E_TIMEOUT, [context.Canceled] is 503 E_ABORT. Any other
// error, a panic, a nil response and a response that does not encode are 500
// E_FAIL with a fixed text: what they say is in the log, never in the answer.
// A success that comes after the timeout is still reported as a success.
//
// A failure after the header of an answer went out cuts the connection, so that
// half an answer cannot pass for one.
//
// An implementation that ignores its context keeps the request for as long as
// it likes; an answer later than the timeout plus 30 s may not get through.
//
// # Telemetry
//
// [WithLogger] has one line for every request, and [WithTrace] a hook around it. Package server/otel
// makes spans and metrics of that; this package imports no telemetry.
//
// # Profiles
//
// The documents and the open-source runtime disagree; [Profile] chooses. They
// differ in this; the last four rows are about the engine, package emulator:
//
//	                        Documented (default)        Runtime                       Reason
//	api-version             MAJOR.MINOR from 3.0 up to  any number from 1.0 up to     the gateway compares
//	                        the runtime version; 6.10   the runtime version, 6 and    floating-point numbers, and
//	                        comes after 6.9             6.0-preview, too; 6.10 = 6.1  forgives what follows them
//	timeout, from 6.0 on    in its bounds, else 400     0 is 400; other bad text is   the document has bounds, the
//	                                                    ignored, and 60 s hold        gateway has a default
//	Force                   required                    false if missing              the gateway reads it as optional
//	StateFilter, TypeFilter required                    0 if missing                  the same
//	QuorumLossMode          QuorumReplicas,             QuorumLossReplicas,           the gateway does not know the
//	                        QuorumLossReplicas,         AllReplicas                   documented text; documented
//	                        AllReplicas                                               clients send it
//	StopDurationInSeconds   required                    not read unless the type      the gateway reads it only where
//	                                                    is Stop                       it has a meaning
//	NodeInstanceId and      decimal digits              also after 0x or a plus       the document says decimal or
//	durations                                                                         integer, the parser is lenient
//	path of a progress call judged like that of a start not looked at                 only the id finds the operation
//	type of an empty answer none                        that of the others            the gateway sets it whether or not
//	                                                                                  there is a body (§1.1)
//	force while a failure   accepted                    400: no graceful cancel       the documents allow it once
//	is undone                                           came before                   the state is RollingBack
//	force once more         accepted                    400: it was forced before     the same; the runtime looks
//	                                                                                  at the flag behind the state
//	least stop of a node    600 s                       300 s                         a setting of the runtime
//	bits of StateFilter     a state each, as it is      overlap: 1 also finds what    the runtime filters by table,
//	                        shown                       rolls back, 8 and 16 also     step and flag
//	                                                    what a cancel ended
//
// Documented keeps what the documents promise to a client that follows them.
// Runtime does what the code does to everybody; it is there to find out what a
// program will meet in the field. Where the documents are silent, as on codes,
// on the order of the checks and on timeout below 6.0, both do what the runtime
// does.
//
// # What this package cannot do
//
// Some requests never get here. net/http itself answers, in text/plain or
// without a body: 400 to a malformed request line or header, to an invalid
// percent sign in the path, to a missing Host and to a header that does not come
// in time; 431 to a header over the limit; 417 to an unknown Expect; 501 to an
// unknown Transfer-Encoding; 505 to an unknown protocol version.
//
// net/http ends the context of a request whose client closes its half of the
// connection after sending it; such a client may get 503 E_ABORT.
//
// net/http chooses the reason phrase of the status line. The gateway puts the
// code there for most errors; read the code from the body, as every supported
// client does. For a client certificate that is missing or not accepted it says
// "Client certificate required" there, and here it is "Forbidden".
//
// A handshake that fails never becomes a request: crypto/tls ends it with an
// alert, as it does a TLS older than 1.2.
//
// In the comments of this package a § is a section of docs/runtime.md, the notes on
// the runtime, and a path such as httpgateway/GatewayUri.cpp is a file of the
// runtime itself: microsoft/service-fabric, below src/prod/src.
package server
