package server_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"

	"github.com/sfcancel/sfcancel/openapi/loaded"
	"github.com/sfcancel/sfcancel/server"
)

// The edge enforces the bounds of the document on timeout, although it reads that parameter by
// rules of its own: they reach it through the generated table.
func TestBoundsAreTheDocuments(t *testing.T) {
	t.Parallel()
	doc, err := loaded.View(t.Context(), "6.0")
	if err != nil {
		t.Fatal(err)
	}
	timeout := doc.Components.Parameters["Timeout"].Value.Schema.Value
	least, most := int64(*timeout.Min), int64(*timeout.Max)
	h := newHandler(t, server.Unimplemented{})
	for seconds, want := range map[int64]int{
		least - 1: http.StatusBadRequest, least: http.StatusNotImplemented,
		most: http.StatusNotImplemented, most + 1: http.StatusBadRequest,
	} {
		target := "/Faults/$/Cancel?api-version=6.0&OperationId=5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01&Force=false&timeout=" + strconv.FormatInt(seconds, 10)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, nil))
		if w.Code != want {
			t.Errorf("timeout=%d: %d, want %d", seconds, w.Code, want)
		}
	}
}
