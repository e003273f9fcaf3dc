// Package ledger is a [wrapper.Ledger] that outlives the process and is shared: who asked for
// what of which operation, when, why, and what came of it, in any [store.Store]. Several
// processes on several machines can use one at once. The evidence that one of them leaves lets
// the others force, and all of it together is the audit trail.
//
//	st, err := bolt.Open("ledger.db") // or any other driver
//	...
//	shared, err := ledger.New(st, ledger.WithBy("ann@ops-1"))
//	...
//	client, err := wrapper.New("https://gateway:19080", wrapper.WithLedger(shared))
//
// Many short processes of one user on one machine are better served by package journal below it, which
// keeps the same entries in a directory of files.
//
// A complete program is in the example of the package. The store stays the caller's, who closes it
// when no client uses the ledger any more.
//
// # What it promises
//
// When Append has returned nil, the entry is as lasting as the driver makes it, and every Entries
// that starts later returns it, in whichever process. Appends of many at once do not get into
// each other's way, and none is lost. Append is safe when the store loses sight of what it was
// doing ([store.ErrOutcomeUnknown]): the same entry is offered again, and is there once.
//
// An entry that cannot be read is [ErrDamaged], with its key, and is never left out without a
// word: a force is decided on what is there. Of the operation concerned it makes every force
// refused, until somebody has removed the item with that key.
//
// If the store cannot be reached, graceful cancels and starts go out all the same, and no force
// does; see [wrapper.Ledger].
//
// # Clocks and order
//
// The time of an entry is that of the clock of whoever made it. A grace that began on one
// machine and is waited for on another is as exact as their clocks agree. No clock decides what
// came first: [Ledger.Entries] is in the order in which the store took the entries, by the
// revisions of its items. [Ledger.Trail] is for people, and is in the order of the times.
//
// # How long entries stay
//
// Entries older than the retention, 90 days unless [WithRetention] says otherwise, are removed, of
// each operation in the order in which they were appended: an entry stays while one stays that was appended
// before it, whatever the clocks said, so that what is left is never a history without its end. Younger ones keep
// none, and one that is so old when it is appended as the first may go at once. A graceful cancel so old
// proves nothing that anybody needs. A retention must be longer than any operation lasts and
// any [wrapper.Selector].MinAge that is asked for.
//
// Whoever appends removes them, about once a day: an item that all share says when that was last
// done, and whoever finds that to be due takes the turn, by compare-and-swap. A turn removes up to
// 500 entries and lasts up to a second; what is left is gone on with a minute later. Its failure
// is nobody's failure: the next turn will do it. The clock of whoever has the turn
// decides what is old. [Ledger.Clean] does all of it at once.
//
// # What is in the store
//
// All keys begin with "ledger", so that a store may hold other things as well:
//
//	ledger/OPERATION-ID/NANOSECONDS-RANDOM   one entry; the time since 1970 has 20 digits
//	ledger-retention                         when old entries were last removed
//
// A value is a JSON object. These names are stable, and new ones may come: what an earlier release
// wrote is read as it was, without the names that it did not have. What is empty is left out, and bytes of a text that are not UTF-8 are replaced.
//
//	time         RFC 3339 with nanoseconds, in UTC
//	operationId  as in the key
//	cluster      the cluster that the call was about; see [wrapper.Entry]
//	action       graceful, force, start, seen; see [wrapper.Action]
//	kind         the kind of the operation
//	target       the service and the partition, or the node
//	requestId    the X-ServiceFabricRequestId of the request that decided
//	life         the requestId of the entry that told of the start or end before
//	outcome      done, intent, not sent, refused, unknown; see [wrapper.EntryOutcome]
//	verdict      what the call ended with
//	code         the error code of a refusal
//	state        the state of the operation then
//	reason       the caller's words
//	by           who it was
package ledger
