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

// Query selects the entries of a [Ledger.Trail]. The zero value selects all.
type Query struct {
	// OperationID is the operation; all zeros means every operation.
	OperationID uuid.UUID
	// Since is an inclusive lower bound and Until an exclusive upper bound of the time; zero means no bound.
	Since, Until time.Time
	// Cluster is the cluster, as entries name it; "" means every cluster, and entries without one.
	Cluster string
	// Action is the action; "" means every action.
	Action wrapper.Action
	// By is who made the entry; "" means anyone.
	By string
}

// Matches reports whether the query selects an entry.
func (q Query) Matches(e wrapper.Entry) bool {
	return (q.OperationID == uuid.UUID{} || q.OperationID == e.OperationID) &&
		(q.Since.IsZero() || !e.Time.Before(q.Since)) && (q.Until.IsZero() || e.Time.Before(q.Until)) &&
		(q.Cluster == "" || q.Cluster == e.Cluster) && (q.Action == "" || q.Action == e.Action) && (q.By == "" || q.By == e.By)
}

// Trail yields the entries that the query selects, oldest first, by the time in the entries; entries
// with equal times are in the order of their operations.
//
// An unreadable item is yielded as [ErrDamaged] with the zero Entry, at the position of the time in its
// key, and the trail continues. Any other error comes from the store or from ctx, and is the last thing
// yielded.
//
// Up to 8192 entries are in memory at a time, about 300 bytes each plus their reasons. The store
// keeps entries by operation: the trail of one operation reads only that operation, and any other trail
// reads the whole ledger once for every 4096 entries it yields. Entries appended meanwhile may or may not
// be included. The iterator can be used again, and then starts over.
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

// trailSize is how many entries one pass over the ledger yields.
const trailSize = 4096

// place is the position of an item in a trail.
type place struct {
	nanos int64
	key   string
}

func (p place) compare(q place) int {
	return cmp.Or(cmp.Compare(p.nanos, q.nanos), cmp.Compare(p.key, q.key))
}

// line is one entry or error that a trail yields.
type line struct {
	place
	entry wrapper.Entry
	err   error
}

// next returns the first lines after a place, in order, at most trailSize; none if there is an error.
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

// read returns the line of an item, or nil if the query does not select it. An unreadable item is selected
// unless the time in its key rules it out.
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
