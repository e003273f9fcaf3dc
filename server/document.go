package server

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
)

// WithDocument serves the document at a path of choice: each file by its name below the path, such
// as openapi.Files of package openapi has them, and a list of the names at the path itself. Like the
// root it needs no api-version, and with security on a certificate of any role. The path begins with
// a slash, has no variables and none of the paths of the API above it; a path that is taken is an
// error. The files are copied.
func WithDocument(at string, files map[string][]byte) Option {
	return func(c *config) error {
		switch {
		case !strings.HasPrefix(at, "/") || strings.ContainsAny(at, "{}?#%") || path.Clean(at) != at || at == "/":
			return fmt.Errorf("server: %q is no path for the document: it must be like /openapi", excerpt(at))
		case len(files) == 0:
			return errors.New("server: there is no document to serve")
		}
		c.documentAt, c.document = at, maps.Clone(files)
		return nil
	}
}

// addDocument adds the paths of the document.
func (t *router) addDocument(at string, files map[string][]byte) error {
	if len(files) == 0 {
		return nil
	}
	names := slices.Sorted(maps.Keys(files))
	pages := map[string][]byte{at: []byte(strings.Join(names, "\n") + "\n")}
	for name, text := range files {
		pages[path.Join(at, name)] = text
	}
	for where, text := range pages {
		for _, r := range t.routes {
			if r.path == where {
				return fmt.Errorf("server: the path %s of the document is one of the API", where)
			}
		}
		kind := contentTypes[path.Ext(where)]
		if kind == "" {
			kind = "text/plain; charset=utf-8"
		}
		t.add(&route{local: true, versionless: true, serve: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			_, _ = w.Write(text) // the client may be gone
		}}, http.MethodGet, where)
	}
	return nil
}

var contentTypes = map[string]string{".json": "application/json", ".yaml": "application/yaml"}
