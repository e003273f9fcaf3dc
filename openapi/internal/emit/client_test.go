package emit_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/generated"
)

// serving starts a server with answer as its handler and returns a client of it.
func serving(t *testing.T, options generated.ClientOptions, answer http.HandlerFunc) *generated.Client {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	client, err := generated.NewClient(server.URL, options)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func says(status int, header, value, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set(header, value)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

const refusal = `{"Error":{"Code":"FABRIC_E_KEY_NOT_FOUND","Message":"No active operation has this id."}}`

// Only the documented answer is a success, and no error loses the status.
func TestNoFalseSuccess(t *testing.T) {
	const kind, jsonType = "Content-Type", "application/json; charset=utf-8"
	for name, tt := range map[string]struct {
		answer  http.HandlerFunc
		cancels string // the error of a cancel; "" if it is a success
		lists   string
	}{
		"empty":                        {says(200, "X", "y", ""), "", "GetFaultOperationList: status 200: the body is not what the document describes: unexpected end of JSON input"},
		"a list":                       {says(200, kind, jsonType, "[]"), "CancelOperation: status 200: a body where none belongs", ""},
		"a list without a type":        {func(w http.ResponseWriter, _ *http.Request) { w.Header()[kind] = nil; _, _ = io.WriteString(w, "[]") }, "CancelOperation: status 200: a body where none belongs", ""},
		"a page":                       {says(200, kind, "text/html", "<html>"), "CancelOperation: status 200: a body where none belongs", `GetFaultOperationList: status 200: the body is "text/html" and not JSON`},
		"a redirect":                   {says(302, "Location", "/elsewhere", ""), "CancelOperation: status 302: a redirect, which is not followed", "GetFaultOperationList: status 302: a redirect, which is not followed"},
		"a redirect to no place":       {says(307, "Location", "http://%zz", ""), "CancelOperation: status 307: a redirect, which is not followed", "GetFaultOperationList: status 307: a redirect, which is not followed"},
		"another success":              {says(202, "X", "y", ""), "CancelOperation: status 202: the document has no such status", "GetFaultOperationList: status 202: the document has no such status"},
		"a refusal":                    {says(404, kind, jsonType, refusal), `CancelOperation: status 404, "FABRIC_E_KEY_NOT_FOUND": "No active operation has this id."`, `GetFaultOperationList: status 404, "FABRIC_E_KEY_NOT_FOUND": "No active operation has this id."`},
		"unavailable, a page as JSON":  {says(503, kind, jsonType, "<html>"), "CancelOperation: status 503: the body is not what the document describes: invalid character '<' looking for beginning of value", "GetFaultOperationList: status 503: the body is not what the document describes: invalid character '<' looking for beginning of value"},
		"unavailable, nothing as JSON": {says(503, kind, jsonType, ""), "CancelOperation: status 503", "GetFaultOperationList: status 503"},
		"a long failure":               {says(500, kind, jsonType, strings.Repeat(" ", 64<<10+1)), "CancelOperation: status 500: the body is longer than 65536 bytes", "GetFaultOperationList: status 500: the body is longer than 65536 bytes"},
		"a body that is cut off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "[")
		}, "CancelOperation: status 200: the body was cut off: unexpected EOF", "GetFaultOperationList: status 200: the body was cut off: unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			client := serving(t, generated.ClientOptions{}, tt.answer)
			_, cancelled := client.CancelOperation(t.Context(), generated.CancelOperationParams{OperationID: id})
			_, listed := client.GetFaultOperationList(t.Context(), generated.GetFaultOperationListParams{})
			for _, one := range []struct {
				err  error
				want string
			}{{cancelled, tt.cancels}, {listed, tt.lists}} {
				failed := (*generated.StatusError)(nil)
				if one.want == "" && one.err == nil {
					continue
				}
				if !errors.As(one.err, &failed) || one.err.Error() != one.want || failed.Header == nil {
					t.Errorf("got %v, want %s", one.err, one.want)
				}
			}
		})
	}
}

// The size of a success is limited, and so is the part of it in the error.
func TestBoundedSuccess(t *testing.T) {
	long := strings.Repeat(" ", 1<<20)
	client := serving(t, generated.ClientOptions{}, func(w http.ResponseWriter, _ *http.Request) {
		for range 17 {
			_, _ = io.WriteString(w, long)
		}
	})
	_, err := client.GetFaultOperationList(t.Context(), generated.GetFaultOperationListParams{})
	var failed *generated.StatusError
	if !errors.As(err, &failed) || len(failed.Body) != 2<<10 || !strings.Contains(err.Error(), "longer than 16777216 bytes") {
		t.Errorf("got %v, want a StatusError with 2 KiB of the body and %q", err, "longer than 16777216 bytes")
	}
}

// A StatusError has everything that a caller needs to decide what to do.
func TestStatusError(t *testing.T) {
	client := serving(t, generated.ClientOptions{}, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "7")
		w.Header().Set("Location", r.Header.Get("User-Agent"))
		says(429, "Content-Type", "application/json", refusal)(w, r)
	})
	_, err := client.CancelOperation(t.Context(), generated.CancelOperationParams{OperationID: id})
	var got *generated.StatusError
	if !errors.As(err, &got) {
		t.Fatalf("got %v, want a StatusError", err)
	}
	if got.Status != 429 || got.Code != generated.ErrorCodeKeyNotFound || got.Header.Get("Retry-After") != "7" || string(got.Body) != refusal || got.Operation != "CancelOperation" || got.Err != nil {
		t.Errorf("got %+v, want status 429 with the failure, the headers and the body", got)
	}
	if agent := got.Header.Get("Location"); agent != "sfcancel-generated" {
		t.Errorf("got the agent %q, want sfcancel-generated", agent)
	}
}

// A copy of the caller's http.Client is used, which does not change the original.
func TestOwnHTTPClient(t *testing.T) {
	followed := false
	mine := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { followed = true; return nil }}
	client := serving(t, generated.ClientOptions{HTTP: mine, UserAgent: "mine/1"}, func(w http.ResponseWriter, r *http.Request) {
		says(303, "Location", "/"+r.Header.Get("User-Agent"), "")(w, r)
	})
	_, err := client.CancelOperation(t.Context(), generated.CancelOperationParams{OperationID: id})
	var got *generated.StatusError
	if !errors.As(err, &got) || followed || mine.Transport != nil || got.Header.Get("Location") != "/mine/1" {
		t.Errorf("got %v, followed %t, client %+v, want a StatusError with Location /mine/1, false, the client unchanged", err, followed, mine)
	}
}

// Without an answer the error wraps the error of the context.
func TestContextEnds(t *testing.T) {
	client := serving(t, generated.ClientOptions{}, says(200, "X", "y", ""))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.CancelOperation(ctx, generated.CancelOperationParams{OperationID: id}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want Canceled", err)
	}
}
