package server

import (
	"encoding/json"
	"io"
	"net/http"
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
