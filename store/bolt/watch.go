package bolt

import (
	"context"
	"fmt"
	"iter"

	"github.com/sfcancel/sfcancel/store"
)

// Watch implements [store.Store]. It can go back over the last 10 000 transactions
// since the file was opened, or the last 16 MiB of keys and values if those are fewer.
func (s *Store) Watch(ctx context.Context, prefix string, after store.Revision) iter.Seq2[store.Change, error] {
	return func(yield func(store.Change, error) bool) {
		for change, err := range s.log.Watch(ctx, prefix, after) {
			if err != nil {
				err = fmt.Errorf("bolt: watch %.64q in %q: %w", prefix, s.path, err)
			}
			if !yield(change, err) {
				return
			}
		}
	}
}
