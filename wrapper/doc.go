// Package wrapper cancels fault operations on an Azure Service Fabric cluster, and
// says after every call what is true now.
//
//	client, err := wrapper.New("http://localhost:19080")
//	...
//	result, err := client.Cancel(ctx, id, wrapper.CancelOptions{})
//	...
//	fmt.Println(result.Verdict, result.State) // Accepted RollingBack
//
// # What a call tells
//
// A [Result] is a statement about the operation: [Accepted], [AlreadyStopping],
// [AlreadyForced], [Finished] with the state it ended in, or [NotFound]. An error
// means that the call was not allowed or that the truth could not be found out; it
// never means "try it and see". [ErrOutcomeUnknown] is the only error after which what
// was asked for may have happened. (A [GracefulFirst] that is interrupted in its grace
// has cancelled gracefully, and not forced; the error's state and attempts say so.)
//
// # How it finds out
//
// Every request of a call ends as one of four classes ([Class]): not sent, refused,
// done, or ambiguous. Ambiguous is a request that may have been carried out without
// an answer saying so: 502, 503, 504, a time-out, a reset, an answer cut short.
//
//   - An ambiguous graceful cancel is sent again: repeating it changes nothing.
//   - An ambiguous force is never sent again blindly, because a force is accepted
//     once and would come back as an error although it worked. A graceful cancel is
//     sent instead, as a probe. 200 means that the force is not in effect, and it is
//     sent again; 400 FABRIC_E_INVALID_TEST_COMMAND_STATE means that it is; 404 means
//     that the operation is over, and the list tells how it ended. If nobody is known
//     to have cancelled the operation, the list comes first, and an operation that is
//     Running is not probed: the probe would be the graceful cancel that was missing.
//   - An ambiguous start is sent again; 409 means that the first one arrived, if the
//     operation that has the id is of the same kind.
//   - A 404 to a cancel does not tell "over" from "never was"; the list does.
//
// What was lost can still arrive late. So a force that was ambiguous once stays
// possible until a refused probe or the end of the operation settles it, whatever came
// in between, and a call that ends without either says [ErrOutcomeUnknown].
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
//
// # When it asks again
//
// Up to [Retry].MaxAttempts requests a call, with full jitter in between, never
// earlier than a Retry-After says, and never beyond the context. A wait that the
// context cannot last ends the call at once. The timeout parameter of each request is
// set from the time that is left; api-version 3.0 has none and sends none.
//
//	answer                                          class       asked again
//	200 to a cancel or list, 202 to a start         done        -
//	200 with a body that does not belong there      ambiguous   yes
//	408, 500, 502, 503, 504, cut-off answers        ambiguous   yes, after a probe if it was a force
//	429                                             refused     yes
//	500 FMFailoverUnitNotFound (no fault service)   refused     no
//	3xx, other 4xx, 501, 505                        refused     no
//	no connection                                   not sent    yes
//
// # What it imports
//
// The standard library, the generated client and what that needs. Requests have no
// bodies, so nothing is buffered to be sent again. The environment is not read: a
// proxy or certificates come with [WithHTTPClient].
package wrapper
