package store

import "context"

// Latest returns the revision of the store now, that of a List which starts now: who holds
// something that was read at it knows that nothing was committed since. It costs what a read of
// one item does. Errors are those of List.
func Latest(ctx context.Context, s Store) (Revision, error) {
	return Scan(ctx, s, "", "", 1, func(_, _ []byte, _ Revision) bool { return false })
}
