package otel

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"

	"github.com/sfcancel/sfcancel/wrapper"
)

// A span of a request has the id by which the gateway's trace tells of it.
func TestSpanNamesTheRequest(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	if got := worth(&wrapper.Attempt{RequestID: id}); !slices.Contains(got, attribute.String("sfcancel.request.id", id.String())) {
		t.Errorf("got %v", got)
	}
	for _, a := range worth(&wrapper.Attempt{}) {
		if a.Key == "sfcancel.request.id" {
			t.Errorf("an id out of nothing: %v", a)
		}
	}
}
