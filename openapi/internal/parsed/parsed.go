// Package parsed parses the document with kin-openapi.
package parsed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/sfcancel/sfcancel/openapi/internal/overlaid"
)

// GUID matches any 36-character GUID with hyphens. The patterns of kin-openapi for the format uuid also check the
// version and the variant, which clusters do not: 00000000-0000-0000-0000-000000000010 is an official example.
const GUID = `^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`

// Form parses the document in the tree of the repository with an overlay applied, given by its file name, or unchanged
// if that is "". It does not validate.
func Form(tree fs.FS, overlay string) (*openapi3.T, error) {
	text, err := fs.ReadFile(tree, "openapi/faults.yaml")
	if overlay != "" {
		actions, err2 := fs.ReadFile(tree, "openapi/"+overlay)
		if err = errors.Join(err, err2); err == nil {
			text, err = overlaid.Apply(string(text), string(actions))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cmp.Or(overlay, "faults.yaml"), err)
	}
	return openapi3.NewLoader().LoadFromData(text) // refuses references to other files
}

// Valid parses and validates a document, including its examples and defaults. It refuses references to other files.
func Valid(ctx context.Context, text []byte) (*openapi3.T, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	loader := openapi3.NewLoader()
	loader.Context = ctx
	doc, err := loader.LoadFromData(text)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	doc.SetStringFormatValidator("uuid", openapi3.NewRegexpFormatValidator(GUID))
	if err := doc.Validate(ctx, openapi3.EnableExamplesValidation(), openapi3.EnableSchemaDefaultsValidation()); err != nil {
		return nil, fmt.Errorf("validate: %w", err)
	}
	return doc, nil
}

// Bounds returns the bounds of a schema by keyword, as text.
func Bounds(s *openapi3.Schema) map[string]string {
	all := make(map[string]string)
	for keyword, value := range map[string]*float64{"minimum": s.Min, "maximum": s.Max} {
		if value != nil {
			all[keyword] = strconv.FormatFloat(*value, 'f', -1, 64)
		}
	}
	for keyword, value := range map[string]*uint64{"minLength": &s.MinLength, "maxLength": s.MaxLength, "minItems": &s.MinItems, "maxItems": s.MaxItems} {
		if value != nil && (*value > 0 || keyword[:3] == "max") {
			all[keyword] = strconv.FormatUint(*value, 10)
		}
	}
	return all
}
