package server_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

func TestError(t *testing.T) {
	plain := server.NewError(generated.ErrorCodeKeyNotFound, "No such operation.")
	if plain.Status != 404 || plain.Code != generated.ErrorCodeKeyNotFound || plain.Message != "No such operation." {
		t.Errorf("got %+v", plain)
	}
	if got := plain.Error(); got != "FABRIC_E_KEY_NOT_FOUND: No such operation." {
		t.Errorf("text %q", got)
	}
	if plain.Unwrap() != nil {
		t.Error("a cause from nowhere")
	}

	wrapped := plain.Wrap(io.ErrUnexpectedEOF)
	if plain.Unwrap() != nil {
		t.Error("Wrap changed its receiver")
	}
	if !errors.Is(wrapped, io.ErrUnexpectedEOF) || wrapped.Status != 404 || wrapped.Code != plain.Code || wrapped.Message != plain.Message {
		t.Errorf("got %+v", wrapped)
	}
	if got := wrapped.Error(); got != "FABRIC_E_KEY_NOT_FOUND: No such operation.: unexpected EOF" {
		t.Errorf("text %q", got)
	}
	if wrapped.Wrap(nil).Unwrap() != nil {
		t.Error("Wrap(nil) keeps the cause")
	}

	var e *server.Error
	if !errors.As(fmt.Errorf("store: %w", plain), &e) || e != plain {
		t.Error("not found in a chain")
	}
}

func TestErrorNil(t *testing.T) {
	var e *server.Error
	if e.Wrap(io.EOF) != nil || e.Unwrap() != nil || e.Error() != "<nil>" {
		t.Error("a nil Error is something")
	}
}

func TestErrorMessageIsNeverEmpty(t *testing.T) {
	for code, message := range map[generated.ErrorCode]string{
		generated.ErrorCodeTimeout:  "The timeout was reached. The request may have taken effect.",
		generated.ErrorCodeFail:     "The server failed to handle the request.",
		generated.ErrorCodeNodeIsUp: "FABRIC_E_NODE_IS_UP",
		"FMFailoverUnitNotFound":    "FMFailoverUnitNotFound",
		"":                          "The server failed to handle the request.",
	} {
		if got := server.NewError(code, "").Message; got != message {
			t.Errorf("%q: %q, want %q", code, got, message)
		}
	}
}

// An Error may have headers and say when to come back; what the edge sets stays as it is.
func TestErrorHeaders(t *testing.T) {
	t.Parallel()
	busy := &server.Error{
		Code: generated.ErrorCodeServiceTooBusy, RetryAfter: 1500 * time.Millisecond,
		Header: http.Header{"X-Shard": {"7"}, "Content-Type": {"text/html"}, "X-Content-Type-Options": {"sniff"}, "Content-Length": {"1"}},
	}
	h := newHandler(t, &spy{}, server.WithMiddleware(func(server.Invoke) server.Invoke {
		return func(context.Context, *generated.Operation, any) (any, error) {
			return nil, fmt.Errorf("full: %w", busy)
		}
	}))
	r, err := parse(http.MethodPost, gracefully)
	if err != nil {
		t.Fatal(err)
	}
	got := serve(t, h, r)
	if got.want != (want{503, generated.ErrorCodeServiceTooBusy}) {
		t.Errorf("got %v", got.want)
	}
	for name, value := range map[string]string{
		"Retry-After": "2", "X-Shard": "7", "Content-Type": "application/json; charset=utf-8", "X-Content-Type-Options": "nosniff", "Content-Length": "",
	} {
		if got := got.header.Get(name); got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
}
