package ledger

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/wrapper"
)

// Query says which entries a [Ledger.Trail] is about. The zero value means all.
type Query struct {
	// OperationID is the operation; all zeros means every operation.
	OperationID uuid.UUID
	// Since is the earliest time and Until the first that is too late; zero means no bound.
	Since, Until time.Time
	// Cluster is the cluster, as entries name it; "" means every cluster, and entries without one.
	Cluster string
	// Action is what the entry is about; "" means every action.
	Action wrapper.Action
	// By is who made the entry; "" means whoever.
	By string
}

// Matches reports whether the query is about an entry.
func (q Query) Matches(e wrapper.Entry) bool {
	return (q.OperationID == uuid.UUID{} || q.OperationID == e.OperationID) &&
		(q.Since.IsZero() || !e.Time.Before(q.Since)) && (q.Until.IsZero() || e.Time.Before(q.Until)) &&
		(q.Cluster == "" || q.Cluster == e.Cluster) && (q.Action == "" || q.Action == e.Action) && (q.By == "" || q.By == e.By)
}

// Trail yields the entries that the query is about, oldest first, by the time in the entries; those
// of one instant in the order of their operations.
//
// An item that cannot be read is yielded as [ErrDamaged], beside the zero Entry, where its key
// says it belongs, and the trail goes on. Any other error comes from the store or from ctx, and
// is the last thing yielded.
//
// At most some thousand entries are in memory at a time, about 300 bytes each, and their reasons.
// The store keeps entries by operation: a trail of one operation reads that alone, and any
// other trail reads the whole ledger, once for every 4096 entries that it yields. Entries that are
// appended meanwhile may be in it or not. The iterator can be used again, and starts anew then.
func (l *Ledger) Trail(ctx context.Context, which Query) iter.Seq2[wrapper.Entry, error] {
	return func(yield func(wrapper.Entry, error) bool) {
		for last := (place{nanos: -1}); ; {
			lines, err := l.next(ctx, which, last)
			for _, line := range lines {
				if !yield(line.entry, line.err) {
					return
				}
			}
			if err != nil {
				yield(wrapper.Entry{}, fmt.Errorf("ledger: trail: %w", err))
				return
			}
			if len(lines) < trailSize {
				return
			}
			last = lines[len(lines)-1].place
		}
	}
}

// trailSize is how many entries are sorted at a time.
const trailSize = 4096

// place is where an item belongs in a trail.
type place struct {
	nanos int64
	key   string
}

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.nanos, q.nanos), cmp.Compare(p.key, q.key))
}

// line is one thing that a trail yields.
type line struct {
	place
	entry wrapper.Entry
	err   error
}

// next returns the first lines after a place, in order, at most trailSize. There are none beside an error.
func (l *Ledger) next(ctx context.Context, which Query, last place) ([]line, error) {
	under := prefix
	if which.OperationID != (uuid.UUID{}) {
		under = prefixOf(which.OperationID)
	}
	var lines []line
	cut := func() {
		slices.SortFunc(lines, func(a, b line) int { return a.compare(b.place) })
		lines = lines[:min(len(lines), trailSize)]
	}
	for item, err := range l.items(ctx, under, "") {
		if err != nil {
			return nil, err
		}
		one := which.read(item)
		if one == nil || one.compare(last) <= 0 {
			continue
		}
		if lines = append(lines, *one); len(lines) == 2*trailSize {
			cut()
		}
	}
	cut()
	return lines, nil
}

// read returns the line of an item, nil if the query is not about it. What cannot be read may be what was
// asked for, unless its key tells otherwise.
func (q Query) read(item store.Item) *line {
	_, nanos, err := parseKey(item.Key)
	if err == nil && (!q.Since.IsZero() && nanos < nanoseconds(q.Since) || !q.Until.IsZero() && nanos >= nanoseconds(q.Until)) {
		return nil
	}
	entry, err := decode(item)
	if err == nil && !q.Matches(entry) {
		return nil
	}
	return &line{place{nanos, item.Key}, entry, err}
}
