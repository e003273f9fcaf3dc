package ledger

import (
	"context"
	"iter"

	"github.com/sfcancel/sfcancel/store"
)

// items reads, page by page, what has a prefix and comes after a key. An error is the last thing
// that it yields.
func (l *Ledger) items(ctx context.Context, prefix, after string) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		for after := after; ; {
			page, err := l.store.List(ctx, prefix, after, pageSize)
			if err != nil {
				yield(store.Item{}, err)
				return
			}
			for _, item := range page.Items {
				if !yield(item, nil) {
					return
				}
			}
			if len(page.Items) < pageSize {
				return
			}
			after = page.Items[len(page.Items)-1].Key
		}
	}
}
