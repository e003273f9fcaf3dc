// Package etcd is a store driver that keeps all items in an etcd cluster. They survive
// the loss of a machine, and several processes can share them. For a single process,
// package bolt is faster and needs no cluster.
//
// # Guarantees
//
// When Commit has returned nil, a majority of the members has the transaction on
// disk. All reads are linearizable: etcd confirms each with a majority. etcd documents
// its operations other than watch as strictly serializable
// (https://etcd.io/docs/v3.6/learning/api_guarantees/), and Jepsen confirmed it for
// etcd 3.4.3 (https://jepsen.io/analyses/etcd-3.4.3). The same analysis found that
// etcd's locks do not give mutual exclusion, as no lock with a timeout can. The store
// uses no locks, leases or elections. It relies only on the conditions of single
// transactions.
//
// While a majority can be reached through one endpoint, calls continue
// after the loss of a connection, a member or the leader. Otherwise Get,
// List and Commit return [store.ErrUnavailable] after a while, and Watch waits.
//
// # Outcome of a transaction
//
// A request whose answer is lost may have been executed, or, which is worse, may still
// be executed long after Commit has returned. Commit therefore settles the outcome.
// A [Store] owns a number of slots: keys that each serve one transaction at a
// time. The transaction has one more condition, that its slot is at the revision
// known to the store, and one more write, to the slot. If no definite answer comes,
// the store sends a fence: another transaction with the same condition, which only
// writes to the slot. At most one of the two can happen. If it is the fence,
// the transaction has not happened and never will, so it can be sent again or given
// up. If the condition of the fence fails, the slot says which write came first, and at
// which revision. A fence whose answer is lost is sent again.
//
// If the cluster cannot be reached before the time is up, Commit returns
// [store.ErrOutcomeUnknown], and the slot is not used again. The tables in errors.go list
// the answers after which the outcome is certain and no fence is needed. A request
// that was never given to a connection has not been executed either. The retries of
// etcd's client are turned off.
//
// This costs one more small write and one more comparison in each transaction.
//
// # Layout
//
// Under the prefix (see [WithPrefix]), each item has the key "item/" plus its own key, with its
// unchanged value; each slot has the key "slot/" plus the id of a Store, a slash and a number; and
// "format" holds the format name and version. An item's Revision is etcd's ModRevision.
// The revisions of a store are those of the whole etcd: they also grow with the writes of
// others, and with the store's writes to its slots.
//
// Close deletes the slots of the store. The slots of a process that died are deleted by
// an Open after a day.
//
// # Limits
//
// The bounds of package store fit etcd's defaults of 1.5 MiB and 128 operations for a
// request; a cluster that is configured for less refuses large transactions. One
// Store runs at most 128 transactions at once; further ones wait. A cluster is full
// at 2 GiB by default, and etcd suggests at most 8 GiB
// (https://etcd.io/docs/v3.6/dev-guide/limit/). On a full cluster every Commit returns
// [store.ErrUnavailable], even one that only deletes, because each writes to a slot: make space by
// compaction and defragmentation, and disarm the alarm. Reads still work.
//
// # Compaction
//
// etcd keeps all history until it is compacted: run the members with
// --auto-compaction-retention, or the space runs out even with few items. The
// store never compacts, because etcd may serve other applications. A Watch from before
// the compaction yields [store.ErrCompacted]. A slow consumer may get it as well: when
// the consumer has been behind for a second, the store stops receiving. When the consumer
// asks for more, the store starts a new watch after the last change yielded. A
// retention of some minutes leaves enough time to list and resume.
//
// # Access
//
// With TLS, the endpoints begin with https. [WithTLS] sets the CA pool, and the client
// certificate if the members require one. With etcd's authentication,
// [WithAuth] sets a user, who needs a role like this:
//
//	etcdctl role grant-permission sfcancel --prefix=true readwrite sfcancel/
//
// Without TLS, passwords and data are sent in the clear.
package etcd
