// Package etcd is the store driver that keeps everything in an etcd cluster, so that
// it survives the loss of a machine and several processes can share it. Choose it
// for that. For one process, package bolt is faster and needs nobody to run it.
//
// # Guarantees
//
// When Commit has returned nil, a majority of the members has the transaction on
// disk. All reads are linearizable: etcd confirms each with a majority. etcd says of
// its operations other than watch that they are strictly serializable
// (https://etcd.io/docs/v3.6/learning/api_guarantees/), and Jepsen found them so in
// etcd 3.4.3 (https://jepsen.io/analyses/etcd-3.4.3). The same analysis found that
// its locks do not exclude anybody, as no lock with a timeout can; the store uses
// neither locks nor leases nor elections. Everything rests on the conditions of
// single transactions.
//
// As long as a majority can be reached through one endpoint, calls go on by
// themselves after the loss of a connection, a member or the leader. Otherwise Get,
// List and Commit return [store.ErrUnavailable] after a while, and Watch waits.
//
// # What becomes of a transaction
//
// A request whose answer is lost may have happened, and, which is worse, may still
// happen when the caller has long been told something. Commit therefore makes sure.
// A [Store] owns a number of slots: keys of which each serves one transaction at a
// time. The transaction has one more condition, that its slot is at the revision
// known to the store, and one more write, to the slot. If no definite answer comes,
// the store sends a fence: another transaction with that same condition, which does
// nothing but write to the slot. Only one of the two can happen. If it is the fence,
// the first has not happened and never will, so that it can be sent again or given
// up. If the condition does not hold, the slot says what was there first, and at
// which revision. A fence whose answer is lost is sent again.
//
// What is left is a cluster that cannot be reached until nobody waits any more:
// [store.ErrOutcomeUnknown]. A slot in doubt is not used again. What is so far from
// doubt that no fence is needed is in the tables in errors.go; besides, a request
// that was never given to a connection is known not to have happened. The retries of
// etcd's client are turned off.
//
// This costs one more small write, and one more comparison, in each transaction.
//
// # Layout
//
// Under the prefix (see [WithPrefix]) are "item/" and the key for each item, with its
// value as it is; "slot/", the id of a Store and a number for each slot; and
// "format", which says what all this is. An item's Revision is etcd's ModRevision.
// The revisions of a store are those of the whole etcd: they grow with what others
// write there, and with what the store itself does to its slots.
//
// Close deletes the slots of the store. Those of a process that died are deleted by
// an Open after a day.
//
// # Limits
//
// The bounds of package store fit etcd's defaults of 1.5 MiB and 128 operations for a
// request; a cluster that was configured for less refuses large transactions. One
// Store has 128 transactions under way at most, the others wait. A cluster is full
// at 2 GiB by default, and 8 GiB is the most that etcd suggests
// (https://etcd.io/docs/v3.6/dev-guide/limit/). Every Commit then returns
// [store.ErrUnavailable], deletes as well, as each writes to a slot: make space by
// compaction and defragmentation, and disarm the alarm. Reads go on.
//
// # Compaction
//
// etcd keeps all history until it is told to compact it: run the members with
// --auto-compaction-retention, or the space runs out even if the items stay few. The
// store never compacts, as etcd may serve others. A Watch from before what was
// compacted yields [store.ErrCompacted]. So does one whose consumer was slow: when
// it has been behind for a second, the store stops receiving what it does not take,
// and begins anew, after the last change that was yielded, when it asks for more. A
// retention of some minutes leaves everybody time to list and go on.
//
// # Access
//
// With TLS, endpoints begin with https, and [WithTLS] has the authority and the
// certificate of the client, if the members want one. With etcd's authentication,
// [WithAuth] has a user with a role like this:
//
//	etcdctl role grant-permission sfcancel --prefix=true readwrite sfcancel/
//
// Passwords and data travel in the open without TLS.
package etcd
