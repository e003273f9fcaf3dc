package main

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/wrapper"
)

func TestHandler(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	h, err := handler(&faults{states: map[uuid.UUID]generated.OperationState{id: generated.OperationStateRunning}},
		map[string]string{hash("secret"): "admin", hash("glass"): "user"})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	defer srv.Close()
	for _, tt := range []struct {
		name, token string
		want        wrapper.Verdict
		err         error
		list        error
	}{
		{"an unknown token", "guess", "", wrapper.ErrServerRefused, wrapper.ErrServerRefused},
		{"a user", "glass", "", wrapper.ErrServerRefused, nil},
		{"an admin", "secret", wrapper.Accepted, nil, nil},
		{"an admin, again", "secret", wrapper.Finished, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			client, err := wrapper.New(srv.URL, wrapper.WithHTTPClient(&http.Client{Transport: bearer(tt.token)}))
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			if _, err := client.Operations(t.Context()); tt.list == nil && err != nil || !errors.Is(err, tt.list) && tt.list != nil {
				t.Errorf("list: got the error %v, want %v", err, tt.list)
			}
			result, err := client.Cancel(t.Context(), id, wrapper.CancelOptions{})
			if result.Verdict != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("cancel: got %q, %v, want %q, %v", result.Verdict, err, tt.want, tt.err)
			}
		})
	}
}

// bearer sends a token with every request. A client whose tokens expire uses wrapper.WithTokenSource instead.
type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(r)
}
