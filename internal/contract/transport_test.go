package contract

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestTransport(t *testing.T) {
	readAll := func(t *testing.T, body io.Reader) {
		t.Helper()
		if _, err := io.ReadAll(body); err != nil {
			t.Error(err)
		}
	}
	leave := func(*testing.T, io.Reader) {}
	tests := []struct {
		name, method, target string
		body                 io.Reader
		edge                 Edge
		handler              http.Handler // a real server if nil
		read                 func(*testing.T, io.Reader)
		report               string
	}{
		{name: "200", target: gracefully, read: readAll},
		{name: "200, left unread", target: gracefully, read: leave},
		{name: "200 that is not documented, left unread", target: gracefully, handler: answers(202, "", ""), read: leave, report: "has no answer 202"},
		{name: "with a body", target: gracefully, body: strings.NewReader("abc"), read: readAll},
		{name: "with a body that is too large", target: gracefully, body: io.LimitReader(zeros{}, maxBody+1), read: readAll},
		{name: "list", method: "GET", target: list, read: readAll},
		{name: "list, null", method: "GET", target: list, handler: answers(200, asJSON, "null"), read: readAll, report: "not nullable"},
		{name: "list, null that nobody reads", method: "GET", target: list, handler: answers(200, asJSON, "null"), read: leave},
		{name: "list, text that nobody reads", method: "GET", target: list, handler: answers(200, "text/plain", "[]"), read: leave, report: `"text/plain"`},
		{name: "body where there is none", target: gracefully, handler: answers(200, "", "{}"), read: readAll, report: "answers 200 without a body"},
		{name: "body where there is none that nobody reads", target: gracefully, handler: answers(200, "", "{}"), read: leave, report: "answers 200 without a body"},
		{name: "refused", target: cancel, read: readAll},
		{name: "refused, left unread", target: cancel, read: leave},
		{name: "let through", target: cancel, handler: answers(200, "", ""), read: readAll, report: "it was not refused as malformed"},
		{name: "let through, left unread", target: cancel, handler: answers(200, "", ""), read: leave, report: "it was not refused as malformed"},
		{name: "HEAD has no body", method: "HEAD", target: list, read: readAll},
		{name: "answer that breaks off", method: "GET", target: list, handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "[")
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}), read: func(t *testing.T, body io.Reader) {
			if _, err := io.ReadAll(body); err == nil {
				t.Error("read of a cut-off body: got no error, want one")
			}
		}},
		{name: "no answer", method: "GET", target: list, handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.method == "" {
				tt.method = http.MethodPost
			}
			if tt.handler == nil {
				tt.handler = newServer(t, tt.edge)
			}
			srv := httptest.NewTLSServer(tt.handler)
			defer srv.Close()
			var rec reports
			client := &http.Client{Transport: Transport(&rec, tt.edge, srv.Client().Transport)}
			defer client.CloseIdleConnections()
			r, err := http.NewRequestWithContext(t.Context(), tt.method, srv.URL+tt.target, tt.body)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := client.Do(r)
			if tt.read == nil {
				if err == nil {
					_ = resp.Body.Close()
					t.Errorf("got an answer with status %d, want an error", resp.StatusCode)
				}
			} else if err != nil {
				t.Fatal(err)
			} else {
				tt.read(t, resp.Body)
				if err := resp.Body.Close(); err != nil {
					t.Error(err)
				}
			}
			if got := rec.String(); tt.report == "" && got != "" || !strings.Contains(got, tt.report) {
				t.Errorf("reported %q, want %q", got, tt.report)
			}
		})
	}
}

// A nil next means http.DefaultTransport.
func TestNilTransport(t *testing.T) {
	srv := httptest.NewServer(newServer(t, Edge{}))
	defer srv.Close()
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+gracefully, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: Transport(t, Edge{}, nil)}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(resp.Body.Close()); err != nil || resp.StatusCode != 200 {
		t.Errorf("got %d, %v, want 200", resp.StatusCode, err)
	}
}
