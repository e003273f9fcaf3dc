// Package openapi carries the contract: the OpenAPI document faults.yaml, and the overlays that narrow it to one
// documented api-version. Tests hold the rest of the project against it, by package openapi/loaded. Of what ships, the
// command line alone imports it, which keeps the overlay library out of every client and server.
package openapi

import (
	"embed"
	"fmt"
	"strings"

	"github.com/sfcancel/sfcancel/openapi/internal/overlaid"
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
	return overlaid.Versions(overlays, ".")
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
