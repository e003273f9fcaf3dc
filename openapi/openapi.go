// Package openapi carries the contract: the OpenAPI document faults.yaml, and the overlays that narrow it to one
// documented api-version. Tests hold the rest of the project against it. Nothing that ships imports it, which keeps
// kin-openapi and the overlay library out of every client.
package openapi

import (
	"context"
	_ "embed"
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/sfcancel/sfcancel/openapi/internal/overlaid"
)

// Strings, so that nobody can write to what was embedded.
var (
	//go:embed faults.yaml
	document string
	//go:embed v3.0.overlay.yaml
	overlay30 string
	//go:embed v6.0.overlay.yaml
	overlay60 string
)

// guid is any 36-character GUID with hyphens. The patterns that kin-openapi offers for the format uuid also judge
// version and variant, which clusters do not: 00000000-0000-0000-0000-000000000010 is an official example.
const guid = `^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`

// Document returns the text of faults.yaml. Every call makes a copy, which the caller owns. It is never nil, and it
// is safe for concurrent use.
func Document() []byte {
	return []byte(document)
}

// View returns the text of faults.yaml narrowed to one documented api-version, "3.0" or "6.0". The caller owns it, and
// View is safe for concurrent use.
//
// There is an error for any other version, and one for an overlay that no longer fits the document: an action without
// a target, or one that changes nothing. On an error the text is nil.
func View(apiVersion string) ([]byte, error) {
	var view string
	switch apiVersion {
	case "3.0":
		view = overlay30
	case "6.0":
		view = overlay60
	default:
		return nil, fmt.Errorf("openapi: no document for api-version %q: there is one for 3.0 and one for 6.0", apiVersion)
	}
	text, err := overlaid.Apply(document, view)
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
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	loader := openapi3.NewLoader()
	loader.Context = ctx
	loader.IsExternalRefsAllowed = false // the contract is one file
	doc, err := loader.LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("openapi: load: %w", err)
	}
	doc.SetStringFormatValidator("uuid", openapi3.NewRegexpFormatValidator(guid))
	if err := doc.Validate(ctx, openapi3.EnableExamplesValidation(), openapi3.EnableSchemaDefaultsValidation()); err != nil {
		return nil, fmt.Errorf("openapi: validate: %w", err)
	}
	return doc, nil
}
