package server_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

type traceKey struct{}

// A trace hears of every request and of what came of it, and the implementation gets its context.
func TestTrace(t *testing.T) {
	t.Parallel()
	var served []server.Served
	var inner []any
	trace := func(name string) server.Option {
		return server.WithTrace(func(ctx context.Context, _ *http.Request) (context.Context, func(server.Served)) {
			return context.WithValue(ctx, traceKey{}, name), func(s server.Served) { served = append(served, s) }
		})
	}
	look := server.WithMiddleware(func(next server.Invoke) server.Invoke {
		return func(ctx context.Context, op *generated.Operation, request any) (any, error) {
			inner = append(inner, ctx.Value(traceKey{}))
			return next(ctx, op, request)
		}
	})
	h := newHandler(t, canceller{}, trace("outer"), trace("inner"), look)
	for _, tt := range []struct {
		method, target string
		want           server.Served
		operation      string
		reached        bool
	}{
		{"POST", gracefully, server.Served{Route: "/Faults/$/Cancel", Status: 200, Role: server.Admin}, "CancelOperation", true},
		{"POST", cancel + "&Force=1", server.Served{Route: "/Faults/$/Cancel", Status: 400, Code: generated.ErrorCodeInvalidArg, Role: server.Admin}, "CancelOperation", false},
		{"GET", "/Faults?api-version=6.0", server.Served{Route: "/Faults/", Status: 404, Code: generated.ErrorCodeNameDoesNotExist, Role: server.Admin}, "GetFaultOperationList", false},
		{"GET", "/", server.Served{Route: "/", Status: 200, Role: server.Admin}, "", false},
		{"GET", "/nowhere?api-version=6.0", server.Served{Status: 400, Code: generated.ErrorCodeInvalidArg}, "", false},
	} {
		served, inner = nil, nil
		r, err := parse(tt.method, tt.target)
		if err != nil {
			t.Fatal(err)
		}
		h.ServeHTTP(&sink{header: make(http.Header)}, r)
		if len(served) != 2 || (len(inner) == 1) != tt.reached || tt.reached && inner[0] != "inner" {
			t.Fatalf("%s: %d ends, the implementation saw %v, want both ends and the inner context", tt.target, len(served), inner)
		}
		got := served[0]
		id := ""
		if got.Operation != nil {
			id = got.Operation.ID
		}
		if got.Operation, got.RequestID, got.Duration = nil, "", 0; got != tt.want || id != tt.operation {
			t.Errorf("%s: got %+v of %q, want %+v of %q", tt.target, got, id, tt.want, tt.operation)
		}
	}
}
