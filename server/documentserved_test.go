package server_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sfcancel/sfcancel/server"
)

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
