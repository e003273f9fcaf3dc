// Package server serves an implementation of the fault API over HTTP.
//
// An implementation is any generated.StrictServerInterface: a method for each
// operation, typed requests, typed responses. Embed [Unimplemented] and write the methods you need:
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
// # Order of the checks
//
// The checks run in the order of the runtime's gateway. The first one that fails
// determines the answer.
//
//  1. Path, verb and api-version: 400 E_INVALIDARG. There is no 404 for a path,
//     no 405, and no redirect. Paths are case-sensitive, and empty segments are
//     skipped. A variable may span segments, so that the service ids app/svc and
//     app~svc both work; it is decoded once. An operation that was added after the
//     api-version of the request is an unknown path.
//  2. The site that a browser names as the origin of the request and, on a loopback address, the
//     Host. The runtime checks neither. 403 E_ACCESSDENIED; see [WithOrigins] and [WithHosts].
//  3. The ClusterId header, with [WithClusterID]: 403 E_ACCESSDENIED.
//  4. The client certificate, with [WithClientCertificates]: 403 with an empty
//     body.
//  5. The body: read and discarded; over 4 MiB, 413 FABRIC_E_MESSAGE_TOO_LARGE.
//  6. The parameters: 404 FABRIC_E_NAME_DOES_NOT_EXIST for a missing one, 400
//     E_INVALIDARG for a bad one; some parameters have other codes. In the query,
//     names are case-sensitive, the first pair of a name counts, and values are
//     not decoded: %2D is three characters and + is a plus. A pair without a value
//     counts as missing, and unknown names are ignored.
//  7. The role of the client: 403 E_ACCESSDENIED.
//  8. Its place in the queue, with [WithLimits]: 503 FABRIC_E_SERVICE_TOO_BUSY.
//  9. The implementation, with a context that ends at the request's timeout.
//
// # Security
//
// By default there is none: every client is an admin, as in a cluster
// without security. [WithClientCertificates] takes the place of X.509 security.
// A client then needs a certificate that is in one of two lists, is within
// its validity period and, if there is a CA, chains to it. A chain is verified once per
// connection, and its dates are checked with every request, so a certificate that
// expires during a connection is refused.
//
// With roles on, the document says which role an operation needs (Role of
// generated.Operation, docs/operations.md); without an entry, it needs an admin.
// [ClientRole] returns the client's role to an implementation.
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
// The certificate must reach the handler: behind a proxy that terminates TLS
// every client is refused. Revocation is not checked. A thumbprint is a SHA-1 hash,
// because Service Fabric uses SHA-1; with a CA, security does not depend on it.
//
// # Other paths of a gateway
//
// The handler itself answers three paths that tools request. The
// rules for paths, verbs and the ClusterId header hold for them, too.
//
//	                          api-version   certificate   answer, 200
//	GET /                     ignored       any role      a page of HTML
//	GET /$/GetClusterVersion  required      any role      {"Version":"8.2.0.0"}, by WithRuntimeVersion
//	GET /$/GetAadMetadata     required      not needed    {"type":"","metadata":{}}: AAD is off
//
// # Failures
//
// Every failure is a FabricError with a Message that is never empty, except that
// a client refused for its certificate gets no body. Return an
// [Error] to choose code, status and message. An error that wraps
// [context.DeadlineExceeded] is 504 FABRIC_E_TIMEOUT, one that wraps
// [context.Canceled] is 503 E_ABORT. Any other
// error, a panic, a nil response and a response that does not encode are 500
// E_FAIL with a fixed text: the details are in the log, never in the answer.
// A success that comes after the timeout is still reported as a success.
//
// A failure after the header was sent aborts the connection, so that
// a truncated answer cannot be taken for a complete one.
//
// The handler does not interrupt an implementation that ignores its context. An
// answer later than the timeout plus 30 s may be lost.
//
// # Telemetry
//
// [WithLogger] writes one line for every request, and [WithTrace] adds a hook around it. Package server/otel
// uses the hook for spans and metrics; this package imports no telemetry.
//
// # Profiles
//
// The documents and the open-source runtime disagree; [Profile] selects one of them. The
// last four rows are about the engine, package emulator:
//
//	                        Documented (default)        Runtime                       Reason
//	api-version             MAJOR.MINOR from 3.0 up to  any number from 1.0 up to     the gateway compares
//	                        the runtime version; 6.10   the runtime version, 6 and    floating-point numbers, and
//	                        comes after 6.9             6.0-preview, too; 6.10 = 6.1  ignores trailing text
//	timeout, from 6.0 on    in its bounds, else 400     0 is 400; other bad text is   the document has bounds, the
//	                                                    ignored, and 60 s applies     gateway has a default
//	Force                   required                    false if missing              the gateway reads it as optional
//	StateFilter, TypeFilter required                    0 if missing                  the same
//	QuorumLossMode          QuorumReplicas,             QuorumLossReplicas,           the gateway does not know the
//	                        QuorumLossReplicas,         AllReplicas                   documented text; documented
//	                        AllReplicas                                               clients send it
//	StopDurationInSeconds   required                    ignored unless the type       the gateway reads it only for
//	                                                    is Stop                       a stop
//	NodeInstanceId and      decimal digits              also after 0x or a plus       the document says decimal or
//	durations                                                                         integer, the parser is lenient
//	path of a progress call checked as for a start      ignored                       only the id finds the operation
//	type of an empty answer none                        the type of other answers     the gateway sets it with and
//	                                                                                  without a body (§1.1)
//	force during a rollback accepted                    400: no graceful cancel       the documents allow it once
//	after a failure                                     came before                   the state is RollingBack
//	second force            accepted                    400: it was forced before     the same; the runtime checks
//	                                                                                  the rollback flag
//	shortest node stop      600 s                       300 s                         a setting of the runtime
//	bits of StateFilter     one bit for each state      overlap: 1 also finds         the runtime filters by table,
//	                        shown                       rollbacks, 8 and 16 also      step and flag
//	                                                    cancelled operations
//
// Documented keeps the promises of the documents to a client that follows them.
// Runtime does what the code of the runtime does; use it to find out how a
// program behaves on a real cluster. Where the documents are silent, as on codes,
// on the order of the checks and on timeout below 6.0, both do what the runtime
// does.
//
// # Limitations
//
// net/http itself answers some requests, in text/plain or
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
// client does. If a client certificate is missing or refused, the gateway's phrase is
// "Client certificate required", and here it is "Forbidden".
//
// If a handshake fails, crypto/tls sends an alert, and there is no request. TLS older than
// 1.2 fails this way.
//
// In the comments of this package a § is a section of docs/runtime.md, the notes on
// the runtime, and a path such as httpgateway/GatewayUri.cpp is a file of the
// runtime itself: microsoft/service-fabric, below src/prod/src.
package server
