// Package wrapper cancels fault operations on an Azure Service Fabric cluster. After
// every call the caller knows what happened.
//
//	client, err := wrapper.New("http://localhost:19080")
//	...
//	result, err := client.Cancel(ctx, id, wrapper.CancelOptions{})
//	...
//	fmt.Println(result.Verdict, result.State) // Accepted RollingBack
//
// # The calls
//
//	Cancel            stops an operation gracefully, and returns when that is in effect
//	ForceCancel       abandons an operation that a graceful cancel did not end, if the policy allows it
//	Stop              does both in order, waits for the end, and returns how the operation ended
//	Wait, Watch       poll an operation until it is over
//	CancelAll         cancels many operations, selected by kind, state and age
//	Operation         reads one operation of any kind
//	Progress          reads one operation with its cause and its target
//	Operations, AllOperations
//	                  read all operations that the cluster remembers, as a slice or one by one
//	Do                sends a request of any other operation with the same retries, endpoints and TLS
//	StartDataLoss, StartQuorumLoss, StartPartitionRestart, StartNodeTransition
//	                  start one; safe to repeat with the same operation id
//
// # What a call tells
//
// A [Result] is a statement about the operation: [Accepted], [AlreadyStopping],
// [AlreadyForced], [Finished] with the state it ended in, or [NotFound]. An error
// means that the call was not allowed or that the outcome could not be determined; it
// never means "try it and see". [ErrOutcomeUnknown] is the only error after which it is
// unknown whether the request took effect. Two other errors may follow a request that took
// effect, and they say which: [ErrNotFinished] if a [Client.Stop] ended before the operation
// did, and [ErrForceRefused] if [GracefulFirst] cancelled gracefully and was then interrupted
// during the grace, or its ledger failed.
//
//	errors.Is(err, wrapper.ErrOutcomeUnknown)     what to decide on
//	wrapper.CodeOf(err)                           what the server said
//	errors.Is(err, context.DeadlineExceeded)      the caller's context ended the call; no other
//	                                              failure wraps this error
//	errors.As(err, &e)                            an *Error: state, attempts, Retry-After
//
// # Lost answers
//
// Every request of a call ends as one of four classes ([Attempt.Class]): not sent, refused,
// done, or ambiguous. A request is ambiguous if it may have been carried out but no answer
// says so: 502, 503, 504, a timeout, a reset, a truncated answer.
//
//   - An ambiguous graceful cancel is retried: it is idempotent.
//   - An ambiguous force is never retried blindly: the cluster accepts a force once, and a
//     repetition would be refused although the first one worked. Instead a graceful cancel is
//     sent as a probe. 200 means that the force is not in effect, so it is sent again;
//     400 FABRIC_E_INVALID_TEST_COMMAND_STATE means that it is in effect; 404 means that the
//     operation is over, and the list tells how it ended. If this call has not seen the operation
//     RollingBack, the list is read first. A Running operation is not probed, because the
//     probe would be the graceful cancel that was missing.
//   - An ambiguous start is retried. 409 means that the first one arrived, if the operation with
//     the id is of the same kind.
//   - A 404 to a cancel does not distinguish "over" from "never existed"; the list does. If the
//     ledger knows the start, the call reads the progress of the operation instead of the list,
//     here and above, and reads the list only if the progress does not tell.
//   - A proxy or a mesh may send a request twice, and a refusal may answer the copy. A start whose
//     id exists is therefore looked up. If the operation is of the same kind, the verdict is
//     [AlreadyStarted], or [Accepted] if the call made the id itself. A force that is refused
//     because of the state is looked up and probed as if its answer were lost. If that does not
//     tell, the outcome is unknown: a refusal alone does not prove that nothing happened.
//
// A lost request can arrive late. An ambiguous force stays possible until a refused probe
// or the end of the operation settles it, and a call that ends before that returns
// [ErrOutcomeUnknown].
//
// An answer can be lost without a reset, when a process hangs or a NAT drops a connection.
// No request may therefore use all the time of a call: enough is left for a list or a probe
// and one more attempt, at another gateway if there is one; [Retry].AttemptTimeout has the
// shares. With the default settings and 30 s, one such loss at any point of any call ends in a
// verdict. If there is another gateway, one that hangs costs less than half of the time.
//
// Every request has its own id in X-ServiceFabricRequestId, and a User-Agent with the version
// of this module. The gateway writes the id into its trace, where a request without an answer can
// be found. The id is in [Attempt], in [Error].RequestID, in logs and in spans.
//
// The probe relies on one rule: a graceful cancel is refused with
// FABRIC_E_INVALID_TEST_COMMAND_STATE exactly while a force is in effect. That is
// what the runtime does (runtime §5.2). The documents do not contradict it, and the
// reference server does it in both profiles. Only the runtime refuses a repeated force, and
// this package does not rely on that.
//
// If another client forces the same operation at the same time, no server tells
// whose force took effect. [Accepted] with Resolved set then means that a force is in
// effect and that this call sent one.
//
// In the comments of this package "runtime §" refers to a section of docs/runtime.md, which
// describes what the runtime does and where its source says so.
//
// # When a force may go out
//
// Force leaves state behind, so a [ForcePolicy] is asked first. [RequireGraceful],
// the default, requires evidence of an earlier graceful cancel, and refuses locally
// without it. [GracefulFirst] does the whole sequence by itself. [ServerDecides] leaves
// the decision to the server. The evidence is in the [Ledger]. [Client.Stop] is a
// policy of its own.
//
// Evidence belongs to one cluster and one life of an id. An entry counts for clients of the
// same cluster: clients with the same name ([WithCluster]), or with an endpoint in common. It
// counts until a start with the id is accepted or the end of the operation is seen, because an
// id that is used again is another operation. After a start of unknown outcome, and for entries
// without a cluster, which earlier releases wrote, the call asks the cluster. A grace counts from
// the first graceful cancel in the ledger, but never from a time in the future: the clock of
// another machine may be ahead. A clock that is behind shortens the grace by the difference.
//
// By default the ledger lives as long as the client. [WithLedger] sets another: package
// wrapper/ledger has one for several processes and machines. If the ledger is
// unreachable, graceful cancels and starts still go out; forces are refused:
//
//	the ledger fails        Cancel, start     ForceCancel                          Stop
//	to be read              as always         refused; [GracefulFirst] has         ErrNotFinished when the time of
//	                                          cancelled gracefully                 the force comes, none is sent
//	before a force is sent  -                 refused; [GracefulFirst] has         the same
//	                                          cancelled gracefully, and waited
//	after a call            LedgerErr         LedgerErr                            LedgerErr
//
// # Retries
//
// A call sends up to [Retry].MaxAttempts requests. It backs off with full jitter between them, for
// at most a fifth of the time that is left. It honours Retry-After (seconds, or a date in any of its
// three forms). If the context ends before the next request may be sent, the call ends at once, and
// the error says how long the wait would have been. All calls of a client share a token bucket
// ([Retry].Burst and Rate); while it is empty, calls wait longer. The timeout parameter of a
// request is the time that the request may take, less a twelfth for the way back; api-version 3.0
// has no such parameter.
//
//	answer                                         class      retried
//	200 to a cancel or read, 202 to a start        done       no
//	200 with a body that does not belong there     ambiguous  yes
//	an answer cut short, or none                   ambiguous  yes
//	no connection                                  not sent   yes
//	no connection for lack of trust or a token     not sent   no
//	303, 408, 460, 499                             ambiguous  yes
//	429                                            refused    after a longer pause
//	other 3xx and 4xx                              refused    no
//	500 FMFailoverUnitNotFound                     refused    no
//	501, 505                                       refused    no
//	503 FABRIC_E_SERVICE_TOO_BUSY                  ambiguous  after a longer pause
//	503 FABRIC_E_REPLICATION_QUEUE_FULL            ambiguous  after a longer pause
//	other 5xx                                      ambiguous  yes
//
// An ambiguous force is probed before it is sent again; see above. FMFailoverUnitNotFound
// means that the cluster has no fault service.
//
// # Connections
//
// [WithEndpoints] names more gateways of the same cluster; the client stays with one and fails over
// to the next. [WithTLS] sets certificates: the client's own, which is reloaded when it changes
// on disk, and how to verify the server, by CA, thumbprint or common name. [WithTokenSource]
// sets bearer tokens. Redirects are never followed. [WithHTTPClient] replaces all of that with
// an HTTP client of the caller's.
//
// The client speaks HTTP/1.1, as the gateways of Service Fabric and all their clients do. A
// caller's HTTP client may speak HTTP/2. With both, a request reaches the server at most once: the
// retries of net/http are turned off. After a connection ended without an answer, the call
// uses new ones. A TLS 1.3 alert that refuses the client certificate proves that the server read
// nothing, so the request counts as not sent.
//
// Answers are bounded: 64 KiB of headers, 64 KiB of a failure, 16 MiB of a list and 10 000
// operations of a kind in it. Longer codes, messages and bodies are truncated.
//
// # Observability
//
// From the caller to the wire:
//
//	WithCallMiddleware      around each call
//	policy, ledger          decide whether a force may go out
//	attempt loop            sends, classifies, backs off, probes
//	WithAttemptMiddleware   around each request
//	credentials             the bearer token
//	transport               TLS, connections
//
// [WithObserver] is told of calls, requests, pauses, failovers and states, [WithLogger] logs them,
// and package wrapper/otel turns them into spans and metrics. [CallOptions], results and errors
// have each request with its status, header, endpoint and times; a call that waits keeps only its
// last poll. None of them has credentials.
//
// # Imports
//
// The package imports the standard library, the generated client and what that needs. It reads
// no environment variables: [WithProxy] sets a proxy.
package wrapper
