// Package ledger is a persistent, shared [wrapper.Ledger]. It records in any [store.Store] who asked for
// what on which operation, when, why, and with what result. Several processes on several machines can
// use one ledger concurrently. The evidence that one process records allows the others to force, and
// all entries together are the audit trail.
//
//	st, err := bolt.Open("ledger.db") // or any other driver
//	...
//	shared, err := ledger.New(st, ledger.WithBy("ann@ops-1"))
//	...
//	client, err := wrapper.New("https://gateway:19080", wrapper.WithLedger(shared))
//
// For many short processes of one user on one machine, use package journal, which keeps the same entries
// in a directory of files.
//
// The package example is a complete program. The caller owns the store, and closes it when no client
// uses the ledger any more.
//
// # Guarantees
//
// When Append has returned nil, the entry is as durable as the driver makes it, and every Entries call
// that starts later returns it, in any process. Concurrent Appends do not conflict, and no entry is lost.
// Append is idempotent towards the store: after [store.ErrOutcomeUnknown] it retries with the same key,
// and the entry is stored once.
//
// A force is decided on the entries, so an unreadable one is never skipped: it is reported as [ErrDamaged]
// with its key, and every force of its operation is refused until the item with that key is removed.
//
// If the store is unreachable, graceful cancels and starts still go out; forces are refused. See
// [wrapper.Ledger].
//
// # Clocks and order
//
// The time of an entry comes from the clock of the process that appended it. A grace period that began on
// one machine and ends on another is only as exact as the two clocks agree. The order does not depend on
// clocks: [Ledger.Entries] returns entries in the order of the revisions of their items, which is the
// order in which the store accepted them. [Ledger.Trail] is for people, and is sorted by time.
//
// # Retention
//
// Entries older than the retention (90 days by default, see [WithRetention]) are removed. Those of one
// operation are removed in the order in which they were appended: an entry stays as long as an entry
// appended before it stays, whatever the clocks said, so that a history never loses its end. An entry does
// not keep those before it. An entry that is already too old when it is appended, with none before it, may
// be removed at once. A graceful cancel that old is no longer needed as evidence. The retention must
// be longer than any operation lasts, and longer than any [wrapper.Selector].MinAge in use.
//
// Append removes old entries, about once a day: a shared item records when that was last done, and the
// first Append that finds it due takes the turn by compare-and-swap. A turn removes up to 500 entries and
// takes up to a second; if some are left, the next turn continues a minute later. A turn that fails does
// not fail the Append; a later turn makes up for it. The clock of the process that takes the turn decides
// which entries are old. [Ledger.Clean] removes all of them at once.
//
// # Format
//
// All keys begin with "ledger", so that a store may hold other data as well:
//
//	ledger/OPERATION-ID/NANOSECONDS-RANDOM   one entry; the time since 1970 has 20 digits
//	ledger-retention                         when old entries were last removed
//
// A value is a JSON object. The member names are stable; later releases may add some. Entries of earlier
// releases remain readable, and lack the members added since. Empty members are omitted, and invalid UTF-8
// in a string is replaced.
//
//	time         RFC 3339 with nanoseconds, in UTC
//	operationId  as in the key
//	cluster      the cluster of the call; see [wrapper.Entry]
//	action       graceful, force, start, seen; see [wrapper.Action]
//	kind         the kind of the operation
//	target       the service and the partition, or the node
//	requestId    the X-ServiceFabricRequestId of the request that decided
//	life         the requestId of the last entry that recorded a start or an end; see [wrapper.Entry]
//	outcome      done, intent, not sent, refused, unknown; see [wrapper.EntryOutcome]
//	verdict      the verdict of the call
//	code         the error code of a refusal
//	state        the state of the operation at that time
//	reason       the reason that the caller gave
//	by           who made the call; see [WithBy]
package ledger
