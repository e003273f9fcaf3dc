package wrapper

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// A line about a request has the id by which the gateway's trace tells of it.
func TestLoggerNamesTheRequest(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	to := logging{slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))}
	id := uuid.New()
	to.observe(t.Context(), Event{Name: "request", Attempt: Attempt{RequestID: id}})
	if !strings.Contains(out.String(), " request_id="+id.String()) {
		t.Errorf("got %s", out.String())
	}
	out.Reset()
	if to.observe(t.Context(), Event{Name: "request"}); strings.Contains(out.String(), "request_id") {
		t.Errorf("an id out of nothing: %s", out.String())
	}
}
