package store

import "errors"

// Drivers return these wrapped, together with the key or path they concern:
// compare with [errors.Is]. The text is for people and may change.
var (
	// ErrNotFound: there is no item at this key. From Get.
	ErrNotFound = errors.New("item not found")

	// ErrConflict: a condition of the transaction does not hold, so nothing was
	// written. From Commit. Read the items anew before another attempt; the
	// same transaction fails for good, as revisions do not come back, unless
	// it was waiting for a key to be absent.
	ErrConflict = errors.New("condition does not hold")

	// ErrClosed: the store was closed, or closed itself after a failure of the
	// medium (see [Store]). From every method but Close.
	ErrClosed = errors.New("store is closed")

	// ErrInvalid: the arguments can never work; it is a mistake of the caller.
	// From Get and Commit for what ValidateKey and Txn.Validate refuse, from
	// List for a limit of 0 or less, and from a driver's Open for its options.
	ErrInvalid = errors.New("invalid argument")

	// ErrLocked: another process, or another part of this one, has the store
	// open, and this driver allows one at a time. From a driver's Open.
	ErrLocked = errors.New("store is in use")

	// ErrForeign: what was found where the store should be is not a store that
	// this driver can use: something else, damaged, or of another format
	// version. It was left untouched. From a driver's Open.
	ErrForeign = errors.New("not a usable store")
)
