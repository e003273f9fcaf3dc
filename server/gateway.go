package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
)

// addGateway adds what tools ask a gateway besides the operations of the document, and what it
// answers without the fault service, so that it works in front of any implementation
// (httpgateway/ClusterManagementHandler.cpp). HEAD is none of it: the gateway knows GET alone.
func (t *router) addGateway(newest version) {
	t.add(&route{serve: getRoot, local: true, versionless: true}, http.MethodGet, "/")
	t.add(&route{serve: getClusterVersion(newest), users: true}, http.MethodGet, "/$/GetClusterVersion")
	t.add(&route{serve: getAADMetadata, local: true, anonymous: true}, http.MethodGet, "/$/GetAadMetadata")
}

// rootPage stands in for the start page of a cluster, which is a file of the
// installation there.
const rootPage = `<!DOCTYPE html>
<html lang="en"><head><title>Service Fabric fault operations</title></head>
<body><p>This is a server of the fault operations of Service Fabric. They are below /Faults.</p></body></html>
`

// getRoot is what sfctl asks before it selects a cluster, without an
// api-version. The gateway registers the page without one, and lets anonymous
// clients see it only where Azure Active Directory is on, which it never is here:
// with security on it takes a certificate of any role.
func getRoot(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, rootPage) // the client may be gone
}

// getClusterVersion is what sfctl asks after a select, and after every command
// that failed. The gateway forwards it to the cluster as a query, and queries are
// for users, too (Naming/ClientAccessConfig.h). The version of a cluster has four
// numbers, 6.4.514.9494 in the example of the documents; the last two are not
// known here.
func getClusterVersion(newest version) http.HandlerFunc {
	body, _ := json.Marshal(struct{ Version string }{newest.String() + ".0.0"}) // a string always encodes
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", jsonTypeCharset)
		_, _ = w.Write(body)
	}
}

// getAADMetadata says that Azure Active Directory is off. A client asks it to
// find out how to authenticate, so it needs no certificate itself. The members
// have small letters, other than everywhere else
// (ServiceModel/transport/ClaimsRetrievalMetadata.h).
func getAADMetadata(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", jsonTypeCharset)
	_, _ = io.WriteString(w, `{"type":"","metadata":{}}`)
}

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
