package server_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/server"
)

// What the gateway answers itself (httpgateway/ClusterManagementHandler.cpp), in
// front of an implementation that has nothing.
func TestGateway(t *testing.T) {
	const (
		page     = "text/html; charset=utf-8"
		version  = "/$/GetClusterVersion?api-version=6.4"
		metadata = "/$/GetAadMetadata?api-version=6.0"
		off      = `{"type":"","metadata":{}}`
	)
	old := []server.Option{server.WithRuntimeVersion("7.10")}
	tests := []struct {
		name                string
		method, target      string
		header              http.Header
		opts                []server.Option
		documented, runtime want
		body                string // of a success; the page if empty
	}{
		{"real clients: sfctl selects a cluster", "GET", "/", nil, nil, ok, ok, ""},
		{"the root needs no api-version, and reads none", "GET", "/?api-version=x", nil, nil, ok, ok, ""},
		{"the root never reaches the cluster, which reads timeout", "GET", "/?timeout=0", nil, nil, ok, ok, ""},
		{"the root has no parameters", "GET", "/?Force=1&OperationId=x", nil, nil, ok, ok, ""},
		{"§1.2: the root with slashes", "GET", "///", nil, nil, ok, ok, ""},
		{"§1.2: another verb on the root", "POST", "/", nil, nil, invalid, invalid, ""},
		{"§1.2: HEAD is another verb", "HEAD", "/", nil, nil, invalid, invalid, ""},
		{"§1.2: the root of another cluster", "GET", "/", http.Header{"Clusterid": {"other"}}, []server.Option{serverCluster}, denied, denied, ""},
		{"CONNECT has an empty path, and is another verb", "CONNECT", "cluster:19080", nil, nil, invalid, invalid, ""},
		{"the document of the API is not part of it", "GET", "/Explorer", nil, nil, invalid, invalid, ""},

		{"real clients: sfctl asks for the version", "GET", version + "&timeout=60", nil, nil, ok, ok, `{"Version":"8.2.0.0"}`},
		{"the version follows WithRuntimeVersion", "GET", version, nil, old, ok, ok, `{"Version":"7.10.0.0"}`},
		{"§2: version without an api-version", "GET", "/$/GetClusterVersion", nil, nil, invalid, invalid, ""},
		{"§2: version with one that is too high", "GET", "/$/GetClusterVersion?api-version=8.3", nil, nil, invalid, invalid, ""},
		{"§2: version with one that only the runtime takes", "GET", "/$/GetClusterVersion?api-version=6", nil, nil, invalid, ok, `{"Version":"8.2.0.0"}`},
		{"§3: version with a bad timeout", "GET", version + "&timeout=0", nil, nil, invalid, invalid, ""},
		{"§3: version with a timeout that the runtime ignores", "GET", version + "&timeout=x", nil, nil, invalid, ok, `{"Version":"8.2.0.0"}`},
		{"version has no other parameters", "GET", version + "&Force=1", nil, nil, ok, ok, `{"Version":"8.2.0.0"}`},
		{"§1.2: version with a trailing slash", "GET", "/$/GetClusterVersion/?api-version=6.4", nil, nil, ok, ok, `{"Version":"8.2.0.0"}`},
		{"§1.2: version with double slashes", "GET", "//$//GetClusterVersion?api-version=6.4", nil, nil, ok, ok, `{"Version":"8.2.0.0"}`},
		{"§1.2: version with %24", "GET", "/%24/GetClusterVersion?api-version=6.4", nil, nil, ok, ok, `{"Version":"8.2.0.0"}`},
		{"§1.2: version in other letter case", "GET", "/$/getclusterversion?api-version=6.4", nil, nil, invalid, invalid, ""},
		{"§1.2: another verb on the version", "POST", version, nil, nil, invalid, invalid, ""},
		{"§1.2: HEAD of the version", "HEAD", version, nil, nil, invalid, invalid, ""},
		{"§1.2: more after the version", "GET", "/$/GetClusterVersion/x?api-version=6.4", nil, nil, invalid, invalid, ""},
		{"§1.2: $ alone", "GET", "/$?api-version=6.4", nil, nil, invalid, invalid, ""},
		{"§1.2: the version of another cluster", "GET", version, http.Header{"Clusterid": {"other"}}, []server.Option{serverCluster}, denied, denied, ""},

		{"§7: metadata says that AAD is off", "GET", metadata, nil, nil, ok, ok, off},
		{"§7: metadata without an api-version", "GET", "/$/GetAadMetadata", nil, nil, invalid, invalid, ""},
		{"metadata never reaches the cluster, which reads timeout", "GET", metadata + "&timeout=0", nil, nil, ok, ok, off},
		{"§1.2: metadata with a trailing slash", "GET", "/$/GetAadMetadata/?api-version=6.0", nil, nil, ok, ok, off},
		{"§1.2: metadata in other letter case", "GET", "/$/getaadmetadata?api-version=6.0", nil, nil, invalid, invalid, ""},
		{"§1.2: another verb on the metadata", "DELETE", metadata, nil, nil, invalid, invalid, ""},
		{"§1.2: metadata of another cluster", "GET", metadata, http.Header{"Clusterid": {"other"}}, []server.Option{serverCluster}, denied, denied, ""},
	}
	for _, tt := range tests {
		for profile, w := range map[server.Profile]want{server.Documented: tt.documented, server.Runtime: tt.runtime} {
			t.Run(tt.name+"/"+profile.String(), func(t *testing.T) {
				r, err := parse(tt.method, tt.target)
				if err != nil {
					t.Fatal(err)
				}
				for name, values := range tt.header {
					r.Header[name] = values
				}
				h := newHandler(t, server.Unimplemented{}, append([]server.Option{server.WithProfile(profile)}, tt.opts...)...)
				rec := httptest.NewRecorder()
				h.ServeHTTP(rec, r)
				got := answerOf(t, rec.Code, rec.Header(), rec.Body.Bytes())
				if got.want != w {
					t.Fatalf("got %v %s, want %v", got.want, got.message, w)
				}
				if w != ok {
					return
				}
				if rec.Header().Get("X-Content-Type-Options") != "nosniff" {
					t.Errorf("X-Content-Type-Options: got %q, want nosniff", rec.Header().Get("X-Content-Type-Options"))
				}
				if isPage := rec.Header().Get("Content-Type") == page; isPage != (tt.body == "") {
					t.Errorf("got %q of type %q", got.body, rec.Header().Get("Content-Type"))
				}
				if tt.body != "" && got.body != tt.body {
					t.Errorf("got %s, want %s", got.body, tt.body)
				}
				if tt.body == "" && !strings.HasPrefix(got.body, "<!DOCTYPE html>") {
					t.Errorf("got %s", got.body)
				}
			})
		}
	}
}

// The log names the paths of the gateway like any other route.
func TestLogOfTheGateway(t *testing.T) {
	for target, route := range map[string]string{"//?a=" + secret: "/", "/$/GetClusterVersion/?api-version=6.4": "/$/GetClusterVersion"} {
		var log buffer
		r, err := parse("GET", target)
		if err != nil {
			t.Fatal(err)
		}
		newHandler(t, server.Unimplemented{}, server.WithLogger(log.logger())).ServeHTTP(httptest.NewRecorder(), r)
		var line logLine
		if err := json.Unmarshal([]byte(log.String()), &line); err != nil {
			t.Fatal(err)
		}
		if line.Route != route || line.Status != 200 || strings.Contains(log.String(), secret) {
			t.Errorf("got %+v", line)
		}
	}
}

// The document is served at the path of choice, file by file, without an api-version.
func TestDocumentIsServed(t *testing.T) {
	t.Parallel()
	files := map[string][]byte{"faults.yaml": []byte("openapi: 3.0.3\n"), "v6.0.json": []byte("{}")}
	h := bareHandler(t, &spy{}, server.WithDocument("/openapi", files))
	files["faults.yaml"] = nil
	for _, tt := range []struct {
		method, path string
		status       int
		kind, body   string
	}{
		{"GET", "/openapi", 200, "text/plain; charset=utf-8", "faults.yaml\nv6.0.json\n"},
		{"GET", "/openapi/", 200, "text/plain; charset=utf-8", "faults.yaml\nv6.0.json\n"},
		{"GET", "/openapi/faults.yaml", 200, "application/yaml", "openapi: 3.0.3\n"},
		{"GET", "/openapi/v6.0.json", 200, "application/json; charset=utf-8", "{}"},
		{"GET", "/openapi/v7.0.json", 400, "", ""},
		{"POST", "/openapi", 400, "", ""},
	} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), tt.method, tt.path, http.NoBody))
		if w.Code != tt.status || tt.kind != "" && (w.Header().Get("Content-Type") != tt.kind || w.Body.String() != tt.body) {
			t.Errorf("%s %s: got %d %q %q, want %d %q %q", tt.method, tt.path, w.Code, w.Header().Get("Content-Type"), w.Body, tt.status, tt.kind, tt.body)
		}
	}
}
