// Package contract holds servers to the document. A checker stands in front of a
// handler, or of a transport, and judges every exchange in both directions:
//
//   - A request that the document allows is not refused as malformed.
//   - A request that the document forbids is refused as malformed, and reaches no
//     implementation.
//   - Every answer has a status, a type and a body that the document gives the
//     operation. Members and enum values that it does not have are mistakes, and so
//     is a type without a body. Every failure is a FabricError with a code and a
//     message, also where there is no operation.
//
// Where a server differs from the document on purpose, the table in differences.go
// says so, and why. Nothing else is let through.
//
// # Views
//
// A request is judged in the view of its api-version. 3.0 and 6.0 have one. For
// every other version the document itself says which one counts: a runtime "behaves
// as the last documented version that is not above it", so 3.5 is judged by the
// view of 3.0, and 8.2 by that of 6.0. In the runtime profile an api-version is a
// number, so 6 and 6.0-preview are judged like 6.0, and 2, which is below all
// documents, by the oldest. A version that the server must refuse has no view; then
// the whole document tells how the refusal must look. An operation that a view does
// not have came later, and a request for it is one for no operation.
//
// # What the document says of a request
//
// kin-openapi judges the parameters, and is too lenient for that in four things,
// which are judged here: it takes 1, t and TRUE for booleans, it takes a plus in
// front of an integer, it passes over names that an operation does not have, and of
// several values of a name it looks at one. Paths are matched as the document
// writes them, trailing slashes included. Hosts do not count, as the servers of the
// document are examples.
//
// The package is for tests. It imports kin-openapi, which nothing that ships does.
package contract
