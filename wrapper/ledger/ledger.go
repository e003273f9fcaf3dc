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

// Ledger is a [wrapper.Ledger] in a [store.Store]. Its methods are safe for concurrent use, also by several
// Ledgers on one store, in one process or in several. Use [New]; the zero Ledger is not usable.
//
// Errors of its methods wrap those of the store, or [ErrDamaged].
type Ledger struct {
	store     store.Store
	by        string
	retention time.Duration

	mu     sync.Mutex
	looked time.Time // when the retention mark was last read
}

var _ wrapper.Ledger = (*Ledger)(nil)

// ErrDamaged means that an item in the store is not an entry in the format of this package. The error
// names its key. Remove the item if you know what it was.
var ErrDamaged = errors.New("not a ledger entry")

// New returns the ledger in st; an empty store is an empty ledger. New itself reads and writes
// nothing. The caller owns the store: the ledger never closes it.
//
// The error is [store.ErrInvalid] if the store or an option is nil, or an option is invalid.
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

// sends is how many times a write is tried if the store reports [store.ErrOutcomeUnknown].
const sends = 3

// Append stores the entry durably. An empty By is filled in from [WithBy].
//
// After [store.ErrOutcomeUnknown] the entry may be stored, or may still appear; after any other error it
// is not stored. Appending the same entry twice stores it twice. About once a day Append also removes
// entries older than the retention, which takes up to a second and does not affect its result.
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

// put writes one item under a unique key. A retry is safe because the write requires that the key is
// absent: after an unknown outcome, a conflict means that the item was stored.
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
			if unknown != nil { // the earlier write may still take effect
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

// Entries returns the entries of one operation, in the order in which the store accepted them; having
// none is not an error. Evidence is judged by that order, since the times in the entries come from
// different clocks. All entries are held in memory, about 300 bytes each plus the reason.
//
// A single unreadable entry makes Entries fail with [ErrDamaged]: a decision on the others would be a guess.
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
