package server_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

// §1.2: authentication comes after path, verb, version and ClusterId, and before
// the body; the role comes after the parameters.
func TestOrderOfSecurity(t *testing.T) {
	user := issue(t, nil, "user")
	h := bareHandler(t, &spy{}, serverCluster, server.WithClientCertificates(server.ClientCertificates{User: []string{user.thumbprint()}, Roles: true}))
	elsewhere := http.Header{"Clusterid": {"other"}}
	const metadata, clusterVersion = "/$/GetAadMetadata?api-version=6.0", "/$/GetClusterVersion?api-version=6.4&timeout=60"
	tests := []struct {
		name           string
		method, target string
		header         http.Header
		length         int64
		cert           *issued
		want           want
	}{
		{"§1.2: no certificate, no api-version", "POST", cancelPath + "?OperationId=" + id, nil, 0, nil, invalid},
		{"§1.2: no certificate, unknown path", "POST", "/Faults/$/Nothing?api-version=6.0", nil, 0, nil, invalid},
		{"§1.2: no certificate, wrong verb", "GET", gracefully, nil, 0, nil, invalid},
		{"§1.2: no certificate, another cluster", "POST", gracefully, elsewhere, 0, nil, denied},
		{"§1.2: no certificate, body too large", "POST", gracefully, nil, 5 << 20, nil, turnedAway},
		{"§1.2: no certificate, bad parameter", "POST", cancel + "&Force=1", nil, 0, nil, turnedAway},
		{"§7: no certificate, all else right", "POST", gracefully, nil, 0, nil, turnedAway},
		{"§1.2: user, no api-version", "POST", cancelPath + "?OperationId=" + id, nil, 0, user, invalid},
		{"§1.2: user, another cluster", "POST", gracefully, elsewhere, 0, user, denied},
		{"§1.2: user, body too large", "POST", gracefully, nil, 5 << 20, user, want{413, generated.ErrorCodeMessageTooLarge}},
		{"§1.2: user, bad parameter", "POST", cancel + "&Force=1", nil, 0, user, invalid},
		{"§1.2: user, missing parameter", "POST", cancel, nil, 0, user, missing},
		{"§1.2: user, bad timeout", "POST", gracefully + "&timeout=0", nil, 0, user, invalid},
		{"§7: user, all else right", "POST", gracefully, nil, 0, user, denied},

		{"ClusterManagementHandler.cpp: GetAadMetadata without a certificate", "GET", metadata, nil, 0, nil, ok},
		{"§7: GetAadMetadata without an api-version", "GET", "/$/GetAadMetadata", nil, 0, nil, invalid},
		{"§1.2: GetAadMetadata of another cluster", "GET", metadata, elsewhere, 0, nil, denied},
		{"ClusterManagementHandler.cpp: the root without a certificate", "GET", "/", nil, 0, nil, turnedAway},
		{"§1.2: the root of another cluster", "GET", "/", elsewhere, 0, nil, denied},
		{"§1.2: another verb on the root without a certificate", "HEAD", "/", nil, 0, nil, want{status: 400}},
		{"ClusterManagementHandler.cpp: the root as a user", "GET", "/", nil, 0, user, ok},
		{"ClientAccessConfig.h: GetClusterVersion without a certificate", "GET", clusterVersion, nil, 0, nil, turnedAway},
		{"§1.2: GetClusterVersion without certificate and api-version", "GET", "/$/GetClusterVersion", nil, 0, nil, invalid},
		{"ClientAccessConfig.h: GetClusterVersion as a user", "GET", clusterVersion, nil, 0, user, ok},
	}
	at := listenFor(t, h)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.length == 0 {
				for _, proto := range protocols {
					c := at.as(t, tt.cert, proto)
					if tt.method == http.MethodHead {
						c.Transport.(*http.Transport).DisableCompression = true
						if got := at.head(t, c, tt.target); got != tt.want.status {
							t.Errorf("%s: got %d", proto, got)
						}
						continue
					}
					if got, _ := at.send(t, c, tt.method, tt.target, tt.header); got.want != tt.want {
						t.Errorf("%s: got %v %s, want %v", proto, got.want, got.message, tt.want)
					}
				}
				return
			}
			r := httptest.NewRequestWithContext(t.Context(), tt.method, tt.target, http.NoBody)
			r.ContentLength = tt.length
			r.TLS = &tls.ConnectionState{}
			if tt.cert != nil {
				r.TLS.PeerCertificates = []*x509.Certificate{tt.cert.cert}
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if got := judged(t, w.Code, w.Header(), w.Body.Bytes()); got.want != tt.want {
				t.Errorf("got %v, want %v", got.want, tt.want)
			}
		})
	}
}
