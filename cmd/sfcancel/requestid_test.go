package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/wrapper"
)

// The document of an attempt has the id that its request carried, and that of a failure the
// id of the last request whose outcome nobody knows. Without one there is none.
func TestRequestIDsAreShown(t *testing.T) {
	var carried string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		carried = r.Header.Get("X-ServiceFabricRequestId")
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer srv.Close()
	client, err := wrapper.New(srv.URL, wrapper.WithRetry(wrapper.Retry{MaxAttempts: 1}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Cancel(t.Context(), uuid.New(), wrapper.CancelOptions{})
	text, jsonErr := json.Marshal(describe(err))
	if want := `"requestId":"` + carried + `"`; jsonErr != nil || carried == "" || strings.Count(string(text), want) != 2 {
		t.Errorf("got %s, %v, want %s of the failure and of its attempt", text, jsonErr, want)
	}
	_, err = wrapper.New("ftp://host")
	for _, doc := range []any{attemptsJSON([]wrapper.Attempt{{}}), describe(err)} {
		if text, err := json.Marshal(doc); err != nil || strings.Contains(string(text), "requestId") {
			t.Errorf("without an id: got %s, %v", text, err)
		}
	}
}
