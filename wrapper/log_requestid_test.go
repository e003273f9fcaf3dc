package wrapper

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// A log line about a request has the id under which the gateway traces the request.
func TestLogHasRequestID(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	to := logging{slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	id := uuid.New()
	to.observe(t.Context(), Event{Name: "request", Attempt: Attempt{RequestID: id}})
	if !strings.Contains(out.String(), " request_id="+id.String()) {
		t.Errorf("got %s, want request_id=%s in it", out.String(), id)
	}
	out.Reset()
	if to.observe(t.Context(), Event{Name: "request"}); strings.Contains(out.String(), "request_id") {
		t.Errorf("without an id: got %s, want no request_id", out.String())
	}
}
