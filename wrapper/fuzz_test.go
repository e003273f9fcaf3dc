package wrapper_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/wrapper"
)

// FuzzAnswer: whatever a server answers, a cancel ends with one verdict or one typed
// error with one meaning, keeps the status, and says that it was accepted only for an
// empty 200.
func FuzzAnswer(f *testing.F) {
	f.Add(200, "", "")
	f.Add(200, "<html>", "")
	f.Add(404, "", fabricError(wrapper.Code(generated.ErrorCodeKeyNotFound)))
	f.Add(400, "", fabricError(wrapper.Code(generated.ErrorCodeInvalidTestCommandState)))
	f.Add(503, "Wed, 21 Oct 2015 07:28:00 GMT", fabricError("E_ABORT"))
	f.Add(429, "99999999999999999999", `{"Error":{"Code":null}}`)
	f.Add(302, "-1", `{"error":{"code":"E_FAIL"}}`)
	f.Fuzz(func(t *testing.T, status int, retryAfter, body string) {
		if status < 200 || status > 599 {
			return // net/http lets no other final status through
		}
		transport := roundTrip(func(r *http.Request) (*http.Response, error) {
			return &http.Response{
				StatusCode: status, Request: r,
				Header: http.Header{"Retry-After": {retryAfter}, "Location": {body}},
				Body:   io.NopCloser(strings.NewReader(body)),
			}, nil
		})
		client := newClient(t, "http://cluster", fastWith(1), wrapper.WithHTTPClient(&http.Client{Transport: transport}))
		got, err := client.Cancel(t.Context(), opID, wrapper.CancelOptions{})
		if err == nil {
			if empty := status == 200 && strings.TrimSpace(body) == ""; got.Verdict == wrapper.Accepted && !empty {
				t.Errorf("%d with %q is called accepted", status, body)
			}
			return
		}
		var e *wrapper.Error
		if !errors.As(err, &e) || e.Status() != status || len(e.Body()) > 2<<10 {
			t.Fatalf("%d with %q: %v", status, body, err)
		}
		meanings := 0
		for _, kind := range kinds {
			if errors.Is(err, kind) {
				meanings++
			}
		}
		if meanings != 1 {
			t.Errorf("%d meanings are behind %v", meanings, err)
		}
	})
}
