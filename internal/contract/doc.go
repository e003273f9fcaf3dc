// Package contract checks servers against the document. A checker wraps a
// handler or a transport and checks every exchange in both directions:
//
//   - A request that the document allows is not refused as malformed.
//   - A request that the document forbids is refused as malformed, and reaches no
//     implementation.
//   - Every answer has a status, a content type and a body that the document defines for the
//     operation. Undocumented members and enum values are mistakes, and so
//     is a content type without a body. Every failure is a FabricError with a code and a
//     message, even if the request matches no operation.
//
// The table in differences.go lists where a server deliberately differs from the
// document, and why. Any other difference is reported.
//
// # Views
//
// A request is checked against the view of its api-version. 3.0 and 6.0 have one. For
// every other version the document itself says which one applies: a runtime "behaves
// as the last documented version that is not above it", so the
// view of 3.0 applies to 3.5, and that of 6.0 to 8.2. In the runtime profile an api-version is a
// number, so the view of 6.0 applies to 6 and 6.0-preview, and the oldest view to 2, which is below all
// documents. A version that the server must refuse has no view; then
// the whole document defines the refusal. An operation that is not in a view was
// added later; a request for it matches no operation.
//
// # Requests
//
// kin-openapi validates the parameters, but is too lenient in four points,
// which this package checks itself: kin-openapi accepts 1, t and TRUE as booleans, accepts a plus in
// front of an integer, ignores parameters that an operation does not have, and
// checks only one of several values of a parameter. Paths must match the document
// exactly, including trailing slashes. Hosts are ignored, because the servers in the
// document are examples.
//
// The package is for tests. It imports kin-openapi, which no package outside tests does.
package contract
