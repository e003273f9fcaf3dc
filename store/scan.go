package store

import "context"

// Scanner is a [Store] that can show items where they are. A driver need not be one: use
// [Scan], which works with any.
type Scanner interface {
	Store

	// Scan calls see with the items that List would return, in the same order, until it
	// returns false. They are as they were at one moment, whose revision Scan returns, as
	// in Page.Revision; the revision of each item is at.
	//
	// key and value are the store's: see must not change them, and they are gone when it has
	// returned. Commits may wait for Scan, so see must be quick, and must not call the store.
	// What see was shown counts only if the error is nil. Arguments and errors are those
	// of List.
	Scan(ctx context.Context, prefix, after string, limit int, see func(key, value []byte, at Revision) bool) (Revision, error)
}

// Scan is [Scanner].Scan if s is a [Scanner], and otherwise the same by a [Store.List].
func Scan(ctx context.Context, s Store, prefix, after string, limit int, see func(key, value []byte, at Revision) bool) (Revision, error) {
	if scanner, ok := s.(Scanner); ok {
		return scanner.Scan(ctx, prefix, after, limit, see)
	}
	page, err := s.List(ctx, prefix, after, limit)
	if err != nil {
		return 0, err
	}
	for _, item := range page.Items {
		if !see([]byte(item.Key), item.Value, item.Revision) {
			break
		}
	}
	return page.Revision, nil
}
