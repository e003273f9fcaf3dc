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

	// ErrCompacted: the store does not remember what came after that revision.
	// From Watch. List what there is now and watch from there: what happened in
	// between cannot be told any more.
	ErrCompacted = errors.New("revision is too old")

	// ErrUnavailable: the medium cannot be reached, or not enough of it, or it takes
	// no more: a disk that is full, or that others may not write to. Nothing was written, and the
	// same call may work later. From Commit of any driver that keeps its items somewhere, while
	// what can be read is read as ever; of drivers whose medium is elsewhere from all methods but
	// Watch, which waits, and Close, and from their Open.
	ErrUnavailable = errors.New("store cannot be reached")

	// ErrOutcomeUnknown: the transaction was sent, and what became of it could not
	// be found out in time. It has happened, or may still happen, once. From
	// Commit, of drivers whose medium is elsewhere. Read the items anew when the
	// store can be reached again. To commit the same transaction again is safe only
	// if its conditions cannot hold any more once it has happened.
	ErrOutcomeUnknown = errors.New("outcome of the transaction is unknown")

	// ErrClosed: the store was closed, or closed itself after a failure of the
	// medium (see [Store]). From every method but Close.
	ErrClosed = errors.New("store is closed")

	// ErrInvalid: the arguments can never work; it is a mistake of the caller.
	// From Get and Commit for what ValidateKey and Txn.Validate refuse, from
	// List for a limit of 0 or less, from Watch for a negative revision, and from
	// a driver's Open for its options.
	ErrInvalid = errors.New("invalid argument")

	// ErrLocked: another process, or another part of this one, has the store
	// open, and this driver allows one at a time. From a driver's Open.
	ErrLocked = errors.New("store is in use")

	// ErrForeign: what was found where the store should be is not a store that
	// this driver can use: something else, damaged, or of another format
	// version. It was left untouched. From a driver's Open.
	ErrForeign = errors.New("not a usable store")
)
