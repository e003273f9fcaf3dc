// Package overlaid derives from the document the variant for each reader: one api-version, or Go.
package overlaid

import (
	"errors"
	"strings"

	"github.com/speakeasy-api/openapi/overlay"
	"gopkg.in/yaml.v3"
)

// Apply applies an overlay to a document. If the overlay has x-api-version, the result is the view of that version: Apply
// first calls [Narrow].
//
// It uses the same library as oapi-codegen, so that an overlay means the same to both. Unlike oapi-codegen, it treats
// the library's warnings as errors.
func Apply(document, actions string) ([]byte, error) {
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(document), &root); err != nil {
		return nil, err
	}
	var view struct {
		Version string `yaml:"x-api-version"`
	}
	if err := yaml.Unmarshal([]byte(actions), &view); err != nil {
		return nil, err
	}
	if view.Version != "" {
		if err := Narrow(&root, view.Version); err != nil {
			return nil, err
		}
	}
	parsed, err := overlay.ParseReader(strings.NewReader(actions))
	if err != nil {
		return nil, err
	}
	if err := parsed.Validate(); err != nil {
		return nil, err
	}
	warnings, err := parsed.ApplyToStrict(&root)
	if err != nil {
		return nil, err
	}
	if len(warnings) > 0 {
		return nil, errors.New(strings.Join(warnings, "; "))
	}
	if err := Names(&root); err != nil {
		return nil, err
	}
	return yaml.Marshal(&root)
}

// Value returns the value of a key of a mapping, or nil if there is none.
func Value(mapping *yaml.Node, key string) *yaml.Node {
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i+1]
		}
	}
	return nil
}
