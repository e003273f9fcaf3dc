// Package openapi embeds the contract: the OpenAPI document faults.yaml, and the overlays that narrow it to one
// documented api-version. Tests compare the rest of the project with it, through package openapi/loaded. Outside tests,
// only the command line imports it, which keeps the overlay library out of every client and server.
package openapi

import (
	"embed"
	"fmt"
	"strings"

	"github.com/sfcancel/sfcancel/openapi/internal/overlaid"
)

// document is a string, so that it cannot be changed.
//
//go:embed faults.yaml
var document string

//go:embed v*.overlay.yaml
var overlays embed.FS

// Document returns the text of faults.yaml, never nil. Every call returns a copy, which the caller owns. Document is
// safe for concurrent use.
func Document() []byte {
	return []byte(document)
}

// Versions returns the documented api-versions, those that have an overlay, oldest first. The caller owns the list.
func Versions() []string {
	return overlaid.Versions(overlays, ".")
}

// View returns the text of faults.yaml narrowed to one of [Versions]: without the parts that x-since marks as later, and
// with the overlay of the version applied. The caller owns the text, and View is safe for concurrent use.
//
// Any other version is an error, and so is an overlay that no longer fits the document: an action without
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
