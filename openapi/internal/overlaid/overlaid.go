// Package overlaid makes of one document what each of its readers has: an api-version, or Go.
package overlaid

import (
	"errors"
	"strings"

	"github.com/speakeasy-api/openapi/overlay"
	"gopkg.in/yaml.v3"
)

// Apply applies an overlay to a document. One that says x-api-version makes the view of that version: what came later
// is taken out first, and the view does not say when something came.
//
// It uses the library that oapi-codegen uses, so that an overlay means the same to both. It is stricter than
// oapi-codegen in one thing: what the library only warns about is an error here too.
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
