// Package sfcancel holds the directives that make the generated package from the
// document. There is nothing to import here: the client is in
// [github.com/sfcancel/sfcancel/wrapper], the server scaffold in
// [github.com/sfcancel/sfcancel/server].
//
// Run "make generate" after every edit of openapi/faults.yaml or of an overlay.
package sfcancel

//go:generate go run ./openapi/generate
