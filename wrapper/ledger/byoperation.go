package ledger

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/sfcancel/sfcancel/store"
	"github.com/sfcancel/sfcancel/wrapper"
)

// ByOperation yields all entries, ordered by operation id and, for each operation, as [Ledger.Entries]
// returns them. It reads the store once, and is meant for copying a ledger.
//
// An unreadable item is yielded as [ErrDamaged] with the zero Entry. Any other error comes from the
// store or from ctx, and is the last thing yielded. Entries appended meanwhile may or may not be
// included. The iterator can be used again, and then starts over.
func (l *Ledger) ByOperation(ctx context.Context) iter.Seq2[wrapper.Entry, error] {
	return func(yield func(wrapper.Entry, error) bool) {
		for entry, err := range l.byOperation(ctx, prefix) {
			if err != nil {
				err = fmt.Errorf("ledger: by operation: %w", err)
			}
			if !yield(entry, err) {
				return
			}
		}
	}
}

// byOperation is ByOperation, limited to the keys with a prefix.
func (l *Ledger) byOperation(ctx context.Context, prefix string) iter.Seq2[wrapper.Entry, error] {
	return func(yield func(wrapper.Entry, error) bool) {
		var same []store.Item // of one operation
		flush := func() bool {
			slices.SortFunc(same, func(a, b store.Item) int { return cmp.Compare(a.Revision, b.Revision) })
			for _, item := range same {
				if !yield(decode(item)) {
					return false
				}
			}
			same = same[:0]
			return true
		}
		for item, err := range l.items(ctx, prefix, "") {
			if err != nil {
				yield(wrapper.Entry{}, err)
				return
			}
			if len(same) > 0 && operationOf(item.Key) != operationOf(same[0].Key) && !flush() {
				return
			}
			same = append(same, item)
		}
		flush()
	}
}
