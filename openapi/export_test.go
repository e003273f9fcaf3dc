package openapi

import (
	"context"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/sfcancel/sfcancel/openapi/internal/overlaid"
)

// LoadText does for any two texts what LoadView does for the embedded ones; an empty overlay changes nothing.
func LoadText(ctx context.Context, text, view string) (*openapi3.T, error) {
	data := []byte(text)
	if view != "" {
		narrowed, err := overlaid.Apply(text, view)
		if err != nil {
			return nil, err
		}
		data = narrowed
	}
	return load(ctx, data)
}
