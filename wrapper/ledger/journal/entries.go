package journal

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/sfcancel/sfcancel/wrapper"
	"github.com/sfcancel/sfcancel/wrapper/ledger"
	"github.com/sfcancel/sfcancel/wrapper/ledger/internal/document"
)

// looks is how many times a file is read before it counts as damaged: an Append that replaces an unfinished
// line may make a concurrent reader see a mixture of both lines.
const looks = 3

// Entries returns the entries of one operation, in the order in which they were appended; having none is not an
// error. It reads one file, and holds in memory only the entries that it returns.
//
// Its errors are [ledger.ErrDamaged] for an unreadable line that may be about the operation,
// [store.ErrForeign] and [ModeError] as for Append, and those of ctx and of the system.
func (l *Ledger) Entries(ctx context.Context, id uuid.UUID) ([]wrapper.Entry, error) {
	for look := 1; ; look++ {
		entries, err := l.entries(ctx, id)
		switch {
		case err == nil:
			return entries, nil
		case look == looks || !errors.Is(err, ledger.ErrDamaged):
			return nil, fmt.Errorf("ledger: entries of %s: %w", id, err)
		}
	}
}

func (l *Ledger) entries(ctx context.Context, id uuid.UUID) (entries []wrapper.Entry, err error) {
	if there, err := l.present(false); !there || err != nil {
		return nil, err
	}
	file, err := l.open(shardOf(id), false)
	if file == nil || err != nil {
		return nil, err
	}
	defer file.Close()
	name := []byte(id.String())
	err = lines(ctx, file, headerOf(shardOf(id)), func(n line) error {
		if n.broken {
			return n.damaged(file.Name(), errChecksum)
		}
		if !bytes.Contains(n.text, name) {
			return nil
		}
		entry, err := document.Decode(n.text)
		if err != nil {
			return n.damaged(file.Name(), err)
		}
		if entry.OperationID == id {
			entries = append(entries, entry)
		}
		return nil
	})
	return entries, err
}
