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

// ByOperation yields all entries, operation by operation in the order of their ids, and those of one as
// [Ledger.Entries] returns them. It reads the store once, and is what a ledger is copied with.
//
// An item that cannot be read is yielded as [ErrDamaged], beside the zero Entry. Any other error comes from the
// store or from ctx, and is the last thing yielded. Entries that are appended meanwhile may be in it or
// not. The iterator can be used again, and starts anew then.
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

// byOperation is ByOperation of the keys with a prefix.
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
