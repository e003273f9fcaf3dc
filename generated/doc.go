// Package generated is the fault-operation API as the document describes it: types, a table of the
// contract, request builders and a client, and what a server is made of.
//
// Everything but this comment is made by "go generate" from openapi/faults.yaml with the Go names of
// openapi/go.overlay.yaml; edit those, never these files.
//
// [Operations] has every operation with its method, path, role, parameters and answers, and each
// parameter with every constraint that the document has for it. [Operation.Bind] makes the request
// object of an operation of the texts of a request, and checks all of them. Package server makes a
// correct HTTP edge of these and of an implementation of [StrictServerInterface]; embed
// [Unimplemented] to have only some of the operations. An answer that is a list has a stream beside it,
// such as [GetFaultOperationList200JSONStream], for lists that are read while they are written.
//
// Programs that cancel operations want package wrapper, which says what happened after every call.
// The client of this package sends one request and hands back the answer: it follows no redirect,
// loses no status and reads no body without a bound, but it does not ask again, and what a lost
// answer leaves open stays open.
package generated
