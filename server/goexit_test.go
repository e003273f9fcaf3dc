package server_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/server"
)

// leaver ends its goroutine, as a failing assertion of a test library does.
type leaver struct{ server.Unimplemented }

func (leaver) CancelOperation(context.Context, generated.CancelOperationRequestObject) (generated.CancelOperationResponseObject, error) {
	runtime.Goexit()
	return nil, nil
}

// net/http cuts such a connection without a word; the log must not call that a success.
func TestGoexitIsLoggedAsAborted(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	h := newHandler(t, leaver{}, server.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	const target = "/Faults/$/Cancel?api-version=6.0&OperationId=5b1f60aa-3c0e-4a0e-9c3b-6a1f2f3e7d01&Force=false"
	left := make(chan struct{})
	go func() {
		defer close(left)
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, target, nil))
	}()
	<-left
	if line := log.String(); !strings.Contains(line, "level=ERROR") || !strings.Contains(line, "aborted=true") {
		t.Errorf("the log says %q", line)
	}
}
