package store

import (
	"context"
	"iter"
)

// Revision orders the committed transactions of one store. It grows with every
// committed transaction, whatever that transaction wrote, and never goes back,
// not even when items are deleted or the store is reopened. By how much it grows
// is up to the driver: a medium that others write to counts them as well. Each
// transaction has a revision of its own. The first is positive, so 0 stands for
// "no such item", or for "before the first". A negative Revision is never valid.
type Revision int64

// Item is one key with its value, as it was at one moment.
type Item struct {
	// Key is the key, 1 to MaxKey bytes. Any bytes are allowed, it need not be
	// UTF-8.
	Key string
	// Value is the caller's own copy: changing it changes nothing in the store.
	// An item written with an empty or nil value has a Value of length 0; the
	// two are not told apart, and it may be nil.
	Value []byte
	// Revision is that of the transaction that last wrote this item. It is
	// positive, and 0 only in the zero Item.
	Revision Revision
}

// Condition holds if the item's revision is exactly Revision. Revision 0 means
// that the key must be absent.
//
// A deleted key that was written again has a new revision, so a Condition
// cannot be fooled by an item that went away and came back.
type Condition struct {
	Key      string
	Revision Revision
}

// Write sets one key to Value, or removes it if Delete is set.
//
// With Delete set, Value is ignored and the key may be absent: that write then
// does nothing, but its transaction counts as any other. Without Delete, a nil
// Value writes an empty value. Writing the value that is already there is a
// write too: the item gets the new revision.
type Write struct {
	Key    string
	Value  []byte
	Delete bool
}

// Txn is one transaction: if all of If hold, all of Then take effect.
//
// If may be empty (nil or not): the writes are then unconditional. If may name
// keys that Then does not write, and the same key more than once; two
// conditions that contradict each other are a conflict like any other. Then
// must hold at least one write, and each key at most once. Conditions are
// judged against the state before the first write. See [Txn.Validate] for the
// bounds. The zero Txn is invalid, as it writes nothing.
type Txn struct {
	If   []Condition
	Then []Write
}

// Page is what [Store.List] found.
type Page struct {
	// Items are the items, in ascending byte order of their keys.
	Items []Item
	// Revision is one at which the store held just these: every transaction up to
	// it is in Items, and none after it. It is where a [Store.Watch] goes on from
	// a list. 0 only if nothing was ever committed.
	Revision Revision
}

// Change is one committed transaction, as far as it is of interest to a
// [Store.Watch].
type Change struct {
	// Revision is that of the transaction.
	Revision Revision
	// Writes are those of its writes that were under the prefix and had an
	// effect, in ascending byte order of their keys; never none. The delete of an
	// absent key has no effect; writing the value that is there already has one.
	// A delete has no Value. They are the caller's own copy.
	Writes []Write
}

// Store keeps items. All methods are safe for concurrent use by any number of
// goroutines.
//
// Contexts: ctx must not be nil. A call that starts when its ctx is already
// over, or whose ctx ends while the call waits for its turn, returns an error
// that wraps ctx.Err(), and has not happened. How often a driver looks at ctx
// beyond that is up to the driver.
//
// Errors: they wrap one of the errors of this package or ctx.Err(), if one of
// those applies, with text for people around it: tell them apart with
// [errors.Is]. If more than one applies, the driver chooses which it returns.
// Any other error comes from the medium below the driver (no permission, say);
// the call has then not happened. When an error is returned, the
// other result is the zero value.
//
// There are two cases, and no others, in which a transaction may be found in the
// store although its Commit returned an error:
//
//   - A driver that cannot tell what it holds any more (the disk failed while
//     the last write was being made durable, say) closes itself: the calls that
//     were under way and all later ones return an error that wraps ErrClosed as
//     well as the cause. What was kept is then known once the store has been
//     opened anew.
//   - A driver whose medium is elsewhere may lose sight of a transaction that it
//     has sent. It finds out what became of it; only when that cannot be done in
//     time does Commit return ErrOutcomeUnknown.
type Store interface {
	// Get returns the item at key.
	//
	// It returns ErrNotFound if there is none, ErrInvalid if ValidateKey
	// refuses the key, and ErrClosed after Close.
	Get(ctx context.Context, key string) (Item, error)

	// List returns a page of the items whose key starts with prefix and is strictly
	// greater than after, in ascending byte order of the keys (the order of
	// Go's < on strings), at most limit of them.
	//
	// An empty prefix means every key, an empty after means from the start.
	// after need not be an existing key, nor start with prefix; neither is
	// bounded in length. Fewer than limit items (or none, as nil or empty)
	// mean that the end was reached, so this visits everything:
	//
	//	for after := ""; ; {
	//		page, err := s.List(ctx, prefix, after, 100)
	//		// handle err, use page.Items
	//		if len(page.Items) < 100 {
	//			break
	//		}
	//		after = page.Items[len(page.Items)-1].Key
	//	}
	//
	// The items of one call are as they were at one moment, which Page.Revision
	// tells. Two calls are two moments: a key that is present all the while is
	// visited exactly once, one that comes or goes meanwhile may or may not be. A
	// Watch after the revision of the first page tells what came or went.
	//
	// It returns ErrInvalid if limit is 0 or less, and ErrClosed after Close.
	// No item is not an error. All returned values are held in memory at once.
	List(ctx context.Context, prefix, after string, limit int) (Page, error)

	// Commit carries out txn, all or nothing, and returns its revision: the
	// store's new one, which is also that of every item it wrote.
	//
	// It returns ErrConflict if a condition does not hold, ErrInvalid if
	// txn.Validate refuses it, and ErrClosed after Close. In each of these
	// cases nothing has changed.
	//
	// While a commit waits for its turn, the end of ctx withdraws it: ctx's error,
	// and it will not happen. Once it has begun, Commit waits for the outcome and
	// returns that, even if ctx ends meanwhile. A driver whose medium is elsewhere
	// waits no longer than some seconds after the end of ctx; if it still has not
	// found out by then, it returns ErrOutcomeUnknown together with ctx's error.
	// A durable driver returns nil only when the transaction will survive the
	// death of the process and of the machine.
	//
	// The slices in txn are only read, and not after Commit has returned: the
	// caller may then reuse them, and must not change them before.
	Commit(ctx context.Context, txn Txn) (Revision, error)

	// Watch yields the transactions after revision after that wrote keys which
	// start with prefix: each exactly once, in the order of their revisions, and
	// only those that are as lasting as what Get shows. It waits for the next one
	// for as long as it takes. An empty prefix means every key; a revision that
	// is still to come is waited for.
	//
	// It ends when the caller breaks off, or by yielding an error, with the zero
	// Change, as the last thing it does: ctx's error when ctx ends, ErrClosed
	// after Close, which does not wait for the caller to ask for more,
	// ErrCompacted if the store does not know any more what came after after, and
	// ErrInvalid if after is negative. A driver whose connection breaks goes on
	// by itself where it was, and yields nothing twice.
	//
	// How far back a store remembers is up to the driver, but a store that is open
	// remembers at least the last 1 000 transactions since it was opened, if none of
	// them has more than 10 000 bytes of keys and values, unless somebody else
	// compacts its medium: as long as only those came after after, there is no
	// ErrCompacted. And from a revision that a List has just returned a Watch can
	// always go on. What was committed before the store was opened may be forgotten
	// altogether.
	//
	// What is forgotten is never left out, and never waited for: a Watch from too long
	// ago gets ErrCompacted at once, and a caller that is too slow gets it after the
	// last change before the gap. It lists again, and goes on from there.
	//
	//	page, err := s.List(ctx, prefix, "", 100) // and its other pages
	//	for change, err := range s.Watch(ctx, prefix, page.Revision) {
	//		// handle err; apply what is newer than the item that is known
	//	}
	//
	// The iterator can be used more than once, and then starts anew each time.
	// Nothing is held between two uses. The changes are the caller's own.
	Watch(ctx context.Context, prefix string, after Revision) iter.Seq2[Change, error]

	// Close ends the store and frees what it holds. It waits for calls that
	// have begun; a commit that is still waiting for its turn is not carried
	// out and returns ErrClosed.
	//
	// Any call after Close returns ErrClosed, and a Watch that is under way yields
	// it, but for Close itself, which may
	// be called again and then returns nil once the first one has finished.
	// Closing does not delete anything. An error from Close concerns only the
	// release of resources; nothing that was committed depends on it.
	Close() error
}
