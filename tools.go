//go:build tools

// Package tools keeps the code generator in go.mod as a direct requirement, so
// that the version that made the tree is the version that checks it. It is
// never compiled; generate.go runs the generator through the tool directive.
package tools

import _ "github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen"
