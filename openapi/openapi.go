// Package openapi carries the contract: the OpenAPI document faults.yaml, and the overlays that narrow it to one
// documented api-version. Tests hold the rest of the project against it. Of what ships, the command line alone
// imports it, which keeps kin-openapi and the overlay library out of every client and server.
package openapi

import (
	"context"
	"embed"
	"fmt"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/sfcancel/sfcancel/openapi/internal/overlaid"
	"github.com/sfcancel/sfcancel/openapi/internal/valid"
)

// document is a string, so that nobody can write to what was embedded.
//
//go:embed faults.yaml
var document string

//go:embed v*.overlay.yaml
var overlays embed.FS

// Document returns the text of faults.yaml. Every call makes a copy, which the caller owns. It is never nil, and it
// is safe for concurrent use.
func Document() []byte {
	return []byte(document)
}

// Versions lists the documented api-versions, oldest first: those that have an overlay. The caller owns the list.
func Versions() []string {
	return overlaid.Versions(overlays)
}

// View returns the text of faults.yaml narrowed to one of [Versions]: without what x-since says came later, and under
// the overlay of the version. The caller owns it, and View is safe for concurrent use.
//
// There is an error for any other version, and one for an overlay that no longer fits the document: an action without
// a target, or one that changes nothing. On an error the text is nil.
func View(apiVersion string) ([]byte, error) {
	actions, err := overlays.ReadFile(overlaid.File(apiVersion))
	if err != nil {
		return nil, fmt.Errorf("openapi: no document for api-version %q: there are those of %s", apiVersion, strings.Join(Versions(), ", "))
	}
	text, err := overlaid.Apply(document, string(actions))
	if err != nil {
		return nil, fmt.Errorf("openapi: overlay of api-version %s: %w", apiVersion, err)
	}
	return text, nil
}

// Load parses and validates the whole document, its examples and defaults included.
//
// The error tells why the document does not parse, why it breaks the rules of OpenAPI 3.0, or that it refers to
// something outside itself, which is refused. On an error the document is nil.
//
// Every call builds a document of its own, which the caller may change; Load is safe for concurrent use. The document
// knows the format uuid, but openapi3filter asks only its own options: pass it the document's
// GetSchemaValidationOptions as SchemaValidationOptions.
//
// Nothing here blocks. A ctx that is done makes Load return its error; it must not be nil.
func Load(ctx context.Context) (*openapi3.T, error) {
	return load(ctx, Document())
}

// LoadView is [Load] for the text that [View] returns, and has the errors of both.
func LoadView(ctx context.Context, apiVersion string) (*openapi3.T, error) {
	text, err := View(apiVersion)
	if err != nil {
		return nil, err
	}
	return load(ctx, text)
}

func load(ctx context.Context, text []byte) (*openapi3.T, error) {
	doc, err := valid.Load(ctx, text)
	if err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	return doc, nil
}
