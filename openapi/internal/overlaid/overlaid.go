// Package overlaid applies an overlay to a document.
package overlaid

import (
	"errors"
	"strings"

	"github.com/speakeasy-api/openapi/overlay"
	"gopkg.in/yaml.v3"
)

// Apply uses the library that oapi-codegen uses, so that an overlay means the same to both. It is
// stricter than oapi-codegen in one thing: what the library only warns about is an error here too.
func Apply(document, actions string) ([]byte, error) {
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(document), &root); err != nil {
		return nil, err
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
	return yaml.Marshal(&root)
}
