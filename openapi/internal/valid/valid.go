// Package valid reads a document for those who judge by it.
package valid

import (
	"context"
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"
)

// guid is any 36-character GUID with hyphens. The patterns that kin-openapi offers for the format uuid also judge
// version and variant, which clusters do not: 00000000-0000-0000-0000-000000000010 is an official example.
const guid = `^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`

// Load parses and validates a document, its examples and defaults included. It refuses references to other files.
func Load(ctx context.Context, text []byte) (*openapi3.T, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	loader := openapi3.NewLoader()
	loader.Context = ctx
	loader.IsExternalRefsAllowed = false // the contract is one file
	doc, err := loader.LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	doc.SetStringFormatValidator("uuid", openapi3.NewRegexpFormatValidator(guid))
	if err := doc.Validate(ctx, openapi3.EnableExamplesValidation(), openapi3.EnableSchemaDefaultsValidation()); err != nil {
		return nil, fmt.Errorf("validate: %w", err)
	}
	return doc, nil
}
