package wrapper

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Ledger remembers what was asked of which operation. Force policies read their
// evidence from it, and it is the trail of who ended what. Implementations must be
// safe for concurrent use.
type Ledger interface {
	// Append notes an entry. It must not keep anything of ctx.
	Append(ctx context.Context, entry Entry) error
	// Entries returns what is noted of one operation, oldest first; none is no error.
	Entries(ctx context.Context, id uuid.UUID) ([]Entry, error)
}

// Entry is one line of a [Ledger].
type Entry struct {
	Time        time.Time
	OperationID uuid.UUID
	Action      Action
	Verdict     Verdict // what the call ended with; "" for ActionSeen
	State       State   // the state then, if it was known
	Reason      string  // the caller's words, from the options of the call
}

// Action is what an [Entry] is about.
type Action string

// The actions.
const (
	ActionGraceful Action = "graceful" // a graceful cancel
	ActionForce    Action = "force"    // a force cancel
	ActionSeen     Action = "seen"     // the cluster showed the operation as RollingBack
)

// MemoryLedger is the [Ledger] that a [Client] has unless [WithLedger] gives it
// another: it lasts as long as the process. It remembers the 10 000 operations it
// heard of last. The zero value is ready to use.
type MemoryLedger struct {
	mu      sync.Mutex
	entries map[uuid.UUID][]Entry
	order   []uuid.UUID // of first mention
}

// The bounds of a MemoryLedger: enough for any day's work, and never a leak.
const (
	ledgerOperations = 10_000
	ledgerEntries    = 64 // of one operation; the oldest and the newest tell everything
)

// Append notes the entry. It never fails.
func (l *MemoryLedger) Append(_ context.Context, entry Entry) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.entries == nil {
		l.entries = make(map[uuid.UUID][]Entry)
	}
	known := l.entries[entry.OperationID]
	if known == nil {
		l.order = append(l.order, entry.OperationID)
		if len(l.order) > ledgerOperations {
			delete(l.entries, l.order[0])
			l.order = slices.Delete(l.order, 0, 1)
		}
	}
	if len(known) == ledgerEntries {
		known = slices.Delete(known, ledgerEntries/2, ledgerEntries/2+1)
	}
	l.entries[entry.OperationID] = append(known, entry)
	return nil
}

// Entries returns a copy. It never fails.
func (l *MemoryLedger) Entries(_ context.Context, id uuid.UUID) ([]Entry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.entries[id]), nil
}

// evidence is what the entries of one operation prove.
type evidence struct {
	graceful time.Time // of the first graceful cancel that took effect
	rolling  time.Time // of the first sight of RollingBack
	forced   bool      // a force took effect
}

func weigh(entries []Entry) evidence {
	var ev evidence
	for _, e := range entries {
		inEffect := e.Verdict == Accepted || e.Verdict == AlreadyStopping || e.Verdict == AlreadyForced
		switch {
		case e.Action == ActionSeen:
			ev.rolling = earlier(ev.rolling, e.Time)
		case inEffect && e.Action == ActionGraceful:
			ev.graceful = earlier(ev.graceful, e.Time)
		}
		ev.forced = ev.forced || inEffect && (e.Action == ActionForce || e.Verdict == AlreadyForced)
	}
	return ev
}

// earlier of two times, where the zero time means none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}
