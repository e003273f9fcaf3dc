package store

import (
	"context"
	"fmt"
)

// Recaller is a [Store] that remembers its latest transactions where it can look them up at once. A driver need not
// be one: use [Recall], which works with any.
type Recaller interface {
	Store

	// Recall returns what a [Store.Watch] of prefix that goes on from after would yield at once, and the revision
	// of the store then, as in Page.Revision: a List with that prefix that was read at after differs from one that
	// is read at the returned revision by these changes alone. The error is [ErrCompacted] if they are not all
	// remembered, or if there are more than most. Other errors are those of Watch.
	Recall(ctx context.Context, prefix string, after Revision, most int) ([]Change, Revision, error)
}

// Recall is [Recaller].Recall if s is a [Recaller]. Of any other store it knows only that nothing was committed, if
// nothing was, and otherwise returns [ErrCompacted].
func Recall(ctx context.Context, s Store, prefix string, after Revision, most int) ([]Change, Revision, error) {
	if recaller, ok := s.(Recaller); ok {
		return recaller.Recall(ctx, prefix, after, most)
	}
	if after < 0 {
		return nil, 0, fmt.Errorf("%w: revision %d", ErrInvalid, after)
	}
	at, err := Latest(ctx, s)
	if err == nil && at != after {
		at, err = 0, fmt.Errorf("%w: %d, the store is at %d, and remembers nothing", ErrCompacted, after, at)
	}
	return nil, at, err
}
