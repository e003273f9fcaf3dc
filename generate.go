// Package sfcancel holds the directives that make the generated package from the
// document. There is nothing to import here: the client is in
// [github.com/sfcancel/sfcancel/wrapper], the server scaffold in
// [github.com/sfcancel/sfcancel/server].
//
// Run "go generate ./..." after every edit of openapi/faults.yaml or of an overlay.
package sfcancel

//go:generate go tool oapi-codegen -config openapi/types.cfg.yaml openapi/faults.yaml
//go:generate go tool oapi-codegen -config openapi/client.cfg.yaml openapi/faults.yaml
//go:generate go tool oapi-codegen -config openapi/server.cfg.yaml openapi/faults.yaml
