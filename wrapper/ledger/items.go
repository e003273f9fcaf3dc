package ledger

import (
	"context"
	"iter"

	"github.com/sfcancel/sfcancel/store"
)

// items yields the items whose keys have a prefix and come after a key. It reads them page by page. An error is
// the last thing yielded.
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
