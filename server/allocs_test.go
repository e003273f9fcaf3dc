package server_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

// canceller answers every cancel.
type canceller struct{ server.Unimplemented }

func (canceller) CancelOperation(context.Context, generated.CancelOperationRequestObject) (generated.CancelOperationResponseObject, error) {
	return generated.CancelOperation200Response{}, nil
}

// sink is a writer that keeps nothing.
type sink struct{ header http.Header }

func (s *sink) Header() http.Header         { return s.header }
func (s *sink) Write(b []byte) (int, error) { return len(b), nil }
func (s *sink) WriteHeader(int)             {}

// asked returns a function that has a handler serve a request, with its header already there.
func asked(tb testing.TB, target string) func() {
	tb.Helper()
	h, err := server.New(canceller{})
	if err != nil {
		tb.Fatal(err)
	}
	r, err := http.NewRequestWithContext(tb.Context(), http.MethodPost, "http://localhost"+target, http.NoBody)
	if err != nil {
		tb.Fatal(err)
	}
	r.Header["X-Servicefabricrequestid"] = []string{"7d793037-a076-4b2a-9f0e-4d0c8a550d7d"}
	w := &sink{header: make(http.Header, 8)}
	return func() {
		clear(w.header)
		h.ServeHTTP(w, r)
	}
}

// The edge checks every parameter, and bounds and recovers the call, with few allocations.
func TestAllocations(t *testing.T) {
	for name, tc := range map[string]struct {
		target string
		most   float64
	}{
		"carried out":   {gracefully + "&timeout=60", 8},
		"a bad value":   {cancel + "&Force=maybe", 8},
		"not available": {list, 8},
	} {
		if got := testing.AllocsPerRun(200, asked(t, tc.target)); got > tc.most {
			t.Errorf("%s: got %v allocations, want %v at most", name, got, tc.most)
		}
	}
}

func BenchmarkCancel(b *testing.B) {
	ask := asked(b, gracefully+"&timeout=60")
	b.ReportAllocs()
	for b.Loop() {
		ask()
	}
}
