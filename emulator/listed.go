package emulator

import (
	"context"
	"iter"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/generated"
	"github.com/sfcancel/sfcancel/store"
)

// List is the answer of [Emulator.GetFaultOperationList]: the operations that match, active
// ones first. It holds 17 bytes of each, and is written without ever being encoded as a whole.
// The zero value is an empty list. It does not change, and may be read by several goroutines.
type List struct {
	active, over []line

	revision store.Revision // at which it was all that there was; 0 or severalMoments if at none
	until    time.Time      // when something falls due; zero for never
}

var _ generated.GetFaultOperationListResponseObject = List{}

// Current reports whether a list with the same filters, begun now, would be the same as l: nothing
// was written since l was read, and nothing has fallen due. It costs a read of the store. So
// those who ask for the same at the same time may share one list. The zero List is never current,
// and neither is one that was not read at one moment, as more than 10 000 operations were active.
//
// Nothing is shown of a fault service that is not available: see [Emulator.SetAvailability].
func (e *Emulator) Current(ctx context.Context, l List) (bool, error) {
	if err := e.available(); err != nil {
		return false, err
	}
	if l.revision <= 0 || !l.until.IsZero() && !e.now().Before(l.until) {
		return false, nil
	}
	at, err := store.Latest(ctx, e.records.st)
	return at == l.revision && err == nil, answered(err)
}

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
		var shown [shapes]generated.OperationStatus // but for the id; made when it is needed
		for _, part := range [...][]line{l.active, l.over} {
			for _, o := range part {
				status := &shown[o.shape]
				if status.Type == "" {
					r := o.shape.record()
					status.State, status.Type = r.State(), r.Kind
				}
				if !yield(generated.OperationStatus{OperationID: o.id, State: status.State, Type: status.Type}) {
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
