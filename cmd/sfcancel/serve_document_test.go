package main

import (
	"bytes"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/openapi"
)

// The document is served where it is wanted, every file of it, and not unless it is.
func TestServeDocument(t *testing.T) {
	files, err := openapi.Files()
	if err != nil {
		t.Fatal(err)
	}
	url := serveInTest(t, "--document", "/openapi")
	status, _, body := exchange(t, http.DefaultClient, http.MethodGet, url+"/openapi", nil, "")
	if got, want := strings.Fields(string(body)), slices.Sorted(maps.Keys(files)); status != http.StatusOK || !slices.Equal(got, want) {
		t.Errorf("%d with the names %v, want %v", status, got, want)
	}
	for name, want := range files {
		status, header, body := exchange(t, http.DefaultClient, http.MethodGet, url+"/openapi/"+name, nil, "")
		if kind := "application/" + name[strings.LastIndex(name, ".")+1:]; status != http.StatusOK || !bytes.Equal(body, want) || !strings.HasPrefix(header.Get("Content-Type"), kind) {
			t.Errorf("%s: %d with %d bytes of %s, want %d of %s", name, status, len(body), header.Get("Content-Type"), len(want), kind)
		}
	}
	if status, _, _ := exchange(t, http.DefaultClient, http.MethodGet, serveInTest(t)+"/openapi", nil, ""); status != http.StatusBadRequest {
		t.Errorf("without the flag: %d, want 400", status)
	}
	for _, path := range []string{"openapi", "/", "/Faults", ""} {
		if code, _, errs := sfcancel(t, "serve", "--addr", "127.0.0.1:0", "--document", path); code != exitUsage || !strings.Contains(errs, "document") {
			t.Errorf("--document %q: exit %d, want %d: %s", path, code, exitUsage, errs)
		}
	}
}
