package emulator

import (
	"iter"
	"net/http"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
)

// List is the answer of [Emulator.GetFaultOperationList]: the operations that match, active
// ones first. It holds 17 bytes of each, and is written without ever being encoded as a whole.
// The zero value is an empty list. It does not change, and may be read by several goroutines.
type List struct{ active, over []line }

var _ generated.GetFaultOperationListResponseObject = List{}

// line is an operation in a list.
type line struct {
	id    uuid.UUID
	shape shape
}

// Len is the number of operations.
func (l List) Len() int { return len(l.active) + len(l.over) }

// All yields the operations in their order.
func (l List) All() iter.Seq[generated.OperationStatus] {
	return func(yield func(generated.OperationStatus) bool) {
		for _, part := range [...][]line{l.active, l.over} {
			for _, o := range part {
				r := o.shape.record()
				if !yield(generated.OperationStatus{OperationID: o.id, State: r.State(), Type: r.Kind}) {
					return
				}
			}
		}
	}
}

// VisitGetFaultOperationListResponse writes the list piece by piece. An error is one of the writer.
func (l List) VisitGetFaultOperationListResponse(w http.ResponseWriter) error {
	return generated.GetFaultOperationList200JSONStream(func(yield func(generated.OperationStatus, error) bool) {
		for o := range l.All() {
			if !yield(o, nil) {
				return
			}
		}
	}).VisitGetFaultOperationListResponse(w)
}
