package bolt

import (
	"context"
	"fmt"
	"iter"

	"github.com/sfcancel/sfcancel/store"
)

// Watch implements [store.Store]. It can go back over the last 10 000 transactions
// since the file was opened, or fewer if their keys and values exceed 16 MiB.
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

// Recall implements [store.Recaller]. It goes back as far as Watch.
func (s *Store) Recall(ctx context.Context, prefix string, after store.Revision, most int) ([]store.Change, store.Revision, error) {
	at, err := store.Latest(ctx, s)
	if err != nil {
		return nil, 0, err
	}
	changes, last, err := s.log.Recall(prefix, after, most)
	if err != nil {
		return nil, 0, fmt.Errorf("bolt: recall %.64q from %q: %w", prefix, s.path, err)
	}
	return changes, max(at, last), nil
}
