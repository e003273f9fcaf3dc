// Package generated is the fault-operation API as the document describes it:
// types, a plain client, and a strict net/http server.
//
// Everything but this comment is made by "go generate" from openapi/faults.yaml
// with the Go names of openapi/go.overlay.yaml; edit those, never these files.
// Programs that cancel operations want the wrapper package, which says what
// happened after every call; this client sends one request and hands back the
// answer as it came.
package generated
