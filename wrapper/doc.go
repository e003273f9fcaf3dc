// Package wrapper cancels fault operations on an Azure Service Fabric cluster, and
// says after every call what is true now.
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
//	ForceCancel       abandons one that a graceful cancel did not end, if the policy allows it
//	Stop              does both in order, waits for the end, and says how it ended
//	Wait, Watch       look at an operation until it is over
//	CancelAll         cancels many, chosen by kind, state and age
//	Operation         reads one operation, whatever its kind
//	Progress          reads one, and why it ended as it did, and what it worked on
//	Operations, AllOperations
//	                  read all that the cluster remembers, as a slice and one by one
//	Do                makes a request of another operation, in the way of all these
//	StartDataLoss, StartQuorumLoss, StartPartitionRestart, StartNodeTransition
//	                  begin one; safe to repeat with the same operation id
//
// # What a call tells
//
// A [Result] is a statement about the operation: [Accepted], [AlreadyStopping],
// [AlreadyForced], [Finished] with the state it ended in, or [NotFound]. An error
// means that the call was not allowed or that the truth could not be found out; it
// never means "try it and see". [ErrOutcomeUnknown] is the only error after which what
// was asked for may have happened, and nobody knows. Two others come after something has,
// and say what: [ErrNotFinished] after a [Client.Stop] that did not see the end, and
// [ErrForceRefused] after a [GracefulFirst] that was interrupted in its grace, or whose ledger
// failed, which has cancelled gracefully.
//
//	errors.Is(err, wrapper.ErrOutcomeUnknown)     what to decide on
//	wrapper.CodeOf(err)                           what the server said
//	errors.Is(err, context.DeadlineExceeded)      the caller's context ended the call; nothing
//	                                              else has this error behind it
//	errors.As(err, &e)                            an *Error: state, attempts, Retry-After
//
// # How it finds out
//
// Every request of a call ends as one of four classes ([Attempt.Class]): not sent, refused,
// done, or ambiguous. Ambiguous is a request that may have been carried out without
// an answer saying so: 502, 503, 504, a time-out, a reset, an answer cut short.
//
//   - An ambiguous graceful cancel is sent again: repeating it changes nothing.
//   - An ambiguous force is never sent again blindly, because a force is accepted
//     once and would come back as an error although it worked. A graceful cancel is
//     sent instead, as a probe. 200 means that the force is not in effect, and it is
//     sent again; 400 FABRIC_E_INVALID_TEST_COMMAND_STATE means that it is; 404 means
//     that the operation is over, and the list tells how it ended. Unless this call has seen
//     the operation RollingBack, the list comes first, and an operation that is
//     Running is not probed: the probe would be the graceful cancel that was missing.
//   - An ambiguous start is sent again; 409 means that the first one arrived, if the
//     operation that has the id is of the same kind.
//   - A 404 to a cancel does not tell "over" from "never was"; the list does. Where the ledger
//     knows of the start, the operation is asked for by its progress instead of the list here and
//     above, and what that does not show, the list tells.
//   - A refusal may be the answer to a copy: a proxy or a mesh may send a request twice. So a
//     start whose id exists is looked up. If that operation is of the same kind, the start is
//     [AlreadyStarted], or [Accepted] if the call made the id itself. A force that is refused
//     because of the state is looked up and probed like one that was lost. If nothing tells, the
//     outcome is unknown: a refusal alone does not prove that nothing happened.
//
// What was lost can still arrive late. So a force that was ambiguous once stays
// possible until a refused probe or the end of the operation settles it, whatever came
// in between, and a call that ends without either says [ErrOutcomeUnknown].
//
// An answer can be lost without a reset, where a process hangs or a NAT forgets a connection.
// So no request takes the whole call: the time of the context is shared out, and the rest is
// enough for a list or a probe and one more try, at another gateway if there is one; see
// [Retry].AttemptTimeout for the shares. With the default settings and 30 s, one such loss at any
// position of any call ends in a verdict, and a gateway that hangs costs less than half of the
// context if there is another one.
//
// Every request carries an id of its own as X-ServiceFabricRequestId, and a User-Agent with the
// version of this module. The gateway writes the id into its trace, so that a request without
// an answer can be found there: it is in [Attempt], in [Error].RequestID, in logs and spans.
//
// The probe relies on one rule: a graceful cancel is refused with
// FABRIC_E_INVALID_TEST_COMMAND_STATE exactly while a force is in effect. That is
// what the runtime does (runtime §5.2); the documents say nothing that
// contradicts it, and the reference server does it in both profiles. That a repeated
// force is refused is the runtime's rule alone, and nothing here relies on it.
//
// When another client forces the same operation at the same time, no server tells
// whose force took effect. [Accepted] with Resolved set then means that a force is in
// effect and that this call had sent one.
//
// In the comments of this package "runtime §" is a section of docs/runtime.md, the notes
// on what the runtime does and where its code says so.
//
// # When a force may go out
//
// Force leaves state behind, so a [ForcePolicy] is asked first. [RequireGraceful],
// the default, wants evidence that a graceful cancel came before, and refuses
// locally without it. [GracefulFirst] does the whole sequence by itself.
// [ServerDecides] leaves the judgement to the server. Evidence is in the [Ledger].
// [Client.Stop] is a policy of its own.
//
// Evidence is of one cluster, and of one life of an id. An entry counts for the clients of the
// same cluster: those that were given its name by [WithCluster], or that share an endpoint. It
// counts until a start of the id is accepted, or until its end was seen: an id that is used
// again is another operation. After a start of unknown outcome, and for entries of releases that
// did not note the cluster, the cluster is asked what it shows. A grace counts from the first
// graceful cancel that is noted, but never from the future: the clock of another machine may be
// ahead. One that is behind shortens a grace by as much.
//
// The ledger of a client lasts as long as its process, unless [WithLedger] gives it another:
// package wrapper/ledger keeps one for several processes and machines. If the ledger is
// unreachable, graceful cancels and starts still go out; forces are refused:
//
//	the ledger fails        Cancel, start     ForceCancel                          Stop
//	to be read              as always         refused; [GracefulFirst] has         ErrNotFinished when the time of
//	                                          cancelled gracefully                 the force comes, none is sent
//	before a force is sent  -                 refused; [GracefulFirst] has         the same
//	                                          cancelled gracefully, and waited
//	after a call            LedgerErr         LedgerErr                            LedgerErr
//
// # When it asks again
//
// Up to [Retry].MaxAttempts requests a call, with full jitter in between, which takes a fifth
// of the time that is left at most. None is sent earlier than a Retry-After says (seconds, or a
// date in any of its three forms), and none beyond the context. If the context does not last until
// then, the call ends at once, and the error says how long the wait would have been. All calls of
// a client share a token bucket ([Retry].Burst and Rate); if it is empty, calls wait longer. The
// timeout parameter of each request is what the request may take, less a twelfth for the way
// back; api-version 3.0 has none and sends none.
//
//	answer                                         class      asked again
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
// A force that was ambiguous is asked about, not asked again, as told above. FMFailoverUnitNotFound
// means that the cluster has no fault service.
//
// # Where it connects
//
// [WithEndpoints] names more gateways of the same cluster; the client stays with one and goes
// to the next when it fails. [WithTLS] is for certificates: the client's own, which is
// read again when it changes on disk, and those of the server, by CA, thumbprint or
// common name. [WithTokenSource] is for bearer tokens. No redirect is ever followed.
// [WithHTTPClient] replaces all of that by an HTTP client of the caller's.
//
// The client speaks HTTP/1.1, as the gateways of Service Fabric and all their clients do. A
// caller's HTTP client may speak HTTP/2. With both, a request reaches the server once at most:
// net/http sends some again by itself, and is stopped. After a connection ended without an answer,
// the call uses new ones. A TLS 1.3 alert that refuses the client certificate proves that
// nothing was read, so that the request counts as not sent.
//
// What comes back is bounded: 64 KiB of headers, 64 KiB of a failure, 16 MiB of a list and
// 10 000 operations of a kind in it. Of codes, messages and bodies the beginning is kept.
//
// # What can be seen of it
//
// From the outside to the wire:
//
//	WithCallMiddleware      around each call
//	policy, ledger          may this force go out?
//	attempt loop            send, judge, wait, find out
//	WithAttemptMiddleware   around each request
//	credentials             the bearer token
//	transport               TLS, connections
//
// [WithObserver] hears of calls, requests, pauses, failovers and states, [WithLogger] logs them,
// and package wrapper/otel makes spans and metrics of them. [CallOptions] and every result
// and error have each request with its status, header, endpoint and times; of a call that
// waits, all but the looks before the last. No credential is in any of them.
//
// # What it imports
//
// The standard library, the generated client and what that needs. Requests have no
// bodies, so nothing is buffered to be sent again. No environment is read: a
// proxy comes with [WithProxy].
package wrapper
