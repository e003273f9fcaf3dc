// Package loaded has the document of package openapi as kin-openapi reads it, for whoever judges by it: the tests.
// It is a package of its own because kin-openapi is large, and takes its time when a program starts.
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

// View is [Document] for what [openapi.View] returns, and has the errors of both.
func View(ctx context.Context, apiVersion string) (*openapi3.T, error) {
	text, err := openapi.View(apiVersion)
	if err != nil {
		return nil, err
	}
	return Text(ctx, text)
}

// Text parses and validates the text of a document, its examples and defaults included.
//
// The error tells why the document does not parse, why it breaks the rules of OpenAPI 3.0, or that it refers to
// something outside itself, which is refused. On an error the document is nil.
//
// Every call builds a document of its own, which the caller may change; Text is safe for concurrent use. The document
// knows the format uuid, but openapi3filter asks only its own options: pass it the document's
// GetSchemaValidationOptions as SchemaValidationOptions.
//
// Nothing here blocks. A ctx that is done makes Text return its error; it must not be nil.
func Text(ctx context.Context, text []byte) (*openapi3.T, error) {
	doc, err := parsed.Valid(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	return doc, nil
}
