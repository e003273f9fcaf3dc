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

// VisitGetFaultOperationListResponse writes the list as encoding/json would, piece by piece. An
// error is one of the writer.
func (l List) VisitGetFaultOperationListResponse(w http.ResponseWriter) error {
	const most = 128 // of one operation
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusOK)
	b := make([]byte, 0, min(32<<10, (l.Len()+1)*most))
	b = append(b, '[')
	var tails [shapes]string // what follows the id
	first := true
	for _, part := range [...][]line{l.active, l.over} {
		for _, o := range part {
			if cap(b)-len(b) < most {
				if _, err := w.Write(b); err != nil {
					return err
				}
				b = b[:0]
			}
			if !first {
				b = append(b, ',')
			}
			first = false
			b = append(b, `{"OperationId":"`...)
			b = appendID(b, o.id)
			tail := &tails[o.shape]
			if *tail == "" {
				// None of these texts has a character that JSON would escape.
				r := o.shape.record()
				*tail = `","State":"` + string(r.State()) + `","Type":"` + string(r.Kind) + `"}`
			}
			b = append(b, *tail...)
		}
	}
	_, err := w.Write(append(b, "]\n"...))
	return err
}
