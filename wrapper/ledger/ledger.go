package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger/internal/document"
)

// Ledger is a [wrapper.Ledger] in a [store.Store]. Its methods are safe for concurrent use, and so are
// several Ledgers on one store, in one process or in many. Use [New]; the zero Ledger is not usable.
//
// Errors of its methods wrap those of the store, or [ErrDamaged].
type Ledger struct {
	store     store.Store
	by        string
	retention time.Duration

	mu     sync.Mutex
	looked time.Time // when it was last seen to whether old entries are to be removed
}

var _ wrapper.Ledger = (*Ledger)(nil)

// ErrDamaged says that an item in the store is not an entry as this package writes them. It is told
// with its key. Whoever knows what it was may remove it.
var ErrDamaged = errors.New("not a ledger entry")

// New returns the ledger that st holds; an empty store is an empty ledger. It reads and writes
// nothing yet. The store remains the caller's: the ledger never closes it.
//
// The error is [store.ErrInvalid], for a store or an option that is nil or makes no sense.
func New(st store.Store, options ...Option) (*Ledger, error) {
	l := &Ledger{store: st, retention: DefaultRetention}
	if st == nil {
		return nil, fmt.Errorf("ledger: %w: the store is nil", store.ErrInvalid)
	}
	for _, option := range options {
		if option == nil {
			return nil, fmt.Errorf("ledger: %w: an option is nil", store.ErrInvalid)
		}
		if err := option(l); err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
	}
	return l, nil
}

// sends is how often an entry is offered to a store that lost sight of it.
const sends = 3

// Append notes the entry for good. Its By is kept if it has one, and is that of [WithBy] otherwise.
//
// After [store.ErrOutcomeUnknown] the entry may be there, or may still appear; after any other error it
// is not. The same entry appended twice is there twice. Now and then Append also removes what is
// older than the retention, which takes a second at most and changes nothing of what it returns.
func (l *Ledger) Append(ctx context.Context, entry wrapper.Entry) error {
	if entry.By == "" {
		entry.By = l.by
	}
	value, err := document.Encode(entry)
	if err != nil {
		return fmt.Errorf("ledger: append: %w: %w", store.ErrInvalid, err)
	}
	if err := l.put(ctx, newKey(entry), value); err != nil {
		return fmt.Errorf("ledger: append: %w", err)
	}
	l.cleanIfDue(ctx)
	return nil
}

// put writes one item under a key that nobody else has. To offer it again is safe, because it can be
// written only while it is absent: a conflict then means that it is there.
func (l *Ledger) put(ctx context.Context, key string, value []byte) error {
	txn := store.Txn{If: []store.Condition{{Key: key}}, Then: []store.Write{{Key: key, Value: value}}}
	var unknown error
	for range sends {
		_, err := l.store.Commit(ctx, txn)
		switch {
		case err == nil, unknown != nil && errors.Is(err, store.ErrConflict):
			return nil
		case errors.Is(err, store.ErrOutcomeUnknown):
			unknown = err
		default:
			if unknown != nil { // what was lost may still arrive
				return fmt.Errorf("%w; then: %w", unknown, err)
			}
			return err
		}
		if ctx.Err() != nil {
			break
		}
	}
	return unknown
}

// pageSize is how many items are read at once.
const pageSize = 100

// Entries returns what is noted of one operation, in the order in which the store took it; none
// is no error. That order is what evidence is judged by: the times in the entries come from the
// clocks of whoever made them. All of it is held in memory: some 300 bytes each, and the reason.
//
// One that cannot be read makes it [ErrDamaged], for a decision on the others would be a guess.
func (l *Ledger) Entries(ctx context.Context, id uuid.UUID) ([]wrapper.Entry, error) {
	var entries []wrapper.Entry
	for entry, err := range l.byOperation(ctx, prefixOf(id)) {
		if err != nil {
			return nil, fmt.Errorf("ledger: entries of %s: %w", id, err)
		}
		entries = append(entries, entry)
	}
	return entries, nil
}
