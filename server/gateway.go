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

// addGateway adds the paths that tools request besides the operations of the document. The gateway
// answers them without the fault service, so they need no implementation
// (httpgateway/ClusterManagementHandler.cpp). There is no HEAD: the gateway supports only GET.
func (t *router) addGateway(newest version) {
	t.add(&route{serve: getRoot, local: true, versionless: true}, http.MethodGet, "/")
	t.add(&route{serve: getClusterVersion(newest), users: true}, http.MethodGet, "/$/GetClusterVersion")
	t.add(&route{serve: getAADMetadata, local: true, anonymous: true}, http.MethodGet, "/$/GetAadMetadata")
}

// rootPage replaces the start page of a cluster, which is a file of its
// installation.
const rootPage = `<!DOCTYPE html>
<html lang="en"><head><title>Service Fabric fault operations</title></head>
<body><p>This is a server of the fault operations of Service Fabric. They are below /Faults.</p></body></html>
`

// getRoot serves the page that sfctl requests, without an api-version, before it selects a
// cluster. The gateway requires no api-version for it, and serves it to anonymous
// clients only if Azure Active Directory is on, which it never is here:
// with security on, the client needs a certificate of any role.
func getRoot(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(w, rootPage) // the client may be gone
}

// getClusterVersion answers the request that sfctl sends after a select, and after every failed
// command. The gateway forwards it to the cluster as a query, and users may send
// queries (Naming/ClientAccessConfig.h). The version of a cluster has four
// numbers, 6.4.514.9494 in the example of the documents; the last two are not
// known here.
func getClusterVersion(newest version) http.HandlerFunc {
	body, _ := json.Marshal(struct{ Version string }{newest.String() + ".0.0"}) // a string always encodes
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", jsonTypeCharset)
		_, _ = w.Write(body)
	}
}

// getAADMetadata answers that Azure Active Directory is off. A client requests it to
// find out how to authenticate, so it needs no certificate. The names of the members are
// in lower case, unlike those of all other answers
// (ServiceModel/transport/ClaimsRetrievalMetadata.h).
func getAADMetadata(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", jsonTypeCharset)
	_, _ = io.WriteString(w, `{"type":"","metadata":{}}`)
}

// WithDocument serves the document below the path at: each file by its name, for example those
// of openapi.Files of package openapi, and a list of the names at the path itself. Like GET /,
// it needs no api-version, and with security on a certificate of any role. The path must begin with
// a slash and have no variables; a path of the API is an error. The map is copied, its contents are not.
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

// addDocument adds the paths of [WithDocument].
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
