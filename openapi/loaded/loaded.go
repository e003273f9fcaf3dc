// Package loaded parses the document of package openapi with kin-openapi, for the tests.
// It is a separate package because kin-openapi is large and slows down the start of a program.
package loaded

import (
	"context"
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/sfcancel/sfcancel/openapi"
	"github.com/sfcancel/sfcancel/openapi/internal/parsed"
)

// Document parses and validates the whole document; see [Text].
func Document(ctx context.Context) (*openapi3.T, error) {
	return Text(ctx, openapi.Document())
}

// View parses and validates the text that [openapi.View] returns. It has the errors of both [openapi.View] and [Text].
func View(ctx context.Context, apiVersion string) (*openapi3.T, error) {
	text, err := openapi.View(apiVersion)
	if err != nil {
		return nil, err
	}
	return Text(ctx, text)
}

// Text parses and validates the text of a document, including its examples and defaults.
//
// A document that does not parse, violates OpenAPI 3.0, or refers to
// another file is an error. On an error the document is nil.
//
// Every call builds a new document, which the caller may change; Text is safe for concurrent use. The document
// validates the format uuid, but openapi3filter uses only its own options: pass it the document's
// GetSchemaValidationOptions as SchemaValidationOptions.
//
// Text does not block. If ctx is done, Text returns its error. ctx must not be nil.
func Text(ctx context.Context, text []byte) (*openapi3.T, error) {
	doc, err := parsed.Valid(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	return doc, nil
}
