package otel

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/attribute"

	"github.com/sfcancel/sfcancel/wrapper"
)

// The span of a request has the id under which the gateway traces the request.
func TestRequestIDAttribute(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	if got := worth(&wrapper.Attempt{RequestID: id}); !slices.Contains(got, attribute.String("sfcancel.request.id", id.String())) {
		t.Errorf("got %v, want the id %s in it", got, id)
	}
	for _, a := range worth(&wrapper.Attempt{}) {
		if a.Key == "sfcancel.request.id" {
			t.Errorf("without an id: got %v, want none", a)
		}
	}
}
